import { observe, type Running } from '../../container/observe.ts';
import type { ContainerOptions } from '../../container/record.ts';
import { donorsOf, type Joinable } from '../../container/rights/namespace-modes.ts';
import { MinidockError } from '../../errors.ts';
import { flocks } from '../../host/locks.ts';
import type { EngineContext } from '../context.ts';

/** The containers whose namespaces another one joins, as they run now. */
export type Donors = Readonly<Partial<Record<Joinable, Running>>>;

/** `container:NAME` with the full id, which stays when names change. @throws {MinidockError} `no-such-container` */
export function withDonorIds(context: EngineContext, options: ContainerOptions): ContainerOptions {
  const modes = donorsOf(options).map(({ type, donor }) => [
    `${type}Mode`,
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
      if (seen.kind !== 'running')
        throw new MinidockError('not-running', `${prefix}container ${id} is not running`, {
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
