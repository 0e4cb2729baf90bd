import { MinidockError } from '../../errors.ts';
import type { HostFacts } from '../../host/facts.ts';

/** Throws `bad-limit` for a number that no process can have. */
export function checkOomScore(wanted = 0): void {
  if (wanted >= -1000 && wanted <= 1000) return;
  throw new MinidockError('bad-limit', `Invalid value ${wanted}, range for oom score adj is [-1000, 1000]`);
}

/**
 * The value for process.oomScoreAdj. Throws `bad-limit` for a value out of range, and for one that this machine does not let us
 * set.
 */
export function oomScoreFor(wanted: number | undefined, { limits }: Pick<HostFacts, 'limits'>): number | undefined {
  checkOomScore(wanted);
  if (wanted === undefined || wanted >= 0 || limits.mayRaise) return wanted;
  throw new MinidockError(
    'bad-limit',
    `cannot set the oom score adj to ${wanted}: permission denied: without CAP_SYS_RESOURCE nobody lowers it`,
    { fix: 'give 0 or more' },
  );
}
