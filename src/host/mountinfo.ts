import fs from 'node:fs';

/** One line of /proc/PID/mountinfo (proc(5)). */
export interface Mount {
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
    return { target: fields[4]!, type, source, propagation: fields.slice(6).join(' ') };
  });
}

/** `tmpfs on /mnt (private)`: a mount as a learner reads it. */
export function printMount(mount: Mount): string {
  return `${mount.type} on ${mount.target} (${mount.propagation || 'private'})`;
}
