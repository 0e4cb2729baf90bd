import type { ContainerRecord } from '../../../container/record.ts';
import { signals } from '../../../syscalls/uapi/flags.ts';
import { signalNumber } from '../../../syscalls/uapi/signals.ts';
import type { EngineContext } from '../../context.ts';
import { cancelRestart, endFor } from '../../keeping/stopped.ts';
import { connectRunning } from '../attach.ts';
import { tell } from '../events.ts';
import { stopContainer } from '../stop.ts';
import { resume } from './pause.ts';
import { runningOf } from './states.ts';

/**
 * Sends a signal to the first process; after SIGKILL it resolves when the container is down and cleaned up. As in Docker a paused
 * container is let go on, unless another signal than this one is named as the one that stops it; one that waits for its restart
 * is not started again. Throws `not-running`.
 */
export async function killContainer(context: EngineContext, record: ContainerRecord, signal: number): Promise<void> {
  const stopSignal = signalNumber(record.config.StopSignal ?? 'SIGTERM');
  if (record.state.status === 'restarting') return await cancelRestart(context, record.id);
  runningOf(context, record);
  if (signal === signals.SIGKILL) {
    await stopContainer(context, record, { signal, timeoutSeconds: 10 });
    return;
  }
  const { client, close } = await connectRunning(context, record);
  if (signal === stopSignal) await endFor(context.roots, record, {}, () => client.signal(signal));
  else client.signal(signal);
  close();
  if (record.config.StopSignal === undefined || signal === stopSignal) await resume(context, record);
  tell(context, record, 'kill', { signal: String(signal) });
}
