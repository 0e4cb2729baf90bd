import type { ContainerRecord } from '../../../container/record.ts';
import type { EngineContext } from '../../context.ts';
import { isServedByKeeper } from '../../keeping/served.ts';
import { release } from '../../keeping/stopped.ts';
import type { LaunchedProcess, LaunchOptions } from '../../processes.ts';
import { tell } from '../events.ts';
import { withContainerLock } from '../lock.ts';
import { settle, startSettled } from '../start.ts';
import { type Ending, endSupervised, isRunning } from '../stop.ts';

/**
 * Stops a container as `stopContainer` does, where it runs, and starts it, all under its lock: a container of `--rm` stays
 * although it ends in between, as in Docker. Should this process be killed in between, one with a restart policy does not count as
 * stopped: its policy, or the keeper, starts it.
 */
export async function restartContainer(
  context: EngineContext,
  record: ContainerRecord,
  ending: Ending,
  options: LaunchOptions,
): Promise<LaunchedProcess> {
  return await withContainerLock(context, record.id, async () => {
    const wasRunning = isRunning(context, record);
    if (wasRunning) await endSupervised(context, record, { ...ending, isForStart: true });
    await settle(context, record.id, { keep: true });
    if (wasRunning) tell(context, record, 'stop');
    try {
      const process = await startSettled(context, record.id, options);
      tell(context, record, 'restart');
      return process;
    } finally {
      // Nobody else need start it any more.
      if (record.options.restart !== undefined && !isServedByKeeper(record)) release(context.roots, record.id);
    }
  });
}
