/**
 * The part of the OCI runtime spec (v1.0.2, config.md and config-linux.md) that minidock writes and compiles. The
 * `config.json` in a bundle is exactly this, so `runc run` takes it too.
 */
export interface Spec {
  ociVersion: string;
  process: Process;
  root: { path: string; readonly: boolean };
  hostname: string;
  mounts: Mount[];
  linux: Linux;
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
  rlimits?: { type: string; soft: number; hard: number }[];
  noNewPrivileges: boolean;
  oomScoreAdj?: number;
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

export interface Linux {
  namespaces: Namespace[];
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
  memory?: { limit?: number; reservation?: number; swap?: number };
  cpu?: { quota?: number; period?: number; shares?: number; cpus?: string };
  pids?: { limit: number };
}

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

export type SeccompAction = 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO' | 'SCMP_ACT_KILL' | 'SCMP_ACT_TRACE' | 'SCMP_ACT_LOG';

export interface SeccompRule {
  names: string[];
  action: SeccompAction;
  errnoRet?: number;
  args?: { index: number; value: number; valueTwo?: number; op: string }[];
}
