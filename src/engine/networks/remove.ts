import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../../errors.ts';
import { hasLabels } from '../../image/match.ts';
import { holdersOf } from '../../network/addresses.ts';
import { findDefinition, listDefinitions, type NetworkDefinition } from '../../network/definition.ts';
import { networkDirectory } from '../../network/network.ts';
import { predefinedCalled } from '../../network/predefined.ts';
import { wakeKeeper } from '../../state/kept.ts';
import { withLock } from '../../state/lock.ts';
import { enginePaths } from '../../state/paths.ts';
import { bringToRest } from '../containers/reap.ts';
import type { EngineContext } from '../context.ts';
import type { NetworkPruneFilter } from '../nouns/networks.ts';
import { tellPruned } from '../system/pruned.ts';
import { tellNetwork } from './events.ts';
import { finishRemoval, finishRemovals, setNetworkAside } from './gone.ts';
import { settleConnections } from './live/connect.ts';

/** Removes one network. Throws `predefined-network`, `network-in-use`, `no-such-network`. */
export async function removeNetwork(context: EngineContext, reference: string): Promise<void> {
  await finishRemovals(context);
  const own = predefinedCalled(context.roots, reference);
  if (own !== undefined)
    throw new MinidockError('predefined-network', `${own} is a pre-defined network and cannot be removed`);
  const definition = findDefinition(context.roots, reference);
  const missing = () =>
    new MinidockError('no-such-network', `No such network: ${reference}`, { fix: '`minidock network ls` lists them' });
  if (definition === undefined) throw missing();
  if (!(await takeIfUnused(context, definition))) throw isThere(context, definition) ? inUse(definition) : missing();
  tellNetwork(context, definition, 'destroy');
}

/** Removes the networks that no running container is connected to and that meet the filter. */
export async function pruneNetworks(
  context: EngineContext,
  { labels = [], withoutLabels = [], until = [] }: NetworkPruneFilter,
): Promise<{ names: string[] }> {
  await finishRemovals(context);
  const names: string[] = [];
  for (const definition of listDefinitions(context.roots)) {
    const labelled = { config: { Labels: { ...definition.labels } } };
    const isMeant =
      hasLabels(labelled, labels) &&
      !withoutLabels.some(label => hasLabels(labelled, [label])) &&
      until.every(time => Date.parse(definition.created) < time);
    if (!isMeant || !(await takeIfUnused(context, definition))) continue;
    tellNetwork(context, definition, 'destroy');
    names.push(definition.name);
  }
  tellPruned(context.roots, 'network', 0);
  return { names };
}

const isThere = ({ roots }: EngineContext, { id }: NetworkDefinition) => fs.existsSync(networkDirectory(roots, id));

/** Whether the network was removed here: no running container is connected to it, and no other command was quicker. */
async function takeIfUnused(context: EngineContext, definition: NetworkDefinition): Promise<boolean> {
  const directory = networkDirectory(context.roots, definition.id);
  const holders = () => holdersOf({ directory }).filter(bundle => fs.existsSync(bundle));
  // Containers that have ended and were not cleaned up still hold their addresses, and so does a connection that was cut short.
  for (const bundle of holders()) {
    await bringToRest(context, path.basename(bundle));
    await settleConnections(context, path.basename(bundle));
  }
  const { allocation } = enginePaths(context.roots);
  const isTaken = await withLock(allocation, () => {
    if (holders().length > 0 || !isThere(context, definition)) return false;
    setNetworkAside(context, definition);
    return true;
  });
  if (isTaken) {
    await finishRemoval(context, definition.id);
    // The keeper then stops answering names at the network's gateway.
    wakeKeeper(context.roots);
  }
  return isTaken;
}

function inUse({ name, id }: NetworkDefinition): MinidockError {
  return new MinidockError(
    'network-in-use',
    `error while removing network: network ${name} id ${id} has active endpoints`,
    { fix: `minidock network inspect ${name} lists its containers: disconnect or stop them first` },
  );
}
