import type { RequestedLimits } from '../../cgroup/requested.ts';

/** The limits of `run`, `create` and `update`: of a container as a whole by its cgroup, and of each process by rlimits. */
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
const ulimitNames: readonly string[] = [
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

/** @throws {Error} the reason, in Docker's words */
export function checkUlimit(ulimit: Ulimit): Ulimit {
  const { name, soft, hard } = ulimit;
  if (!ulimitNames.includes(name))
    throw new Error(`invalid ulimit type: ${name} (there are ${ulimitNames.join(', ')})`);
  for (const value of [soft, hard])
    if (value < -1) throw new Error(`${value} is no limit: it must be 0 or more, or -1 for unlimited`);
  if (hard === -1 || (soft !== -1 && soft <= hard)) return ulimit;
  const shown = soft === -1 ? `soft: -1 (unlimited), hard: ${hard}` : `${soft} > ${hard}`;
  throw new Error(`ulimit soft limit must be less than or equal to hard limit: ${shown}`);
}

/** Sorted by name, as Docker lists them. Where a limit is given twice the last one holds. */
export const sortedUlimits = (ulimits: readonly Ulimit[]): Ulimit[] =>
  [...new Map(ulimits.map(one => [one.name, one])).values()].sort((a, b) => (a.name < b.name ? -1 : 1));

/** @throws {Error} for what the kernel cannot limit any more */
export function refuseKernelMemory(bytes: number): void {
  if (bytes !== 0)
    throw new Error('Linux has no limit for kernel memory alone any more (since 5.16): --memory counts it too');
}

/** @throws {Error} for what cannot be given to a container here */
export function refuseRealTime(microseconds: number): void {
  if (microseconds !== 0)
    throw new Error(
      'real-time CPU time cannot be given to a container: the kernel takes it from the groups above it, which have none',
    );
}

/** Whether a number can be the weight of a disk; 0 means none. */
export const isDeviceWeight = (weight: number): boolean => weight === 0 || (weight >= 10 && weight <= 1000);
