import fs from 'node:fs';
import path from 'node:path';
import { cgroupDriver } from '../../cgroup/choose.ts';
import type { CgroupDriver } from '../../cgroup/driver.ts';
import { errnoOf, MinidockError } from '../../errors.ts';
import { readCgroupLayout } from '../../host/cgroup-layout.ts';
import { aliasOf, removeNetwork } from '../../network/bridge.ts';
import { type EngineEntry, forgetEngine, isGone, registeredEngines, sweepEntries } from '../../state/engines.ts';
import { listIfPresent, readIfPresent } from '../../state/files.ts';
import { cgroupParent, type Roots } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { asidePrefix } from '../../state/set-aside.ts';
import type { Remains } from '../nouns/system.ts';

/**
 * Removes what engines left on this machine whose root was deleted: bridges, rules, cgroups, exec-roots. What another engine
 * uses as well stays. Of an engine whose processes still run nothing is removed, and what cannot be removed of one does not
 * stop the others. `own` is the engine that does it.
 */
export async function pruneRemains(own: Roots): Promise<Remains> {
  const engines = registeredEngines();
  const living = engines.filter(one => !isGone(one));
  const removed: EngineEntry[] = [];
  const kept: { root: string; pids: number[] }[] = [];
  const networks: string[] = [];
  const failures: { root: string; reason: string }[] = [];
  const remove = async (engine: EngineEntry): Promise<void> => {
    const group = cgroupParent({ root: engine.root, execRoot: '' });
    const cgroups = living.some(({ root }) => root === engine.root) ? undefined : driver(group);
    const pids = cgroups?.pids(group) ?? [];
    if (pids.length > 0) {
      kept.push({ root: engine.root, pids });
      return;
    }
    const bridges = engine.bridges.filter(bridge => !living.some(one => one.bridges.includes(bridge)));
    for (const bridge of bridges) if (await removeBridge(engine, bridge)) networks.push(bridge);
    await cgroups?.remove(group);
    const execRoots = engine.execRoots.filter(folder => !living.some(one => one.execRoots.includes(folder)));
    for (const folder of execRoots) clear(folder, folder === own.execRoot);
    forgetEngine(engine);
    removed.push(engine);
  };
  sweepEntries();
  for (const engine of engines.filter(isGone))
    await remove(engine).catch((error: Error) => {
      failures.push({ root: engine.root, reason: error.message });
    });
  return { networks, roots: removed.map(({ root }) => root), kept, failures };
}

function driver(group: string): CgroupDriver | undefined {
  const layout = readCgroupLayout(group);
  return layout.kind === 'none' ? undefined : cgroupDriver(layout);
}

/**
 * Returns whether there was a bridge. A bridge of this name that another program made since is left, with its rules.
 */
async function removeBridge(engine: EngineEntry, bridge: string): Promise<boolean> {
  const exists = fs.existsSync(`/proc/sys/net/ipv4/conf/${bridge}`);
  const alias = readIfPresent(`/sys/class/net/${bridge}/ifalias`)?.replace(/\n$/, '');
  if (exists && alias !== aliasOf(engine)) return false;
  try {
    await removeNetwork(engine, bridge);
  } catch (error) {
    // Without a network there are no rules either: the engine only had containers without the bridge.
    if (exists || !(error instanceof MinidockError) || error.code !== 'iptables-missing') throw error;
  }
  return exists;
}

const isOfContainer = (name: string) => /^[0-9a-f]{12}$/.test(name) || name.startsWith(asidePrefix);

/** What an engine puts into its exec-root. Where anything else is in it, that stays. */
const isOfEngine = (name: string) =>
  isOfContainer(name) || /^(keeper\.(lock|json)|kept|events\.jsonl(\.1)?)$/.test(name);

function clear(execRoot: string, isOwn: boolean): void {
  const names = listIfPresent(execRoot).filter(isOwn ? isOfContainer : isOfEngine);
  for (const name of names) removeTree(path.join(execRoot, name));
  if (isOwn) return;
  try {
    fs.rmdirSync(execRoot);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EBUSY'].includes(errnoOf(error) ?? '')) throw error;
  }
}
