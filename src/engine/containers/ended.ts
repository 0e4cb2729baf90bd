import { observe } from '../../container/observe.ts';
import { flocks } from '../../host/locks.ts';
import type { EngineAccess } from '../access.ts';

/** An exit record, or a supervisor that is gone. */
export function hasEnded({ roots }: Pick<EngineAccess, 'roots'>, id: string): boolean {
  const { kind } = observe(roots, id, flocks);
  return kind !== 'running' && kind !== 'starting';
}

/**
 * The exit status of a container whose supervisor did not say it: by the exit record, or by what another command wrote down of
 * it since; that of SIGKILL where it was removed.
 */
export function recordedExit({ roots, store }: Pick<EngineAccess, 'roots' | 'store'>, id: string): number {
  const seen = observe(roots, id, flocks);
  return seen.kind === 'ended' ? seen.exitCode : (store.read(id)?.state.exitCode ?? 137);
}
