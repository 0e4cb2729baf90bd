import fs from 'node:fs';

/** One line of /proc/PID/mountinfo (proc(5)). */
export interface Mount {
  readonly id: string;
  /** The mount that it is on. */
  readonly parent: string;
  /** `8:1`: major and minor number, as stat(2) has them for the files of the mount. */
  readonly device: string;
  readonly target: string;
  readonly type: string;
  readonly source: string;
  /** `shared:1`, `master:2`; empty where private. */
  readonly propagation: string;
}

/** The mount table of a process. */
export function mountsOf(pid: number | 'self'): Mount[] {
  const lines = fs.readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n').filter(Boolean);
  return lines.map(line => {
    const [front, back] = line.split(' - ') as [string, string];
    const fields = front.split(' ');
    const [type, source] = back.split(' ') as [string, string];
    return {
      id: fields[0]!,
      parent: fields[1]!,
      device: fields[2]!,
      target: fields[4]!,
      type,
      source,
      propagation: fields.slice(6).join(' '),
    };
  });
}

/** `tmpfs on /mnt (private)`: a mount as a learner reads it. */
export function printMount(mount: Mount): string {
  return `${mount.type} on ${mount.target} (${mount.propagation || 'private'})`;
}
