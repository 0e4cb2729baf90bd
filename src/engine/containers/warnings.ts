import { type LimitHost, limitWarnings } from '../../cgroup/check-limits.ts';
import type { ContainerOptions, ContainerRecord } from '../../container/record.ts';
import type { Platform } from '../../oci/manifest.ts';
import { hostPlatform, printPlatform, runsOn } from '../../oci/platform.ts';
import type { EngineContext } from '../context.ts';
import { createContainer } from './create.ts';
import { imageFor } from './own-config.ts';

/** As `createContainer`, and what the user is to be warned of. */
export async function createWithWarnings(
  context: EngineContext,
  options: ContainerOptions,
): Promise<{ record: ContainerRecord; warnings: string[] }> {
  const image = imageFor(context, options);
  const record = await createContainer(context, options, image);
  return { record, warnings: warningsOf({ ...record, options }, context.facts, image) };
}

/**
 * Warnings for a new container, a line each: what it asks for and minidock does not do, then whether its image is for another
 * processor.
 */
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
