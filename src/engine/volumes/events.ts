import type { ContainerRecord } from '../../container/record.ts';
import type { VolumeRecord } from '../../container/volumes.ts';
import { recordEvent } from '../../state/journal.ts';
import type { Roots } from '../../state/paths.ts';

const driver = 'local';

/** Writes into the journal that a volume was made or removed, in the words of `docker events`. */
export function tellVolume(roots: Roots, action: 'create' | 'destroy', name: string): void {
  recordEvent(roots, { type: 'volume', action, id: name, attributes: { driver } });
}

/** Writes into the journal that a container mounts its volumes. */
export function tellMounted(roots: Roots, { id, mounts }: Pick<ContainerRecord, 'id' | 'mounts'>): void {
  for (const { name, destination, readonly, propagation = '' } of volumesIn(mounts))
    recordEvent(roots, {
      type: 'volume',
      action: 'mount',
      id: name,
      attributes: { container: id, destination, driver, propagation, 'read/write': String(!readonly) },
    });
}

/** Writes into the journal that a container has unmounted its volumes. */
export function tellUnmounted(roots: Roots, { id, mounts }: Pick<ContainerRecord, 'id' | 'mounts'>): void {
  for (const { name } of volumesIn(mounts))
    recordEvent(roots, { type: 'volume', action: 'unmount', id: name, attributes: { container: id, driver } });
}

const volumesIn = (mounts: readonly VolumeRecord[]) =>
  mounts.filter((one): one is VolumeRecord & { name: string } => one.type === 'volume' && one.name !== undefined);
