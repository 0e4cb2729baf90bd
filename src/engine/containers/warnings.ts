import { type LimitHost, limitWarnings } from '../../cgroup/check-limits.ts';
import type { ContainerRecord } from '../../container/record.ts';

/** What a new container asks for and minidock does not do, a line each. */
export function warningsOf({ options }: Pick<ContainerRecord, 'options'>, host: LimitHost): string[] {
  const warnings = limitWarnings(options, host);
  if (options.network === 'host' && options.ports.length > 0)
    warnings.push('Published ports are discarded when using host network mode');
  return warnings;
}
