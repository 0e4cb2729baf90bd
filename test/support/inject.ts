import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { cgroupParent, enginePaths } from '../../src/state/paths.ts';
import { type Errno, errnos } from '../../src/syscalls/uapi/errno.ts';
import { type Architecture, type SyscallName, syscallNumber } from '../../src/syscalls/uapi/numbers.ts';
import { temporaryFolder } from './cleanup.ts';
import { minidockPath, type Sandbox } from './minidock.ts';
import { checkout } from './requires.ts';

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

export interface Outcome {
  /** Whether the fault struck: a run may take another way than the reference did. */
  struck: boolean;
  exitCode: number | undefined;
  output: string;
  timedOut: boolean;
}

let built: string | undefined;

/** Puts one fault into a command: strike.c. */
function striker(): string {
  if (built === undefined) {
    built = join(temporaryFolder('strike'), 'strike');
    execFileSync('gcc', ['-O2', '-o', built, join(checkout, 'test/support/strike.c')]);
  }
  return built;
}

/** Runs a command with one fault in it. */
export async function inject(box: Sandbox, command: readonly string[], point: Point, fault: Fault): Promise<Outcome> {
  const log = join(box.folder, 'struck');
  const number = syscallNumber(point.call, process.arch as Architecture);
  const error = fault === 'KILL' ? 0 : errnos[fault];
  const where = [point.role, number, point.n, error, log].map(String);
  const outcome = await run(striker(), [...where, ...command], box);
  return { ...outcome, struck: readFileSync(log, 'utf8') !== '' };
}

/** Runs a command that is killed as it is about to make a call of these names (strace's words) about the file at this path. */
export async function killedAt(
  box: Sandbox,
  words: readonly string[],
  calls: string,
  ...paths: string[]
): Promise<void> {
  const places = paths.flatMap(path => ['-P', path]);
  const tracing = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${calls}:signal=KILL:when=1`];
  const { timedOut } = await run('strace', [...tracing, ...places, minidockPath, ...words], box);
  if (timedOut) throw new Error(`minidock ${words.join(' ')} hangs`);
}

/** Output goes to a file: a process that hangs must not keep us waiting for the end of a pipe. */
async function run(program: string, args: string[], box: Sandbox): Promise<Omit<Outcome, 'struck'>> {
  const file = join(box.folder, 'output');
  const fd = openSync(file, 'w');
  const child = spawn(program, args, {
    env: { ...process.env, ...environment(box) },
    stdio: ['ignore', fd, fd],
    detached: true,
  });
  closeSync(fd);
  const ended = new Promise<number | undefined>(resolve => child.once('exit', code => resolve(code ?? undefined)));
  let timedOut = false;
  const limit = setTimeout(() => {
    timedOut = true;
    process.kill(-child.pid!, 'SIGKILL');
  }, 20_000);
  const exitCode = await ended;
  clearTimeout(limit);
  return { exitCode, output: readFileSync(file, 'utf8'), timedOut };
}

const environment = (box: Sandbox) => ({ ...box.env, NODE_EXTRA_CA_CERTS: '' });

/** What the engine holds for containers: empty when there is none, whatever happened before. */
export function heldBy(box: Sandbox): string[] {
  const group = cgroupParent(box).slice(1);
  const groups = readdirSync('/sys/fs/cgroup').flatMap(hierarchy => {
    const parent = join('/sys/fs/cgroup', hierarchy, group);
    return directories(parent).flatMap(name =>
      name === 'shims'
        ? lines(join(parent, name, 'cgroup.procs')).map(pid => `process ${pid} ${commandOf(pid)} in ${hierarchy}/shims`)
        : [`cgroup ${hierarchy}/${name}`],
    );
  });
  const mounts = lines('/proc/self/mountinfo').filter(line => line.includes(box.folder));
  const links = bridgesOf(box).flatMap(bridge => names(`/sys/class/net/${bridge}/brif`));
  const { containers, names: nameLinks } = enginePaths(box);
  const networks = names(join(box.root, 'networks')).map(key => join(box.root, 'networks', key));
  return [
    ...groups,
    ...mounts.map(line => `mount ${line}`),
    ...links.map(name => `link ${name}`),
    ...names(containers).map(name => `bundle ${name}`),
    ...[nameLinks, ...networks.flatMap(network => [join(network, 'leases'), join(network, 'ports')])].flatMap(folder =>
      names(folder)
        .filter(name => existsSync(join(folder, name)))
        .map(name => `taken ${join(folder, name)}`),
    ),
  ];
}

/** Of all its networks. */
function bridgesOf(box: Sandbox): string[] {
  const networks = join(box.root, 'networks');
  return names(networks).map(key => {
    const definition = lines(join(networks, key, 'network.json')).join('');
    return definition === '' ? key : JSON.parse(definition).bridge;
  });
}

/** What a killed process may leave and the next keeper sweeps: half-made files, run directories without a bundle. */
export function litter(box: Sandbox): string[] {
  const bundles = names(join(box.root, 'containers'));
  const halfMade = /\.tmp$|\/\.(new|removed)-|lock\.\d+\./;
  const folders = ['', 'containers', 'volumes', join('networks', box.bridge)].map(folder => join(box.root, folder));
  return [
    ...[...folders, box.execRoot]
      .flatMap(folder => names(folder).map(name => join(folder, name)))
      .filter(path => halfMade.test(path)),
    ...names(box.execRoot)
      .filter(name => /^[0-9a-f]{12}$/.test(name) && !bundles.some(bundle => bundle.startsWith(name)))
      .map(name => join(box.execRoot, name)),
  ];
}

/** Rules that translate a port for a container, on any of the engine's networks. */
export async function portRules(box: Sandbox): Promise<string[]> {
  const { stdout } = await execa('iptables-save', ['-t', 'nat'], { reject: false });
  const chains = bridgesOf(box).map(bridge => `-A MINIDOCK-${bridge} `);
  return stdout.split('\n').filter(line => line.includes('minidock:') && chains.some(chain => line.startsWith(chain)));
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function directories(folder: string): string[] {
  return names(folder).filter(name => existsSync(join(folder, name, 'cgroup.procs')));
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

const commandOf = (pid: string) => lines(`/proc/${pid}/cmdline`).join(' ').replaceAll('\0', ' ');
