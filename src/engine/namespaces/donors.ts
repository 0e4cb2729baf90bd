import fs from 'node:fs';
import { observe, type Running } from '../../container/observe.ts';
import type { ContainerOptions, ContainerRecord } from '../../container/record.ts';
import { donorsOf, type Joinable } from '../../container/rights/namespace-modes.ts';
import { errnoOf, MinidockError } from '../../errors.ts';
import { flocks } from '../../host/locks.ts';
import { containerPaths } from '../../state/paths.ts';
import type { EngineContext } from '../context.ts';

/**
 * The id of the container that owns the network namespace: the container itself, or the last one of the chain of `--network
 * container:`.
 */
export function networkOwner({ store }: EngineContext, id: string, options: Pick<ContainerOptions, 'network'>): string {
  let [owner, { network }] = [id, options];
  for (let donor = donorsOf({ network })[0]?.donor; donor !== undefined; donor = donorsOf({ network })[0]?.donor) {
    owner = store.resolve(donor);
    network = store.read(owner)?.options.network ?? '';
  }
  return owner;
}

/** Marks the container whose network this one is about to share: its network namespace will outlive it. */
export function markShared(context: EngineContext, { id, options }: Pick<ContainerRecord, 'id' | 'options'>): void {
  const { sharedNetwork } = containerPaths(context.roots, networkOwner(context, id, options));
  try {
    fs.writeFileSync(sharedNetwork, '', { mode: 0o600 });
  } catch (error) {
    // The donor has just ended. `expectSameDonors` reports that once the namespaces are held.
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
 * The donors at the start of a container.
 *
 * @throws {MinidockError} `not-running` where a donor does not run, `invalid-namespace` where its IPC namespace is private
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
 * Checks the donors again when their namespaces are held. A donor that still runs since the same moment had its first process
 * all the time, so the pid by which the namespaces were found was not another process's.
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
