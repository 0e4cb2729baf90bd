import { MinidockError } from '../../errors.ts';
import type { Device } from '../../oci/runtime-spec.ts';
import { readable } from '../../storage/bytes.ts';
import type { ByteString } from '../../storage/tar/header.ts';

/**
 * Refuses places where nothing may be mounted: the root itself, /proc (CVE-2019-16884), and the links of /dev that lead into
 * /proc, since /proc/self/fd leads to the sources of volumes, which are writable until they are mounted.
 *
 * @param place free of links
 * @param destination as the user gave it
 * @throws {MinidockError} `invalid-volume`
 */
export function checkPlace(place: ByteString, destination: string): void {
  if (place === '/') throw invalidPlace(destination, "destination can't be '/'");
  if (isWithin(place, ['/proc', '/dev/fd', '/dev/stdin', '/dev/stdout', '/dev/stderr', '/dev/core']))
    throw invalidPlace(destination, 'it is inside /proc, which is how the kernel and the container know each other');
}

/**
 * Whether a path is below /proc, /sys or /dev. A mount gets there only if its destination says so, never through a link in
 * another volume.
 */
export function isKernels(place: ByteString): boolean {
  return isWithin(place, ['/proc', '/sys', '/dev']);
}

/** Whether a path, free of links, is one of these or below one. */
const isWithin = (place: ByteString, these: readonly string[]): boolean =>
  these.some(one => place.startsWith(one) && (place.length === one.length || place[one.length] === '/'));

/** @throws {MinidockError} `invalid-volume` */
export function checkLinks(place: ByteString, destination: string): void {
  if (isKernels(place))
    throw invalidPlace(destination, `a link in a volume leads it to ${readable(place).slice(1, -1)}`);
}

/**
 * Refuses a device node anywhere but in the container's /dev or among its files: never through the links of /dev, nor in /proc
 * or /sys. Nor another one in place of /dev/null, which is bound over what /proc must not show.
 *
 * @param place its `path`, free of links
 * @throws {MinidockError} `invalid-device`
 */
export function checkDevicePlace(place: ByteString, { path: wanted, major, minor }: Device): void {
  const isPlain =
    /^\/./.test(place) &&
    !/^\/(proc|sys)(\/|$)|^\/dev(\/(fd|stdin|stdout|stderr|core|ptmx|pts|shm|mqueue)(\/|$)|$)/.test(place);
  const replacesNull = place === '/dev/null' && (major !== 1 || minor !== 3);
  if (isPlain && !replacesNull) return;
  throw new MinidockError('invalid-device', `a device cannot be made at ${JSON.stringify(wanted)} in the container`, {
    fix: replacesNull ? 'name another file: what /proc must not show is hidden by this one' : 'name a file in /dev',
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
