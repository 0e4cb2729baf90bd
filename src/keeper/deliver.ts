import { observe } from '../container/observe.ts';
import type { ContainerRecord } from '../container/record.ts';
import type { EngineContext } from '../engine/context.ts';
import { Delivery } from '../engine/keeping/delivery.ts';
import { flocks } from '../host/locks.ts';
import { containerPaths } from '../state/paths.ts';
import { Bell } from './bell.ts';

/** The delay before a syslog daemon that did not answer is tried again, in milliseconds. */
const RETRY_MS = 1000;
/** The log is also checked this often, in milliseconds: inotify(7) drops events when too many come. */
const LOOK_MS = 10_000;

/** Sends the lines of a running container as they come. Whoever cleans up after it sends the last ones. */
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
