import { type LimitHost, limitWarnings } from '../../cgroup/check-limits.ts';
import type { ContainerRecord } from '../../container/record.ts';
import type { Platform } from '../../oci/manifest.ts';
import { hostPlatform, printPlatform, runsOn } from '../../oci/platform.ts';

/** What a new container asks for and minidock does not do, a line each; then whether its image is for another processor. */
export function warningsOf(
  { options }: Pick<ContainerRecord, 'options'>,
  host: LimitHost,
  image: Platform = hostPlatform(),
): string[] {
  const warnings = limitWarnings(options, host);
  if (options.network === 'host' && options.ports.length > 0)
    warnings.push('Published ports are discarded when using host network mode');
  if (options.platform === undefined && !runsOn(image))
    warnings.push(
      `The requested image's platform (${printPlatform(image)}) does not match the detected host platform (${printPlatform(hostPlatform())}) and no specific platform was requested`,
    );
  return warnings;
}
