import type { RequestedLimits } from '../../cgroup/requested.ts';

/** What `run`, `create` and `update` limit: a container as a whole by its cgroup, and each of its processes by itself. */
export interface ResourceOptions extends RequestedLimits {
  /** How readily the kernel ends its processes when memory runs out: -1000 to 1000. */
  oomScoreAdj?: number;
  /** By name, as `--ulimit` has it: `nofile`. */
  ulimits?: Ulimit[];
  /** Bytes of /dev/shm. */
  shmSize?: number;
}

/** -1 is "unlimited". */
export interface Ulimit {
  name: string;
  soft: number;
  hard: number;
}

/** setrlimit(2) in the words of Docker's `--ulimit`. */
export const ulimitNames: readonly string[] = [
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
];
