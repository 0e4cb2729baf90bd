/**
 * The part of the OCI runtime spec (v1.0.2, config.md and config-linux.md) that minidock writes and compiles. The
 * `config.json` in a bundle is exactly this, so `runc run` takes it too.
 */
export interface Spec {
  ociVersion: string;
  process: Process;
  root: { path: string; readonly: boolean };
  /** Missing where the UTS namespace is not the container's own. */
  hostname?: string;
  mounts: Mount[];
  linux: Linux;
  /** Programs of the caller's at points of the life, by the names of the points. minidock runs none and refuses them. */
  hooks?: Record<string, readonly { path: string }[]>;
  annotations?: Record<string, string>;
}

export interface Process {
  terminal: boolean;
  consoleSize?: { height: number; width: number };
  user: { uid: number; gid: number; additionalGids: number[] };
  args: string[];
  env: string[];
  cwd: string;
  capabilities: Record<'bounding' | 'effective' | 'permitted', string[]> & {
    inheritable?: string[];
    ambient?: string[];
  };
  rlimits?: Rlimit[];
  noNewPrivileges: boolean;
  oomScoreAdj?: number;
}

/** `soft` and `hard` from 2⁶⁴ on are "unlimited"; see `printSpec`. */
export interface Rlimit {
  type: string;
  soft: number;
  hard: number;
}

export interface Mount {
  destination: string;
  type: string;
  source: string;
  options: string[];
}

export interface Namespace {
  type: 'pid' | 'network' | 'mount' | 'ipc' | 'uts' | 'cgroup' | 'user';
  /** Joins this namespace in place of making one. */
  path?: string;
}

/** A node in the container's /dev beside those that every container has. */
export interface Device {
  /** Absolute, in the container. */
  path: string;
  /** Character, block; `u` is an unbuffered character device, `p` a fifo without numbers. */
  type: 'c' | 'b' | 'u' | 'p';
  major?: number;
  minor?: number;
  /** Permission bits; 0666 where missing. */
  fileMode?: number;
  uid?: number;
  gid?: number;
}

export interface Linux {
  namespaces: Namespace[];
  /** The nodes alone: what may be opened is said by `resources.devices`. */
  devices?: Device[];
  cgroupsPath: string;
  resources: Resources;
  seccomp?: Seccomp;
  maskedPaths: string[];
  readonlyPaths: string[];
  rootfsPropagation?: string;
  /** Kernel settings by their names with dots: `net.ipv4.ping_group_range`. */
  sysctl?: Record<string, string>;
}

/** Limits, in the spec's units: bytes, microseconds, a count. */
export interface Resources {
  devices: DeviceRule[];
  memory?: { limit?: number; reservation?: number; swap?: number; swappiness?: number; disableOOMKiller?: boolean };
  cpu?: { quota?: number; period?: number; shares?: number; cpus?: string; mems?: string };
  pids?: { limit: number };
  blockIO?: BlockIO;
}

/** Weights are of v1's scale, 10 to 1000; rates are bytes or operations a second. */
export interface BlockIO {
  weight?: number;
  weightDevice?: (DeviceNumber & { weight: number })[];
  throttleReadBpsDevice?: ThrottledDevice[];
  throttleWriteBpsDevice?: ThrottledDevice[];
  throttleReadIOPSDevice?: ThrottledDevice[];
  throttleWriteIOPSDevice?: ThrottledDevice[];
}

export interface DeviceNumber {
  major: number;
  minor: number;
}

export type ThrottledDevice = DeviceNumber & { rate: number };

export interface DeviceRule {
  allow: boolean;
  type?: 'a' | 'c' | 'b';
  major?: number;
  minor?: number;
  access: string;
}

export interface Seccomp {
  defaultAction: SeccompAction;
  defaultErrnoRet?: number;
  architectures: string[];
  syscalls: SeccompRule[];
}

export type SeccompAction =
  | 'SCMP_ACT_ALLOW'
  | 'SCMP_ACT_ERRNO'
  | 'SCMP_ACT_KILL'
  | 'SCMP_ACT_KILL_PROCESS'
  | 'SCMP_ACT_KILL_THREAD'
  | 'SCMP_ACT_LOG'
  | 'SCMP_ACT_TRACE'
  | 'SCMP_ACT_TRAP';

export interface SeccompRule {
  names: string[];
  action: SeccompAction;
  errnoRet?: number;
  args?: { index: number; value: number; valueTwo?: number; op: string }[];
}

/**
 * The text of a config.json. "Unlimited" is 2⁶⁴ − 1 there, which a number of JavaScript cannot be: 2⁶⁴ stands for it, and
 * JSON would print that as a number that is too large for other runtimes.
 */
export function printSpec(spec: Spec): string {
  let text = JSON.stringify(spec, null, 2);
  // In a string the quotes have backslashes.
  for (const key of ['"soft"', '"hard"'])
    text = text.replaceAll(`${key}: 18446744073709552000`, `${key}: 18446744073709551615`);
  return `${text}\n`;
}
