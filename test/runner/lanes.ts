/** A test file, or several that share a process. */
export interface Job {
  run(): Promise<void>;
  /** Nothing else may run meanwhile. */
  exclusive: boolean;
  /** Those with the higher rank begin first, so that no long one is left to run alone at the end. */
  rank: number;
}

export interface Lanes {
  count: number;
  /** Asked before each job; once it says so, no job begins any more. */
  stopped(): boolean;
  /** Resolves after a while, with whether the machine has room for one job more than there are lanes. */
  hasRoom?(): Promise<boolean>;
}

/**
 * Runs jobs in lanes, each lane one after the other; then those that must be alone. Many jobs wait for most of their time: while
 * processors are idle, one more job runs beside the lanes.
 */
export async function runInLanes(jobs: readonly Job[], { count, stopped, hasRoom }: Lanes): Promise<void> {
  const ranked = [...jobs].sort((a, b) => b.rank - a.rank);
  const work = async (queue: Job[], mayBegin?: () => Promise<boolean>) => {
    while (queue.length > 0 && !stopped()) if (!mayBegin || (await mayBegin())) await queue.shift()?.run();
  };
  const together = ranked.filter(job => !job.exclusive);
  const lanes = Array.from({ length: count }, () => work(together));
  await Promise.all(hasRoom && together.length > 0 ? [...lanes, work(together, hasRoom)] : lanes);
  await work(ranked.filter(job => job.exclusive));
}
