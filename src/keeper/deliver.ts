import { observe } from '../container/observe.ts';
import type { ContainerRecord } from '../container/record.ts';
import type { EngineContext } from '../engine/context.ts';
import { Delivery } from '../engine/keeping/delivery.ts';
import { flocks } from '../host/locks.ts';
import { containerPaths } from '../state/paths.ts';
import { Bell } from './bell.ts';

/** How long it waits before it asks a syslog daemon again that did not answer, in milliseconds. */
const RETRY_MS = 1000;
/** A look without a cause now and then: inotify(7) loses what comes in masses. */
const LOOK_MS = 10_000;

/** Sends the lines of a running container as they come. The last ones are sent by whoever cleans up after it. */
export async function deliverWhileRunning(context: EngineContext, record: ContainerRecord): Promise<void> {
  const delivery = new Delivery(context, record);
  const bell = new Bell(containerPaths(context.roots, record.id).bundle);
  try {
    while (observe(context.roots, record.id, flocks).kind === 'running') {
      const { count } = bell;
      const isDone = await delivery.deliver().then(
        () => true,
        () => false,
      );
      if (isDone) await bell.after(count, LOOK_MS);
      else await new Promise(resolve => setTimeout(resolve, RETRY_MS));
    }
  } finally {
    bell.close();
    delivery.close();
  }
}
