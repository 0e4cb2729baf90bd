import { observe } from '../../container/observe.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { MinidockError } from '../../errors.ts';
import { flocks } from '../../host/locks.ts';
import { signals } from '../../syscalls/uapi/flags.ts';
import type { EngineContext } from '../context.ts';
import { cancelRestart } from '../keeping/stopped.ts';
import { unlessGone, withContainerLock } from './lock.ts';
import { reap, removeBundle } from './reap.ts';
import { dismissSupervisor, type Ending, endSilentSupervisor, endSupervised, supervisorGone } from './stop.ts';

/** Removes a container: its bundle, its name, and with `volumes` those that were made for it. Throws `container-running`. */
export async function removeContainer(
  context: EngineContext,
  record: ContainerRecord,
  { force, volumes }: { force: boolean; volumes: boolean },
): Promise<void> {
  if (record.state.status === 'restarting') {
    if (!force) throw cannotRemove(record);
    await cancelRestart(context, record.id);
  }
  const seen = observe(context.roots, record.id, flocks);
  if (seen.kind === 'running') {
    if (!force) throw cannotRemove(record);
    await endSupervised(context, record, atOnce);
  }
  if (seen.kind === 'ended' && seen.supervised) await dismissSupervisor(context, record);
  await withContainerLock(context, record.id, async () => {
    // How it ended is not written down: the record goes.
    if (await reap(context, record.id, { remove: { volumes } })) return;
    // The container may have been started again meanwhile, or its starting command was killed. Without the bundle
    // nobody could end it any more.
    const { kind } = observe(context.roots, record.id, flocks);
    if (kind === 'running' && !force) throw cannotRemove(record);
    if (kind === 'running') await endSupervised(context, record, atOnce);
    if (kind === 'starting') await endSilentSupervisor(context, record);
    if (kind === 'running' || kind === 'starting') await reap(context, record.id, { remove: { volumes } });
    else await removeBundle(context, record, { volumes });
  }).catch(unlessGone);
  if (seen.kind === 'running') await supervisorGone(seen.running.supervisor);
}

const atOnce: Ending = { signal: signals.SIGKILL, timeoutSeconds: 2, isRemoved: true };

function cannotRemove(record: ContainerRecord): MinidockError {
  if (record.state.paused)
    return new MinidockError(
      'container-running',
      `You cannot remove a paused container ${record.id}. Unpause and then stop the container before attempting removal or force remove`,
      { fix: `minidock rm -f ${record.name}` },
    );
  return new MinidockError(
    'container-running',
    `You cannot remove a ${record.state.status === 'restarting' ? 'restarting' : 'running'} container ${record.id}. Stop the container before attempting removal or force remove`,
    { fix: `minidock rm -f ${record.name}` },
  );
}
