import fs from 'node:fs';
import path from 'node:path';
import { isBroken } from '../../container/store.ts';
import type { VolumeRecord } from '../../container/volumes.ts';
import { anonymousVolumes } from '../../oci/annotations.ts';
import type { Spec } from '../../oci/runtime-spec.ts';
import { containerPaths, enginePaths } from '../../state/paths.ts';
import { setAside } from '../../state/set-aside.ts';
import type { EngineContext } from '../context.ts';
import { tellVolume } from './events.ts';

/** The directories of a removed container's anonymous volumes, without those that another container was given by name. */
export function anonymousVolumesOf(context: EngineContext, mounts: readonly VolumeRecord[]): string[] {
  const names = mounts.flatMap(({ anonymous, name }) => (anonymous && name !== undefined ? [name] : []));
  if (names.length === 0) return [];
  const used = usersOfVolumes(context);
  return names.filter(name => !used.has(name)).map(name => path.join(enginePaths(context.roots).volumes, name));
}

/**
 * Takes these volumes out of everybody's sight, each by one rename, and returns their new paths for the caller to delete. The
 * caller holds the allocation lock.
 */
export function takeVolumesAway(context: EngineContext, mounts: readonly VolumeRecord[]): string[] {
  return anonymousVolumesOf(context, mounts).flatMap(volume => {
    const gone = setAside(context.roots.root, volume);
    if (gone === undefined) return [];
    tellVolume(context.roots, 'destroy', path.basename(volume));
    return [gone];
  });
}

/** The ids of the containers that have a volume, running or not, by its name. */
export function usersOfVolumes(context: EngineContext): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>();
  for (const id of context.store.ids()) {
    const names = new Set(mountsOf(context, id).flatMap(({ name }) => name ?? []));
    for (const name of names) users.set(name, [...(users.get(name) ?? []), id]);
  }
  return users;
}

function mountsOf(context: EngineContext, id: string): VolumeRecord[] {
  try {
    return context.store.read(id)?.mounts ?? [];
  } catch (error) {
    if (isBroken(error)) return volumesOf(context, id);
    throw error;
  }
}

/**
 * A container's volumes as its config.json lists them, for a container whose record is broken; none where config.json is broken
 * as well.
 */
export function volumesOf(context: EngineContext, id: string): VolumeRecord[] {
  const { volumes } = enginePaths(context.roots);
  const { mounts = [], annotations = {} } = readSpec(containerPaths(context.roots, id).config);
  const anonymous = new Set(annotations[anonymousVolumes]?.split(' '));
  return mounts.flatMap(({ type, source, destination }) => {
    const name = path.basename(path.dirname(source));
    if (type !== 'bind' || source !== path.join(volumes, name, '_data')) return [];
    return [{ type: 'volume', name, anonymous: anonymous.has(name), source, destination, readonly: false }];
  });
}

function readSpec(config: string): Partial<Spec> {
  try {
    return JSON.parse(fs.readFileSync(config, 'utf8'));
  } catch {
    return {};
  }
}
