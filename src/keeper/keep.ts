import type { ContainerRecord } from '../container/record.ts';
import { isBroken } from '../container/store.ts';
import { unlessGone, withContainerLock } from '../engine/containers/lock.ts';
import type { EngineContext } from '../engine/context.ts';
import { unmarkKept } from '../state/kept.ts';
import type { Bell } from './bell.ts';
import { restartWhenDue } from './restart.ts';

/**
 * Does for one container what it needs, until it needs nothing: then its marker goes. One whose record is broken, or that
 * cannot be helped because the disk is full, is given up until a command marks it again.
 */
export async function keep(context: EngineContext, id: string, bell: Bell): Promise<void> {
  try {
    for (;;) {
      const { count } = bell;
      const record = find(context, id);
      if (record?.state.status === 'restarting') await restartWhenDue(context, record, bell, count);
      else if (await release(context, id)) return;
    }
  } catch {
    unmarkKept(context.roots, id);
  }
}

/** Removes the marker of a container that needs nothing; under its lock, because it may be about to need something. */
async function release(context: EngineContext, id: string): Promise<boolean> {
  const isDone = () => {
    if (needsKeeper(find(context, id))) return false;
    unmarkKept(context.roots, id);
    return true;
  };
  if (find(context, id) === undefined) return isDone();
  return (await withContainerLock(context, id, async () => isDone()).catch(unlessGone)) ?? isDone();
}

const needsKeeper = (record: ContainerRecord | undefined) => record?.state.status === 'restarting';

function find(context: EngineContext, id: string): ContainerRecord | undefined {
  try {
    return context.store.read(id);
  } catch (error) {
    if (isBroken(error)) return undefined;
    throw error;
  }
}
