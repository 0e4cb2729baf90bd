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

/** With what only few readers need. */
export interface DetailedMount extends Mount {
  /** The directory of the file system that is the root of this mount: not `/` for a bind mount. */
  readonly root: string;
  /** Of the mount: `rw,nosuid`. */
  readonly options: string;
  /** Of the file system: `lowerdir=…`. */
  readonly superOptions: string;
}

/** The mount table of a process. */
export function mountsOf(pid: number | 'self'): Mount[] {
  return parseMounts(fs.readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
}

/** The lines of a mountinfo. Fields are as the kernel writes them: blanks and backslashes as `\040` and `\134`. */
export function parseMounts(mountinfo: string): DetailedMount[] {
  const lines = mountinfo.split('\n').filter(Boolean);
  return lines.map(line => {
    const [front, back] = line.split(' - ') as [string, string];
    const fields = front.split(' ');
    const [type, source, superOptions] = back.split(' ') as [string, string, string];
    return {
      id: fields[0]!,
      parent: fields[1]!,
      device: fields[2]!,
      target: fields[4]!,
      type,
      source,
      propagation: fields.slice(6).join(' '),
      root: fields[3]!,
      options: fields[5]!,
      superOptions,
    };
  });
}

/** A field of mountinfo as it is: the kernel writes blanks, tabs, newlines and backslashes in octal. */
export function unescapeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** `tmpfs on /mnt (private)`: a mount as a learner reads it. */
export function printMount(mount: Mount): string {
  return `${mount.type} on ${mount.target} (${mount.propagation || 'private'})`;
}
