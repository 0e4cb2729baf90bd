import fs from 'node:fs';
import path from 'node:path';
import { isAlive, parseIdentity } from '../../host/process.ts';
import { removeBridge } from '../../network/bridge.ts';
import type { NetworkDefinition } from '../../network/definition.ts';
import { networkDirectory, networksDirectory } from '../../network/network.ts';
import { forgetBridge } from '../../state/engines.ts';
import { listIfPresent, readIfPresent } from '../../state/files.ts';
import { withLock } from '../../state/lock.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { EngineContext } from '../context.ts';

/** Removes a network that no container has used. */
export async function takeNetworkAway(context: EngineContext, definition: NetworkDefinition): Promise<void> {
  setNetworkAside(context, definition);
  await finishRemoval(context, definition.id);
}

/**
 * Takes the network out of everybody's sight by one rename. Where this command is killed after it, a later one removes the
 * rest.
 */
export function setNetworkAside({ roots }: EngineContext, { id }: NetworkDefinition): void {
  fs.renameSync(networkDirectory(roots, id), path.join(networksDirectory(roots), gone + id));
}

const gone = '.gone-';

/** Removes networks that killed commands left half removed or half made. */
export async function finishRemovals(context: EngineContext): Promise<void> {
  const directory = networksDirectory(context.roots);
  for (const name of listIfPresent(directory)) {
    if (name.startsWith(gone)) await finishRemoval(context, name.slice(gone.length));
    const maker = name.startsWith('.new-') ? parseIdentity(name.slice('.new-'.length)) : undefined;
    if (maker !== undefined && !isAlive(maker)) removeTree(path.join(directory, name));
  }
}

/** Idempotent. A lock lets one command at a time do it. */
export async function finishRemoval(context: EngineContext, id: string): Promise<void> {
  const directory = path.join(networksDirectory(context.roots), gone + id);
  await withLock(
    path.join(directory, 'lock'),
    async () => {
      const { bridge } = JSON.parse(readIfPresent(path.join(directory, 'network.json')) ?? '{}') as { bridge?: string };
      if (bridge !== undefined) {
        await removeBridge(bridge);
        forgetBridge(context.roots, bridge);
      }
      removeTree(directory);
    },
    { parentMustExist: true },
  ).catch(error => {
    // Another command has finished it.
    if (fs.existsSync(directory)) throw error;
  });
}
