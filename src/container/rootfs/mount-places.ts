import { MinidockError } from '../../errors.ts';
import { readable } from '../../storage/bytes.ts';
import type { ByteString } from '../../storage/tar/header.ts';

/**
 * Where nothing may be mounted: on the root itself, in /proc (CVE-2019-16884), and through the links of /dev that lead
 * there: behind /proc/self/fd are the sources of volumes, writable until they have their places.
 *
 * @param place free of links  @param destination as it was asked for
 * @throws {MinidockError} `invalid-volume`
 */
export function checkPlace(place: ByteString, destination: string): void {
  if (place === '/') throw invalidPlace(destination, "destination can't be '/'");
  if (/^\/(proc|dev\/(fd|stdin|stdout|stderr|core))(\/|$)/.test(place))
    throw invalidPlace(destination, 'it is inside /proc, which is how the kernel and the container know each other');
}

/**
 * Paths of the kernel's file systems: a mount gets there only if its destination was given so, never through a link in
 * another volume.
 */
export function isKernels(place: ByteString): boolean {
  return /^\/(proc|sys|dev)(\/|$)/.test(place);
}

/** @throws {MinidockError} `invalid-volume` */
export function checkLinks(place: ByteString, destination: string): void {
  if (isKernels(place))
    throw invalidPlace(destination, `a link in a volume leads it to ${readable(place).slice(1, -1)}`);
}

/**
 * A node is made in the container's /dev, or among its files; never through the links of /dev, nor in /proc or /sys.
 *
 * @throws {MinidockError} `invalid-device`
 */
export function checkDevicePlace(place: ByteString, wanted: string): void {
  const isPlain =
    /^\/./.test(place) &&
    !/^\/(proc|sys)(\/|$)|^\/dev(\/(fd|stdin|stdout|stderr|core|ptmx|pts|shm|mqueue)(\/|$)|$)/.test(place);
  if (isPlain) return;
  throw new MinidockError('invalid-device', `a device cannot be made at ${JSON.stringify(wanted)} in the container`, {
    fix: 'name a file in /dev',
  });
}

export function invalidPlace(destination: string, reason: string): MinidockError {
  return new MinidockError('invalid-volume', `invalid mount path ${JSON.stringify(destination)}: ${reason}`);
}

/** Outer before inner: /data before /data/cache. */
export function outerFirst<T extends { destination: string }>(mounts: readonly T[]): T[] {
  const depth = ({ destination }: T) => destination.split('/').filter(Boolean).length;
  return mounts.toSorted((a, b) => depth(a) - depth(b));
}
