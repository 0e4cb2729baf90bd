import fs from 'node:fs';
import os from 'node:os';
import { isSince, type KernelVersion, kernelVersion, sealsInMemory } from '../syscalls/kernel-version.ts';
import { architecture } from '../syscalls/uapi/architecture.ts';
import { type CapabilityName, fromMask } from '../syscalls/uapi/capabilities.ts';
import type { RlimitName } from '../syscalls/uapi/flags.ts';
import type { Architecture } from '../syscalls/uapi/numbers.ts';
import { type CgroupLayout, readCgroupLayout } from './cgroup-layout.ts';
import { maskedPaths, readonlyPaths } from './hidden-paths.ts';

/**
 * All that `compile` may know of the machine. Every condition that a program depends on is probed before and stored
 * here, so that compiling is pure and a golden test can ask for the program of a CentOS 7 host.
 */
export interface HostFacts {
  arch: Architecture;
  kernel: { release: string; version: readonly [number, number] };
  features: Features;
  /** Options that turn off what overlayfs would remember about its layers; empty where the kernel has no such option. */
  overlayOptions: readonly string[];
  cgroup: CgroupLayout;
  /** The bounding set of minidock itself. */
  capabilities: ReadonlySet<CapabilityName>;
  /** Of the paths that containers must not see, which exist and how: a file is covered by /dev/null, a directory by a tmpfs. */
  hidden: Readonly<Record<string, 'file' | 'directory'>>;
  /** Of `networkSysctls`, those that this kernel has. */
  sysctls: readonly string[];
  cpus: number;
  limits: Limits;
  /** Descriptors without close-on-exec that this process inherited; only needed where close_range is missing. */
  inheritedFds: readonly number[];
}

/** What the resource limits of a process here can be. */
export interface Limits {
  /** Whether a process here may raise its hard limits: with CAP_SYS_RESOURCE, which counts in no user namespace but the first. */
  mayRaise: boolean;
  /** The hard limits that minidock itself is held to; `Infinity` where it is not. */
  hard: Readonly<Partial<Record<RlimitName, number>>>;
  /** fs.nr_open: no right raises RLIMIT_NOFILE beyond. */
  nrOpen: number;
  /** kernel.threads-max: the kernel gives the first process half of it as RLIMIT_SIGPENDING. */
  threadsMax: number;
}

/** Syscalls that 3.10 lacks, by the kernel version that brought them. */
export interface Features {
  /** memfd_create 3.17 and execveat 3.19. */
  memfd: boolean;
  /** seccomp(2), 3.17; before it the filter is set by prctl. */
  seccomp: boolean;
  /** nf_tables with a count of rule changes, 3.18. */
  nfTables: boolean;
  /** 4.6. */
  cgroupNamespace: boolean;
  /** TIOCGPTPEER, 4.13: the slave of a pty without looking up its path. */
  ptyPeer: boolean;
  /** open_tree and move_mount, 5.2. */
  openTree: boolean;
  /** 5.9. */
  closeRange: boolean;
}

/**
 * Probes the running machine; small reads, some fifty microseconds each. What only a new container needs is probed when it is
 * asked for: `exec` has no use for it. `parent` is the engine's cgroup.
 */
export function hostFacts(parent = '/minidock'): HostFacts {
  // From uname(2), not /proc: where an older kernel is rehearsed (test/support/linux-3.10.c), the call is what tells.
  const release = os.release();
  const version = kernelVersion(release);
  const features = featuresOf(version);
  const capabilities = boundingSet(readFileText('/proc/self/status'));
  const overlayOptions = once(() =>
    ['redirect_dir', 'index', 'metacopy']
      .filter(name => fs.existsSync(`/sys/module/overlay/parameters/${name}`))
      .map(name => `${name}=off`),
  );
  const hidden = once(() => kindsOf([...maskedPaths, ...readonlyPaths]));
  const sysctls = once(() =>
    Object.keys(networkSysctls).filter(name => fs.existsSync(`/proc/sys/${name.replaceAll('.', '/')}`)),
  );
  return {
    arch: architecture(),
    kernel: { release, version },
    features,
    get overlayOptions() {
      return overlayOptions();
    },
    cgroup: readCgroupLayout(parent),
    capabilities,
    get hidden() {
      return hidden();
    },
    get sysctls() {
      return sysctls();
    },
    get cpus() {
      return os.availableParallelism();
    },
    limits: {
      mayRaise: capabilities.has('CAP_SYS_RESOURCE') && isFirstUserNamespace(),
      hard: hardLimits(readFileText('/proc/self/limits')),
      nrOpen: Number(readFileText('/proc/sys/fs/nr_open')),
      threadsMax: Number(readFileText('/proc/sys/kernel/threads-max')),
    },
    inheritedFds: features.closeRange ? [] : inheritedFds(),
  };
}

