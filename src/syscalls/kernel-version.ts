/** Major and minor. */
export type KernelVersion = readonly [number, number];

/** `[6, 18]` of `6.18.44-…`. */
export function kernelVersion(release: string): KernelVersion {
  const [major = '', minor = ''] = release.split('.');
  return [Number.parseInt(major, 10) || 0, Number.parseInt(minor, 10) || 0];
}

/** Whether a kernel of this version is at least this one. */
export function isSince([has, hasMinor]: KernelVersion, major: number, minor: number): boolean {
  return has > major || (has === major && hasMinor >= minor);
}

/** What the seal of a shim needs: memfd_create(2) since Linux 3.17, execveat(2) since 3.19. */
export const sealsInMemory = (version: KernelVersion) => isSince(version, 3, 19);
