import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Errno } from '../../../src/syscalls/uapi/errno.ts';
import type { SyscallName } from '../../../src/syscalls/uapi/numbers.ts';
import { temporaryFolder } from '../cleanup.ts';
import type { Sandbox } from '../minidock.ts';

/** Errors that a call may answer with when a disk is full, a limit is reached, or somebody else was faster. */
const errors: Partial<Record<SyscallName, readonly Errno[]>> = {
  mkdir: ['ENOSPC', 'EACCES'],
  mkdirat: ['ENOSPC', 'EROFS'],
  mknodat: ['ENOSPC', 'EPERM'],
  symlink: ['ENOSPC', 'EEXIST'],
  symlinkat: ['ENOSPC', 'EEXIST'],
  link: ['EMLINK'],
  openat: ['ENOSPC', 'EMFILE', 'EACCES'],
  write: ['ENOSPC', 'EIO'],
  pwrite64: ['ENOSPC', 'EIO'],
  fsync: ['EIO', 'ENOSPC'],
  fdatasync: ['EIO'],
  rename: ['ENOSPC', 'EIO'],
  renameat: ['ENOSPC'],
  unlink: ['EIO', 'EBUSY'],
  unlinkat: ['EIO'],
  rmdir: ['EIO', 'EBUSY'],
  ftruncate: ['EIO'],
  mount: ['EPERM', 'ENOMEM', 'EINVAL'],
  umount2: ['EBUSY', 'EINVAL'],
  open_tree: ['EMFILE', 'ENOENT'],
  move_mount: ['EINVAL', 'ENOENT'],
  pivot_root: ['EINVAL', 'EBUSY'],
  chdir: ['EACCES', 'ENOENT'],
  clone: ['EAGAIN', 'ENOMEM'],
  clone3: ['EAGAIN', 'ENOMEM'],
  fork: ['EAGAIN'],
  vfork: ['EAGAIN'],
  unshare: ['ENOSPC', 'EPERM'],
  setns: ['EPERM'],
  sethostname: ['EPERM'],
  socket: ['EMFILE', 'EAFNOSUPPORT'],
  socketpair: ['EMFILE'],
  pipe2: ['EMFILE', 'ENFILE'],
  bind: ['EADDRINUSE', 'EACCES'],
  listen: ['EADDRINUSE'],
  connect: ['ECONNREFUSED', 'EAGAIN'],
  setsockopt: ['ENOPROTOOPT'],
  flock: ['EAGAIN', 'ENOLCK'],
  sendto: ['ENOBUFS', 'EPERM'],
  sendmsg: ['ENOBUFS', 'ETOOMANYREFS'],
  execve: ['ETXTBSY', 'ENOMEM', 'EACCES'],
  execveat: ['ENOMEM', 'EACCES'],
  memfd_create: ['EMFILE', 'ENOMEM'],
  fcntl: ['EPERM'],
  dup3: ['EMFILE', 'EBUSY'],
  kill: ['ESRCH', 'EPERM'],
  prctl: ['EPERM', 'EINVAL'],
  seccomp: ['EINVAL', 'ENOMEM'],
  capset: ['EPERM'],
  setgroups: ['EPERM'],
  setgid: ['EPERM'],
  setuid: ['EAGAIN'],
  setsid: ['EPERM'],
  keyctl: ['EDQUOT'],
  close_range: ['EINVAL'],
  ioctl: ['EIO'],
  fchown: ['EPERM'],
  signalfd4: ['EMFILE'],
  ppoll: ['ENOMEM'],
  wait4: [],
  accept4: ['EMFILE'],
};

/** Where a fault can strike: the n-th call of a name that a process of this role makes. */
export interface Point {
  call: SyscallName;
  n: number;
  role: Role;
  /**
   * It may be one that changes no state, in another process of the role or another run: a write to a pipe, say, which never answers
   * ENOSPC. Only SIGKILL may strike there.
   */
  mixed: boolean;
}

type Role = 'command' | 'shim' | 'child' | 'keeper';

export type Fault = 'KILL' | Errno;

/** What may strike at a point. */
export const faultsAt = ({ call, mixed }: Point): Fault[] => ['KILL', ...(mixed ? [] : (errors[call] ?? []))];

/**
 * Runs a command once unharmed and tells every state-changing call of minidock's own processes: the command, the shim, its
 * child up to the container's execve, the keeper. Calls that only read or that talk through pipes do not count.
 */
