import { observe, type Running } from '../../../container/observe.ts';
import type { ContainerRecord } from '../../../container/record.ts';
import { MinidockError } from '../../../errors.ts';
import { flocks } from '../../../host/locks.ts';
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
