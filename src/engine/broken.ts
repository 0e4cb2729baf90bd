import fs from 'node:fs';
import path from 'node:path';
import { observe, supervisorPid } from '../container/observe.ts';
import { flocks } from '../host/locks.ts';
import type { Spec } from '../oci/runtime-spec.ts';
import { containerPaths, enginePaths } from '../state/paths.ts';
import { signals } from '../syscalls/flags.ts';
import type { EngineParts } from './context.ts';
import { unlessGone, withContainerLock } from './lock.ts';
import { cleanUp, type Remains, removeBundle } from './reap.ts';
import { endSilentSupervisor, endSupervised } from './stop.ts';

/**
 * Removes a container whose record cannot be read: ends it where it runs, gives back what it holds by what the kernel and
 * the file system say, and takes its bundle and name away. Its anonymous volumes only if config.json still names them.
 */
export async function removeBroken(parts: EngineParts, id: string, options: { volumes: boolean }): Promise<Remains> {
  const remains = remainsOf(parts, id);
  if (observe(parts.roots, id, flocks).kind === 'running')
    await endSupervised(parts, remains, { signal: signals.SIGKILL, timeoutSeconds: 10 });
  await withContainerLock(parts, id, async () => {
    if (supervisorPid(parts.roots, id) !== undefined) await endSilentSupervisor(parts, remains);
    await cleanUp(parts, remains, { remove: false });
    await removeBundle(parts, remains, options);
  }).catch(unlessGone);
  return remains;
}

function remainsOf(parts: EngineParts, id: string): Remains {
  return {
    id,
    name: parts.store.nameOf(id),
    mounts: volumesOf(parts, id),
    // It may have been on the bridge; who was not has no lease there and no rules.
    options: { network: 'bridge' },
    network: { mode: 'bridge', ports: [] },
  };
}

function volumesOf(parts: EngineParts, id: string): Remains['mounts'] {
  const { volumes } = enginePaths(parts.roots);
  return bindsOf(containerPaths(parts.roots, id).config).flatMap(({ source, destination }) => {
    const name = path.basename(path.dirname(source));
    if (source !== path.join(volumes, name, '_data')) return [];
    return [{ type: 'volume' as const, name, source, destination, readonly: false }];
  });
}

function bindsOf(config: string): { source: string; destination: string }[] {
  try {
    return (JSON.parse(fs.readFileSync(config, 'utf8')) as Spec).mounts.filter(mount => mount.type === 'bind');
  } catch {
    // Broken as well, or never written: the volumes stay, which loses nothing.
    return [];
  }
}
