import fs from 'node:fs';

/**
 * The files that any process has locked with flock(2), as `major:minor:inode`, from /proc/locks. One read covers all
 * containers, and no lock has to be tried.
 */
export function flocks(): Set<string> {
  return new Set(flockHolders().keys());
}

/** As `flocks`, read when it is first asked for. */
export function flocksOnce(): () => ReadonlySet<string> {
  let read: ReadonlySet<string> | undefined;
  return () => {
    read ??= flocks();
    return read;
  };
}

/** proc_locks(5): `1: FLOCK ADVISORY WRITE 4711 fe:00:1234 0 EOF`, with `->` for a process that only waits. */
export function flockHolders(): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of fs.readFileSync('/proc/locks', 'utf8').split('\n')) {
    const [, kind, , , pid, device] = line.trim().split(/\s+/);
    if (kind === 'FLOCK' && device !== undefined) found.set(device, Number(pid));
  }
  return found;
}

/** How /proc/locks names a file, `major:minor:inode`; undefined where there is none. */
export function lockKey(file: string): string | undefined {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const major = (stat.dev >> 8) & 0xfff;
  const minor = (stat.dev & 0xff) | ((stat.dev >> 12) & 0xfff00);
  const hex = (number: number) => number.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)}:${stat.ino}`;
}
