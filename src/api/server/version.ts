import { MinidockError } from '../../errors.ts';

/** Minor numbers of the API's versions that are spoken: 1.24 to 1.44. */
export const oldest = 24;
export const newest = 44;

/** What the path of a request says of the version, and the rest of it. Without a version the newest is meant. */
export function splitVersion(path: string): { readonly version: string | undefined; readonly path: string } {
  const [, version, rest] = /^\/v([0-9.]+)(\/.*)$/s.exec(path) ?? [];
  return rest === undefined ? { version: undefined, path } : { version, path: rest };
}

/**
 * The minor number of a version.
 *
 * @throws {MinidockError} `invalid-request` for one that is not spoken, in Docker's words
 */
export function minorOf(version: string | undefined): number {
  if (version === undefined) return newest;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const refuse = (why: string) => new MinidockError('invalid-request', `client version ${version} is too ${why}`);
  if (major < 1 || (major === 1 && minor < oldest))
    throw refuse(`old. Minimum supported API version is 1.${oldest}, please upgrade your client to a newer version`);
  if (major > 1 || minor > newest) throw refuse(`new. Maximum supported API version is 1.${newest}`);
  return minor;
}
