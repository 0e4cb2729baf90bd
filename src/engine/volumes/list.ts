import fs from 'node:fs';
import path from 'node:path';
import { readNotes } from '../../container/volume-notes.ts';
import { MinidockError } from '../../errors.ts';
import { listIfPresent } from '../../state/files.ts';
import { enginePaths } from '../../state/paths.ts';
import type { EngineContext } from '../context.ts';
import type { Volume } from '../nouns/volumes.ts';
import { usersOfVolumes } from './in-use.ts';

/** All volumes, by name. */
export function listVolumes(context: EngineContext): Volume[] {
  const { volumes } = enginePaths(context.roots);
  const users = usersOfVolumes(context);
  return listIfPresent(volumes)
    .filter(name => !name.startsWith('.'))
    .sort()
    .flatMap(name => look(volumes, name, users) ?? []);
}

/** Throws `no-such-volume`. */
export function findVolume(context: EngineContext, name: string): Volume {
  const { volumes } = enginePaths(context.roots);
  // A name with a slash would be a path.
  const isName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name);
  const volume = isName ? look(volumes, name, usersOfVolumes(context)) : undefined;
  if (volume === undefined) throw noSuchVolume(name);
  return volume;
}

export function noSuchVolume(name: string): MinidockError {
  return new MinidockError('no-such-volume', `No such volume: ${name}`, { fix: '`minidock volume ls` lists them' });
}

/** Undefined where there is no volume of this name. */
function look(volumes: string, name: string, users: ReadonlyMap<string, readonly string[]>): Volume | undefined {
  const folder = path.join(volumes, name);
  const mountpoint = path.join(folder, '_data');
  const stats = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stats === undefined || !fs.existsSync(mountpoint)) return undefined;
  // Where the file system keeps no time of birth, `birthtime` is 1970 or the time of the last change.
  const born = stats.birthtimeMs > 0 ? stats.birthtime : stats.ctime;
  return {
    name,
    mountpoint,
    created: born.toISOString().replace(/\.\d+/, ''),
    ...readNotes(folder),
    containers: users.get(name) ?? [],
  };
}