const readFileText = (file: string) => fs.readFileSync(file, 'utf8');

/** What `probe` finds the first time. */
function once<T>(probe: () => T): () => T {
  let found: { value: T } | undefined;
  return () => {
    found ??= { value: probe() };
    return found.value;
  };
}

/** user_namespaces(7): the first maps every id to itself. Kernels without them have no such file. */
function isFirstUserNamespace(): boolean {
  const map = fs.existsSync('/proc/self/uid_map') ? fs.readFileSync('/proc/self/uid_map', 'utf8') : '0 0 4294967295';
  return map.trim().split(' ').filter(Boolean).join(' ') === '0 0 4294967295';
}

/** The settings that Docker makes in a container's own network namespace. */
export const networkSysctls: Readonly<Record<string, string>> = {
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0 2147483647',
  'net.ipv6.conf.all.disable_ipv6': '1',
};

/**
 * The features of a kernel of this version. A distribution that backports more gets the older steps, which work there
 * too.
 */
export function featuresOf(version: KernelVersion): Features {
  const since = (major: number, minor: number) => isSince(version, major, minor);
  return {
    memfd: sealsInMemory(version),
    seccomp: since(3, 17),
    nfTables: since(3, 18),
    cgroupNamespace: since(4, 6),
    ptyPeer: since(4, 13),
    openTree: since(5, 2),
    closeRange: since(5, 9),
  };
}

function kindsOf(paths: readonly string[]): Record<string, 'file' | 'directory'> {
  const kinds: Record<string, 'file' | 'directory'> = {};
  for (const path of paths) {
    const stat = fs.lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) kinds[path] = 'directory';
    else if (stat !== undefined) kinds[path] = 'file';
  }
  return kinds;
}

/**
 * Descriptors that every process which this one starts inherits: those without O_CLOEXEC, 02000000 in the octal
 * `flags:` of /proc/PID/fdinfo.
 */
export function inheritedFds(): number[] {
  return fs
    .readdirSync('/proc/self/fdinfo')
    .map(Number)
    .filter(fd => fd > 4)
    .filter(fd => {
      try {
        const [, flags] = /^flags:\s*([0-7]+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
        return (Number.parseInt(flags ?? '2000000', 8) & 0o2000000) === 0;
      } catch {
        return false;
      }
    });
}

/** What /proc/PID/limits calls them (proc_pid_limits(5)). */
const limitNames: Readonly<Record<string, RlimitName>> = {
  'cpu time': 'RLIMIT_CPU',
  'file size': 'RLIMIT_FSIZE',
  'data size': 'RLIMIT_DATA',
  'stack size': 'RLIMIT_STACK',
  'core file size': 'RLIMIT_CORE',
  'resident set': 'RLIMIT_RSS',
  processes: 'RLIMIT_NPROC',
  'open files': 'RLIMIT_NOFILE',
  'locked memory': 'RLIMIT_MEMLOCK',
  'address space': 'RLIMIT_AS',
  'file locks': 'RLIMIT_LOCKS',
  'pending signals': 'RLIMIT_SIGPENDING',
  'msgqueue size': 'RLIMIT_MSGQUEUE',
  'nice priority': 'RLIMIT_NICE',
  'realtime priority': 'RLIMIT_RTPRIO',
  'realtime timeout': 'RLIMIT_RTTIME',
};

/** The hard limits in the text of a /proc/PID/limits: columns of 25, 20 and 20 characters, with blanks between. */
export function hardLimits(text: string): Limits['hard'] {
  const hard: Partial<Record<RlimitName, number>> = {};
  for (const line of text.split('\n')) {
    const name = limitNames[line.slice('Max '.length, 25).trimEnd()];
    const value = line.slice(47, 67).trimEnd();
    if (name !== undefined) hard[name] = value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value);
  }
  return hard;
}

/** The bounding set of a process out of the text of its /proc/PID/status. */
export function boundingSet(status: string): Set<CapabilityName> {
  const [, after = '0'] = status.split('\nCapBnd:', 2);
  const [hex] = after.trimStart().split('\n', 1);
  return new Set(fromMask(BigInt(`0x${hex}`)));
}