export async function pointsOf(box: Sandbox, command: readonly string[]): Promise<Point[]> {
  const folder = temporaryFolder('points');
  const args = [
    '-ff',
    '--seccomp-bpf',
    '-y',
    '-qq',
    // The keeper is known by its file, however long the path is.
    '-s',
    '4096',
    '-o',
    join(folder, 'of'),
    '-e',
    `trace=${Object.keys(errors).join(',')}`,
    ...command,
  ];
  const { exitCode, stderr } = await execa('strace', args, { reject: false, env: environment(box), stdin: 'ignore' });
  if (exitCode !== 0) throw new Error(`the reference run of ${command.join(' ')} failed: ${stderr}`);
  const points = new Map<string, Point>();
  const harmless = new Set<string>();
  const traces = readdirSync(folder).map(file => readFileSync(join(folder, file), 'latin1').split('\n'));
  for (const { role, calls } of traces.flatMap(readProcess)) {
    if (role === undefined) continue;
    const counts = new Map<string, number>();
    for (const { name, changes } of calls) {
      const n = (counts.get(name) ?? 0) + 1;
      counts.set(name, n);
      const key = `${role} ${name} ${n}`;
      // How many writes Node makes, and which of them goes to a pipe, is another at each run.
      if (!changes || (name === 'write' && role !== 'shim' && role !== 'child')) harmless.add(key);
      if (changes) points.set(key, { call: name as SyscallName, n, role, mixed: false });
    }
  }
  for (const [key, point] of points) point.mixed = harmless.has(key);
  return [...points.values()].sort((a, b) => (a.call < b.call ? -1 : a.call > b.call ? 1 : a.n - b.n));
}

/** A process's role and calls. A supervisor that becomes the keeper has two, and its calls count anew, as in strike.c. */
function readProcess(lines: string[]): { role: Role | undefined; calls: { name: string; changes: boolean }[] }[] {
  const started = lines.find(isExecuted);
  const role = roleOf(lines, started);
  const becomesKeeper = (line: string) => line !== started && isExecuted(line) && line.includes('keeper.mjs');
  const end = role === 'shim' ? lines.findIndex(becomesKeeper) + 1 : 0;
  if (end === 0) return [{ role, calls: callsOf(lines, role) }];
  return [
    { role, calls: callsOf(lines.slice(0, end), role) },
    { role: 'keeper', calls: callsOf(lines.slice(end), 'keeper') },
  ];
}

const isExecuted = (line: string) => line.startsWith('execve(') && line.endsWith('= 0');

function callsOf(lines: readonly string[], role: Role | undefined) {
  const calls: { name: string; changes: boolean }[] = [];
  for (const line of lines) {
    const [, name, rest = ''] = /^(\w+)\((.*)$/.exec(line) ?? [];
    if (name === undefined) continue;
    calls.push({ name, changes: changesState(name, rest) });
    // From here on it is the container's command.
    if (role === 'child' && isExecuted(line)) break;
  }
  return calls;
}

function roleOf(lines: string[], started: string | undefined): Role | undefined {
  const text = lines.join('\n');
  if (started?.includes('/minidock-shim"')) return 'shim';
  if (/sethostname|PR_SET_PDEATHSIG/.test(text)) return 'child';
  if (started?.includes('keeper.mjs')) return 'keeper';
  return started?.includes('bin/minidock') ? 'command' : undefined;
}

function changesState(name: string, args: string): boolean {
  if (name === 'openat') return /O_WRONLY|O_RDWR|O_CREAT/.test(args) && !/"\/dev\/(null|tty)"/.test(args);
  if (name === 'write' || name === 'pwrite64') return /^\d+<\//.test(args) && !/^\d+<\/dev\//.test(args);
  if (name === 'sendto') return args.includes('NETLINK') || args.includes('socket:');
  // Threads are Node's own affair.
  if (name === 'clone' || name === 'clone3') return !args.includes('CLONE_THREAD');
  if (name === 'fcntl') return args.includes('F_ADD_SEALS');
  if (name === 'ioctl') return args.includes('TIOC') && !args.includes('TIOCGWINSZ');
  return true;
}

/** Of a command that is traced or struck: reading certificates would be a thousand calls of Node's. */
export const environment = (box: Sandbox) => ({ ...box.env, NODE_EXTRA_CA_CERTS: '' });
