import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { promisify } from 'node:util';
import { MinidockError } from '../errors.ts';
import { systemPath, systemProgram } from '../host/programs.ts';

/** What the kernel says of a process. All of it is read from /proc; nothing is believed because we did it ourselves. */

/** Namespaces of a process, by kind: `{ uts: 'uts:[4026531838]', … }`. Two are the same exactly where the inodes are. */
export function namespacesOf(pid: number | 'self'): Record<string, string> {
  const directory = `/proc/${pid}/ns`;
  const kinds = fs.readdirSync(directory).filter(name => !name.endsWith('_for_children'));
  return Object.fromEntries(kinds.sort().map(kind => [kind, fs.readlinkSync(`${directory}/${kind}`)]));
}

/** A field of /proc/PID/status: `NSpid`, `PPid`, `Name`. Empty where the kernel does not have it. */
export function statusField(pid: number | 'self', field: string): string {
  const line = fs
    .readFileSync(`/proc/${pid}/status`, 'utf8')
    .split('\n')
    .find(candidate => candidate.startsWith(`${field}:`));
  return (
    line
      ?.slice(field.length + 1)
      .trim()
      .replace(/\s+/g, ' ') ?? ''
  );
}

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

/** The kernel's start time of a process, which together with its pid names it for good; undefined when it is gone. */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Children of a process, in the order of their birth. */
export function childrenOf(pid: number): number[] {
  return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** The hostname as a process sees it: asked inside its UTS namespace. */
export async function hostnameOf(pid: number): Promise<string> {
  if (namespacesOf(pid).uts === namespacesOf('self').uts) return os.hostname();
  const nsenter = systemProgram('nsenter');
  if (nsenter === undefined)
    throw new MinidockError('no-nsenter', 'nsenter is not installed', { fix: 'install util-linux' });
  const command = ['--target', String(pid), '--uts', 'uname', '-n'];
  const { stdout } = await promisify(execFile)(nsenter, command, { env: { PATH: systemPath } });
  return stdout.trim();
}
