import type { ContainerRecord } from '../../container/record.ts';
import { tell } from '../containers/events.ts';
import { endingOf, stopContainer } from '../containers/stop.ts';
import type { EngineContext } from '../context.ts';
import type { Stopped } from '../nouns/system.ts';

/**
 * Stops containers before the machine goes down, all at once: each gets its own signal and time. No user asked for it, so their
 * restart policies start them again at the next boot. One that does not end does not stop the others.
 */
export async function stopAll(context: EngineContext, containers: readonly ContainerRecord[]): Promise<Stopped> {
  const stopped: string[] = [];
  const failures: { name: string; reason: string }[] = [];
  const stop = async (record: ContainerRecord) => {
    try {
      const ran = await stopContainer(context, record, { ...endingOf(record), by: 'machine' });
      if (ran) tell(context, record, 'stop');
      stopped.push(record.name);
    } catch (error) {
      failures.push({ name: record.name, reason: (error as Error).message });
    }
  };
  await Promise.all(containers.map(stop));
  return { stopped: stopped.sort(), failures };
}
