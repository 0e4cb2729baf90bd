import { restartTime } from '../container/keeping/restart.ts';
import type { ContainerRecord } from '../container/record.ts';
import { unlessGone, withContainerLock } from '../engine/containers/lock.ts';
import { startLocked } from '../engine/containers/start.ts';
import type { EngineContext } from '../engine/context.ts';
import type { Bell } from './bell.ts';

/**
 * Starts a container again when its delay is over. Returns earlier when the bell rings, since it may have been started, stopped
 * or removed. A container that cannot be started has exited for good, with the reason, as in Docker.
 */
export async function restartWhenDue(
  context: EngineContext,
  { id, state }: ContainerRecord,
  bell: Bell,
  count: number,
): Promise<void> {
  const left = restartTime(state) - Date.now();
  if (left > 0) return await bell.after(count, left);
  await withContainerLock(context, id, () => startAgain(context, id)).catch(unlessGone);
}

async function startAgain(context: EngineContext, id: string): Promise<void> {
  const state = context.store.read(id)?.state;
  if (state?.status !== 'restarting') return;
  // A failed start writes its reason into the record and makes it `exited`.
  const process = await startLocked(context, id, { streams: undefined, restarts: state.restarts });
  process.detach();
}
