import type { VolumeRecord } from '../../container/volumes.ts';
import { MinidockError } from '../../errors.ts';
import type { EngineContext } from '../context.ts';

const modes: readonly ReadonlySet<string>[] = [
  new Set(['ro', 'rw']),
  new Set(['z', 'Z']),
  new Set(['consistent', 'cached', 'delegated']),
];

/**
 * The mounts that a container takes over from those of `--volumes-from`. A volume that was made for one of them is removed with
 * the last container that has it, as in Docker. Of several mounts at one destination the last counts.
 *
 * @throws {MinidockError} `no-such-container`, `invalid-volume`
 */
export function volumesFrom(context: EngineContext, asked: readonly string[] = []): VolumeRecord[] {
  const found = new Map<string, VolumeRecord>();
  for (const one of asked) {
    const { container, readonly } = read(one);
    const record = context.store.read(context.store.resolve(container));
    for (const mount of record?.mounts ?? [])
      found.set(mount.destination, { ...mount, mode: '', readonly: mount.readonly || readonly });
  }
  return [...found.values()];
}

function read(given: string): { container: string; readonly: boolean } {
  if (given === '') throw new MinidockError('invalid-volume', 'volumes-from specification cannot be an empty string');
  const [container = '', ...rest] = given.split(':');
  const mode = rest.join(':');
  const words = rest.length === 0 ? [] : mode.split(',');
  const isValid =
    words.every(word => modes.some(kind => kind.has(word))) &&
    modes.every(kind => words.filter(word => kind.has(word)).length < 2);
  if (!isValid)
    throw new MinidockError('invalid-volume', `invalid mode: ${mode}`, {
      fix: 'write CONTAINER:ro, or CONTAINER alone',
    });
  return { container, readonly: words.includes('ro') };
}
