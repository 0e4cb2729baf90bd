import { startsAtBoot } from '../../container/keeping/restart.ts';
import { observe } from '../../container/observe.ts';
import { flocks } from '../../host/locks.ts';
import { unlessGone, withContainerLock } from '../containers/lock.ts';
import { reap } from '../containers/reap.ts';
import { startLocked } from '../containers/start.ts';
import type { EngineContext } from '../context.ts';
import type { Started } from '../nouns/system.ts';

/** How many are started at once: most of a start is the kernel's. */
const AT_ONCE = 4;

/**
 * Starts the containers whose restart policy wants them to run after a boot; those that run already are left alone. Restarts
 * are counted from 0 again. A container that cannot be started does not keep the others from it.
 */
export async function startPolicies(context: EngineContext): Promise<Started> {
  const waiting = context.store.ids();
  const started: string[] = [];
  const failures: { name: string; reason: string }[] = [];
  const work = async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop())
      try {
        const name = await startIfWanted(context, id);
        if (name !== undefined) started.push(name);
      } catch (error) {
        failures.push({ name: context.store.nameOf(id) || id.slice(0, 12), reason: (error as Error).message });
      }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { started: started.sort(), failures };
}

async function startIfWanted(context: EngineContext, id: string): Promise<string | undefined> {
  return await withContainerLock(context, id, async () => {
    await reap(context, id);
    const record = context.store.read(id);
    if (record === undefined || !startsAtBoot(record.options.restart, record.state)) return undefined;
    if (observe(context.roots, id, flocks).kind !== 'settled') return undefined;
    const process = await startLocked(context, id, { streams: undefined });
    process.detach();
    return record.name;
  }).catch(unlessGone);
}
