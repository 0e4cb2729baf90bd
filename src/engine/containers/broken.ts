import { observe, supervisorPid } from '../../container/observe.ts';
import { flocks } from '../../host/locks.ts';
import { listDefinitions } from '../../network/definition.ts';
import { signals } from '../../syscalls/uapi/flags.ts';
import type { EngineContext } from '../context.ts';
import { volumesOf } from '../volumes/in-use.ts';
import { unlessGone, withContainerLock } from './lock.ts';
import { cleanUp, type Remains } from './reap.ts';
import { endSilentSupervisor, endSupervised } from './stop.ts';

/**
 * Removes a container whose record cannot be read: ends it if it runs, gives back what it holds as far as the kernel
 * and the file system show it, and removes its bundle and name. Its anonymous volumes are removed only if config.json
 * still names them.
 */
export async function removeBroken(
  context: EngineContext,
  id: string,
  options: { volumes: boolean },
): Promise<Remains> {
  const remains = remainsOf(context, id);
  if (observe(context.roots, id, flocks).kind === 'running')
    await endSupervised(context, remains, { signal: signals.SIGKILL, timeoutSeconds: 2 });
  await withContainerLock(context, id, async () => {
    if (supervisorPid(context.roots, id) !== undefined) await endSilentSupervisor(context, remains);
    await cleanUp(context, remains, options);
  }).catch(unlessGone);
  return remains;
}

function remainsOf(context: EngineContext, id: string): Remains {
  const defined = listDefinitions(context.roots).map(one => ({
    network: one.name,
    networkId: one.id,
    bridge: one.bridge,
  }));
  return {
    id,
    name: context.store.nameOf(id),
    mounts: volumesOf(context, id),
    // The container may have been on any network. On the others it has no lease and no rules, and nothing is removed.
    options: {},
    network: { mode: 'bridge', endpoints: [{ network: 'bridge' }, ...defined], ports: [] },
  };
}
