import fs from 'node:fs';
import path from 'node:path';
import { isBroken } from '../../container/store.ts';
import type { VolumeRecord } from '../../container/volumes.ts';
import { anonymousVolumes } from '../../oci/annotations.ts';
import type { Spec } from '../../oci/runtime-spec.ts';
import { containerPaths, enginePaths } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { EngineParts } from '../context.ts';

/** Removes those of a removed container's volumes that are anonymous, unless another container was given one by its name. */
export function removeAnonymous(parts: EngineParts, mounts: readonly VolumeRecord[]): void {
  const names = mounts.flatMap(({ anonymous, name }) => (anonymous && name !== undefined ? [name] : []));
  if (names.length === 0) return;
  const used = new Set(parts.store.ids().flatMap(id => mountsOf(parts, id).map(({ name }) => name)));
  for (const name of names) if (!used.has(name)) removeTree(path.join(enginePaths(parts.roots).volumes, name));
}

function mountsOf(parts: EngineParts, id: string): VolumeRecord[] {
  try {
    return parts.store.read(id)?.mounts ?? [];
  } catch (error) {
    if (isBroken(error)) return volumesOf(parts, id);
    throw error;
  }
}

/** A container's volumes by its config.json, for when its record is broken; none where that is broken as well. */
export function volumesOf(parts: EngineParts, id: string): VolumeRecord[] {
  const { volumes } = enginePaths(parts.roots);
  const { mounts = [], annotations = {} } = readSpec(containerPaths(parts.roots, id).config);
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
