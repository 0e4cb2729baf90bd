import { type LimitHost, limitWarnings } from '../../cgroup/check-limits.ts';
import type { ContainerRecord } from '../../container/record.ts';

/** What a new container asks for and minidock does not do, a line each. */
export function warningsOf(
  { options, config }: Pick<ContainerRecord, 'options' | 'config'>,
  host: LimitHost,
): string[] {
  const warnings = limitWarnings(options, host);
  if (options.network === 'host' && options.ports.length > 0)
    warnings.push('Published ports are discarded when using host network mode');
  const test = config.Healthcheck?.Test;
  // `HEALTHCHECK NONE` switches off what a parent image had; without a test there is nothing to do.
  if (Array.isArray(test) && test.length > 0 && test[0] !== 'NONE')
    warnings.push(`the HEALTHCHECK of ${options.image} has no effect: minidock does not run health checks yet.`);
  return warnings;
}
