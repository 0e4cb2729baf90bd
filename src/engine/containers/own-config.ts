import type { ContainerOptions } from '../../container/record.ts';
import { MinidockError } from '../../errors.ts';
import { type ImageRecord, ImageStore } from '../../image/store.ts';
import type { ContainerConfig } from '../../oci/image-config.ts';
import { fits, printPlatform } from '../../oci/platform.ts';
import { signalNumber } from '../../syscalls/uapi/signals.ts';
import type { EngineContext } from '../context.ts';

/** The image that a container is asked to be made of. Throws `no-such-image`, also where it is for another platform. */
export function imageFor({ roots }: Pick<EngineContext, 'roots'>, { image, platform }: ContainerOptions): ImageRecord {
  const found = new ImageStore(roots.root).get(image);
  if (platform === undefined || fits(found, platform)) return found;
  const wanted = `wanted ${printPlatform(platform)}, actual: ${printPlatform(found)}`;
  throw new MinidockError(
    'no-such-image',
    `image with reference ${image} was found but does not match the specified platform: ${wanted}`,
  );
}

/**
 * The part of a container's config that its own options set in place of the image's, or besides it. Throws `invalid-signal`.
 */
export function ownConfig(
  image: Pick<ContainerConfig, 'Labels' | 'ExposedPorts'>,
  { labels, stopSignal, exposed = [] }: ContainerOptions,
): Pick<ContainerConfig, 'Labels' | 'ExposedPorts' | 'StopSignal'> {
  if (stopSignal !== undefined) signalNumber(stopSignal);
  const ports = Object.fromEntries(exposed.map(port => [port, {}]));
  return {
    ...(labels && { Labels: { ...image.Labels, ...labels } }),
    ...(stopSignal !== undefined && { StopSignal: stopSignal }),
    ...(exposed.length > 0 && { ExposedPorts: { ...image.ExposedPorts, ...ports } }),
  };
}
