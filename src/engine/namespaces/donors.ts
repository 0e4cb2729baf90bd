import fs from 'node:fs';
import { observe, type Running } from '../../container/observe.ts';
import type { ContainerOptions, ContainerRecord } from '../../container/record.ts';
import { donorsOf, type Joinable } from '../../container/rights/namespace-modes.ts';
import { errnoOf, MinidockError } from '../../errors.ts';
import { flocks } from '../../host/locks.ts';
import { containerPaths } from '../../state/paths.ts';
import type { EngineContext } from '../context.ts';

/**
 * The container whose files tell of the network that a container has: its own, or at the end of the chain that whose network
 * namespace it joins.
 */
export function networkOwner({ store }: EngineContext, id: string, options: Pick<ContainerOptions, 'network'>): string {
  let [owner, { network }] = [id, options];
  for (let donor = donorsOf({ network })[0]?.donor; donor !== undefined; donor = donorsOf({ network })[0]?.donor) {
    owner = store.resolve(donor);
    network = store.read(owner)?.options.network ?? '';
  }
  return owner;
}

/** Notes with the container whose network this one is about to share that its end does not end its network namespace. */
export function markShared(context: EngineContext, { id, options }: Pick<ContainerRecord, 'id' | 'options'>): void {
  const { sharedNetwork } = containerPaths(context.roots, networkOwner(context, id, options));
  try {
    fs.writeFileSync(sharedNetwork, '', { mode: 0o600 });
  } catch (error) {
    // It has just ended: that is told once the namespaces are held.
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** The containers whose namespaces another one joins, as they run now. */
export type Donors = Readonly<Partial<Record<Joinable, Running>>>;

/** `container:NAME` with the full id, which stays when names change. @throws {MinidockError} `no-such-container` */
export function withDonorIds(context: EngineContext, options: ContainerOptions): ContainerOptions {
  const modes = donorsOf(options).map(({ type, donor }) => [
    type === 'network' ? type : `${type}Mode`,
    `container:${context.store.resolve(donor)}`,
  ]);
  return modes.length === 0 ? options : { ...options, ...Object.fromEntries(modes) };
}

/**
 * The donors at the start of a container. One that does not run has no namespaces, and one whose IPC is its own shares none.
 *
 * @throws {MinidockError} `not-running`, `invalid-namespace`
 */
export function donorsFor(context: EngineContext, options: ContainerOptions): Donors {
  return Object.fromEntries(
    donorsOf(options).map(({ type, donor }) => {
      const id = context.store.resolve(donor);
      const seen = observe(context.roots, id, flocks);
      const prefix = type === 'ipc' ? `can't join IPC of container ${id}: ` : '';
      const reason =
        type === 'network'
          ? `cannot join network of a non running container: ${id}`
          : `${prefix}container ${id} is not running`;
      if (seen.kind !== 'running')
        throw new MinidockError('not-running', reason, {
          fix: `start it first: minidock start ${id.slice(0, 12)}`,
        });
      if (type === 'ipc' && context.store.read(id)?.options.ipcMode !== 'shareable')
        throw new MinidockError('invalid-namespace', `${prefix}non-shareable IPC`, {
          fix: 'run that container with --ipc shareable',
        });
      return [type, seen.running];
    }),
  );
}

/**
 * Asked once more when the namespaces are held: as long as the donor runs, its first process had the pid by which they were
 * found.
 */
export function expectSameDonors(context: EngineContext, options: ContainerOptions, donors: Donors): void {
  const now = donorsFor(context, options);
  for (const [type, { pid, startedAt }] of Object.entries(donors))
    if (now[type as Joinable]?.pid !== pid || now[type as Joinable]?.startedAt !== startedAt)
      throw new MinidockError(
        'not-running',
        `the container whose ${type} namespace is joined was restarted meanwhile`,
        {
          fix: 'run the command again',
        },
      );
}
