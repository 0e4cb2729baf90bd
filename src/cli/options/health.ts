import type { ContainerConfig } from '../../oci/image-config.ts';

/** What to say of an image whose health is to be checked, which is not done; undefined where the image wants no check. */
export function healthWarning(
  image: string,
  { Healthcheck }: Pick<ContainerConfig, 'Healthcheck'>,
): string | undefined {
  const test = Healthcheck?.Test;
  // `HEALTHCHECK NONE` switches off what a parent image had; without a test there is nothing to do.
  if (!Array.isArray(test) || test.length === 0 || test[0] === 'NONE') return undefined;
  return `WARNING: the HEALTHCHECK of ${image} has no effect: minidock does not run health checks yet.\n`;
}
