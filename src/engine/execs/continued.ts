import { MinidockError } from '../../errors.ts';
import { steadyNow } from '../../host/clock.ts';
import { isStopped } from '../../host/process.ts';
import type { Shim } from '../../syscalls/shim.ts';
import { signals } from '../../syscalls/uapi/flags.ts';

/** How often a process on its way into a container is looked at, in milliseconds; most are inside before the first time. */
const LOOK_MS = 50;
/** After this time a process that is stopped again and again is killed. */
const PATIENCE_MS = 10_000;

/**
 * Waits for a process on its way into a container. From its first moment it is in the container's PID namespace, where any
 * process of its user can stop it with SIGSTOP: until it has become the command it is continued. Throws `child-died` where that
 * does not help.
 */
export async function continued(shim: Shim, promise: Promise<void>): Promise<void> {
  const deadline = steadyNow() + PATIENCE_MS;
  let killed = false;
  const timer = setInterval(() => {
    if (!isStopped(shim.pid)) return;
    killed = steadyNow() > deadline;
    shim.client.signal(killed ? signals.SIGKILL : signals.SIGCONT);
  }, LOOK_MS);
  try {
    await promise;
  } catch (error) {
    if (!killed) throw error;
    throw new MinidockError(
      'child-died',
      'the container stops every process that enters it before its command begins',
      {
        fix: 'a process inside sends SIGSTOP to all others: stop the container',
        cause: error,
      },
    );
  } finally {
    clearInterval(timer);
  }
}
