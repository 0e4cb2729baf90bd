import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { errnoOf } from '../errors.ts';
import { deadTemporaries, listIfPresent, readIfPresent, writeVolatile } from './files.ts';
import { enginePaths, enginesDirectory, type Roots } from './paths.ts';
import { privateDirectory } from './private.ts';

/**
 * An engine that has started a container since this machine was booted, as kept in `/run/minidock-engines/<id>.json`.
 * If its root is deleted, this entry tells what the engine left in the kernel and under /run.
 */
export interface EngineEntry {
  /** What `engine-id` in its root says: a root that was deleted and made anew is another engine's. */
  readonly id: string;
  readonly root: string;
  /** All that were given with this root. */
  readonly execRoots: readonly string[];
  readonly bridges: readonly string[];
}

/**
 * Enters the engine, before it makes anything that outlives its root, and the bridge that it is about to use; two small reads
 * where it is entered. That it cannot be entered keeps nothing from being started.
 */
export function registerEngine({ root, execRoot }: Roots, bridge?: string): void {
  try {
    const id = engineId(root);
    const known = read(id);
    if (
      known?.root === root &&
      known.execRoots.includes(execRoot) &&
      (bridge === undefined || known.bridges.includes(bridge))
    )
      return;
    const execRoots = [...new Set([...(known?.execRoots ?? []), execRoot])];
    const bridges = [...new Set([...(known?.bridges ?? []), ...(bridge === undefined ? [] : [bridge])])];
    const entry: EngineEntry = { id, root, execRoots, bridges };
    privateDirectory(enginesDirectory);
    writeVolatile(fileOf(id), `${JSON.stringify(entry, null, 2)}\n`);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/** Every engine that is entered. */
export function registeredEngines(): EngineEntry[] {
  return listIfPresent(enginesDirectory)
    .filter(name => name.endsWith('.json'))
    .flatMap(name => read(name.slice(0, -'.json'.length)) ?? []);
}

/**
 * Whether its root was deleted, or another is in its place. One that cannot be looked at is not gone, nor is one with containers
 * and without an id: the disk had no room for that.
 */
export function isGone({ id, root }: EngineEntry): boolean {
  try {
    const now = idOf(root);
    return now === undefined ? listIfPresent(enginePaths({ root, execRoot: '' }).containers).length === 0 : now !== id;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

export function forgetEngine({ id }: Pick<EngineEntry, 'id'>): void {
  fs.rmSync(fileOf(id), { force: true });
}

/** Removes the half-written entries of commands that were killed. */
export function sweepEntries(): void {
  for (const file of deadTemporaries(enginesDirectory)) fs.rmSync(file, { force: true });
}

/** A bridge that the engine does not have any more. */
export function forgetBridge({ root }: Pick<Roots, 'root'>, bridge: string): void {
  const id = idOf(root);
  const known = id === undefined ? undefined : read(id);
  if (known === undefined) return;
  const entry: EngineEntry = { ...known, bridges: known.bridges.filter(one => one !== bridge) };
  writeVolatile(fileOf(known.id), `${JSON.stringify(entry, null, 2)}\n`);
}

/** The id that is kept in the root; it is made where there is none. */
export function engineId(root: string): string {
  return idOf(root) ?? makeId(root);
}

function idOf(root: string): string | undefined {
  return readIfPresent(idFile(root))?.trim();
}

/** Of two processes that make the id at once, the first one's is kept. */
function makeId(root: string): string {
  const fresh = `${idFile(root)}.${process.pid}.tmp`;
  fs.writeFileSync(fresh, `${randomUUID()}\n`, { mode: 0o600 });
  try {
    fs.linkSync(fresh, idFile(root));
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  } finally {
    fs.rmSync(fresh);
  }
  return idOf(root)!;
}

function read(id: string): EngineEntry | undefined {
  try {
    const entry = JSON.parse(readIfPresent(fileOf(id)) ?? '') as EngineEntry;
    const lists = [entry.execRoots, entry.bridges].every(Array.isArray);
    return entry.id === id && typeof entry.root === 'string' && lists ? entry : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const idFile = (root: string) => `${root}/engine-id`;
const fileOf = (id: string) => `${enginesDirectory}/${id}.json`;
