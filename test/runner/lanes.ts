/** A test file, or several that share a process. */
export interface Job {
  run(): Promise<void>;
  /** Nothing else may run meanwhile. */
  exclusive: boolean;
  /** Those with the higher rank begin first, so that no long one is left to run alone at the end. */
  rank: number;
}

/**
 * Runs jobs in so many lanes, each lane one after the other; then those that must be alone. `stopped` is asked before each:
 * once it says so, no job begins any more.
 */
export async function runInLanes(jobs: readonly Job[], lanes: number, stopped: () => boolean): Promise<void> {
  const ranked = [...jobs].sort((a, b) => b.rank - a.rank);
  const work = async (queue: Job[]) => {
    for (let job = queue.shift(); job && !stopped(); job = queue.shift()) await job.run();
  };
  const together = ranked.filter(job => !job.exclusive);
  await Promise.all(Array.from({ length: lanes }, () => work(together)));
  await work(ranked.filter(job => job.exclusive));
}
