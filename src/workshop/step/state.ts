import fs from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { type Mount, mountsOf } from '../../host/mountinfo.ts';
import { hostnameOf, namespacesOf } from '../../host/namespaces.ts';
import { type NetworkView, networkOf } from '../../host/network-view.ts';
import { statusOf } from '../../host/process.ts';

/** What the kernel says of one process while it stands still, read from outside. */
export interface ProcessState {
  readonly pid: number;
  /** Its pids from our namespace inwards. */
  readonly pids: readonly string[];
  readonly name: string;
  /** Inodes of its namespaces, by kind. */
  readonly namespaces: Readonly<Record<string, string>>;
  readonly hostname: string;
  /** Device and inode of its root directory, and the type of the file system that it is on. */
  readonly root: { readonly id: string; readonly type: string };
  readonly directory: string;
  readonly mounts: readonly Mount[];
  /** Effective, as a mask. */
  readonly capabilities: bigint;
  readonly noNewPrivs: boolean;
  /** As in /proc/PID/status: 0 none, 1 strict, 2 filter. */
  readonly seccomp: number;
  readonly user: string;
  /** Undefined where we may not look. */
  readonly network?: NetworkView;
  /** Its cgroups, each path once. */
  readonly cgroups: readonly string[];
}

/** The processes of a program at one moment; the child is there after clone. */
export interface State {
  readonly parent: ProcessState;
  readonly child?: ProcessState;
}

/** Throws ENOENT or ESRCH where the process is gone. */
export async function stateOf(pid: number): Promise<ProcessState> {
  const status = statusOf(pid);
  const mounts = mountsOf(pid);
  return {
    pid,
    pids: (status.get('NSpid') ?? String(pid)).split(' '),
    name: status.get('Name') ?? '',
    namespaces: namespacesOf(pid),
    hostname: await hostnameOf(pid),
    root: rootOf(pid, mounts),
    directory: readable(() => fs.readlinkSync(`/proc/${pid}/cwd`)) ?? '',
    mounts,
    capabilities: BigInt(`0x${status.get('CapEff') ?? '0'}`),
    noNewPrivs: status.get('NoNewPrivs') === '1',
    seccomp: Number(status.get('Seccomp') ?? 0),
    user: (status.get('Uid') ?? '').split(' ')[1] ?? '',
    network: readable(() => networkOf(pid)),
    cgroups: [
      ...new Set(
        fs
          .readFileSync(`/proc/${pid}/cgroup`, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map(line => line.split(':').slice(2).join(':')),
      ),
    ],
  };
}

/** The root of another process is behind a link that only the kernel can follow; its device leads to its mount. */
function rootOf(pid: number, mounts: readonly Mount[]): ProcessState['root'] {
  let found: fs.Stats;
  try {
    found = fs.statSync(`/proc/${pid}/root/`);
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
    return { id: '', type: '' };
  }
  const device = `${(found.dev >> 8) & 0xfff}:${(found.dev & 0xff) | ((found.dev >> 12) & 0xfff00)}`;
  return { id: `${found.dev}:${found.ino}`, type: mounts.find(mount => mount.device === device)?.type ?? '' };
}

/** Undefined where we may not look: rootless, the process is behind a user namespace. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (errnoOf(error) !== 'EACCES' && errnoOf(error) !== 'EPERM') throw error;
    return undefined;
  }
}
