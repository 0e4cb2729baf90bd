import { withHealth } from '../../../container/keeping/health.ts';
import { stateAfterEnd } from '../../../container/keeping/restart.ts';
import {
  isWrittenDown,
  type Observation,
  observe,
  type Running,
  stateOf,
  whoStopped,
} from '../../../container/observe.ts';
import type { ContainerRecord, ContainerState } from '../../../container/record.ts';
import { MinidockError } from '../../../errors.ts';
import { flocks } from '../../../host/locks.ts';
import type { Roots } from '../../../state/paths.ts';
import type { EngineContext } from '../../context.ts';

/** Refusals of what a container's state does not allow, in Docker's words: which state it is, and what to do. */

export const notRunning = ({ id, name }: Pick<ContainerRecord, 'id' | 'name'>) =>
  new MinidockError('not-running', `Container ${id} is not running`, {
    fix: `minidock start ${name}; \`minidock ps\` shows the running ones`,
  });

export const unpauseFirst = (message: string, { name }: Pick<ContainerRecord, 'name'>) =>
  new MinidockError('paused', message, { fix: `minidock unpause ${name}` });

/** What is known of a running container, and whether it is paused. Throws `not-running`. */
export function runningOf(
  context: Pick<EngineContext, 'roots'>,
  record: Pick<ContainerRecord, 'id' | 'name' | 'state'>,
): { running: Running; paused: boolean } {
  if (record.state.status === 'restarting')
    throw new MinidockError(
      'not-running',
      `Container ${record.id} is restarting, wait until the container is running`,
      {
        fix: `minidock start ${record.name} starts it at once`,
      },
    );
  const seen = observe(context.roots, record.id, flocks);
  if (seen.kind !== 'running') throw notRunning(record);
  return seen;
}

/** One that has ended and is being cleaned up counts as what it will be then. */
export function stateNow(roots: Roots, record: ContainerRecord, seen: Observation): ContainerState {
  const { id, options } = record;
  if (isWrittenDown(record.state, seen)) return record.state;
  const isRun = seen.kind === 'running' || seen.kind === 'ended';
  const state = stateOf(record.state, seen);
  const now = isRun ? withHealth(roots, record, state) : state;
  if (seen.kind !== 'ended' || options.restart === undefined) return now;
  return stateAfterEnd(options.restart, now, whoStopped(roots, id));
}

/** The container has ended and nobody cleans up, because a supervisor or a command was killed, or the machine went down. */
export function isLeftOver(seen: Observation, { state }: ContainerRecord): boolean {
  if (seen.kind === 'settled') return state.status === 'running';
  return seen.kind === 'lost' || seen.kind === 'abandoned' || (seen.kind === 'ended' && !seen.supervised);
}
