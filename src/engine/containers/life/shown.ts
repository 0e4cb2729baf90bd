import { isFrozen, type Observation, type Running } from '../../../container/observe.ts';
import type { ContainerRecord } from '../../../container/record.ts';
import { HeldProcess } from '../../../host/held-process.ts';
import { containerPaths, type Roots } from '../../../state/paths.ts';
import { hasRested, isSame, type Stamp, stampOf } from '../../../state/stamp.ts';

/** A container as it was looked at; `seen` is missing where it was brought to rest thereby. */
export interface Looked {
  readonly record: ContainerRecord;
  readonly seen?: Observation;
}

/** A container that was looked at, and what must be as it was then. */
interface Known {
  readonly paths: readonly string[];
  readonly stamp: Stamp;
  readonly record: ContainerRecord;
  readonly running?: { readonly supervisor: HeldProcess; readonly of: Running };
}

/** How many containers are remembered. */
const most = 1024;

/**
 * Containers as a process that lists them again and again, a daemon, saw them last. The files stay the truth, since other processes
 * change them: a container is looked at anew unless its record and its run directory are as they were, its supervisor lives, and it is
 * as frozen as it was. All that is in a run directory (exit, health, the identity of the supervisor) comes by a new name or by rename,
 * which the directory's stamp tells.
 */
export class Shown {
  readonly #known = new Map<string, Known>();

  constructor(private readonly roots: Roots) {}

  /** The record is shared with later answers: nobody may change it. */
  async get(id: string, look: () => Promise<Looked | undefined>): Promise<ContainerRecord | undefined> {
    const known = this.#known.get(id);
    const paths = known?.paths ?? pathsOf(this.roots, id);
    const now = Date.now();
    const stamp = stampOf(paths);
    if (stamp !== undefined && known !== undefined && isSame(known.stamp, stamp) && isStill(known)) return known.record;
    const looked = await look();
    this.#forget(id);
    if (looked?.seen !== undefined && stamp !== undefined && hasRested(stamp, now))
      this.#keep(id, paths, stamp, looked.record, looked.seen);
    return looked?.record;
  }

  /** Forgets all but these. */
  retain(ids: readonly string[]): void {
    const there = new Set(ids);
    for (const id of [...this.#known.keys()]) if (!there.has(id)) this.#forget(id);
  }

  /** Only what rests or runs: everything between changes at once. */
  #keep(id: string, paths: readonly string[], stamp: Stamp, record: ContainerRecord, seen: Observation): void {
    if (this.#known.size >= most) return;
    if (seen.kind === 'settled') this.#known.set(id, { paths, stamp, record });
    if (seen.kind !== 'running') return;
    const supervisor = HeldProcess.of(seen.running.supervisor);
    if (supervisor !== undefined)
      this.#known.set(id, { paths, stamp, record, running: { supervisor, of: seen.running } });
  }

  #forget(id: string): void {
    this.#known.get(id)?.running?.supervisor.close();
    this.#known.delete(id);
  }
}

function pathsOf(roots: Roots, id: string): readonly string[] {
  const { record, run } = containerPaths(roots, id);
  return [record, run];
}

function isStill({ running, record }: Known): boolean {
  if (running === undefined) return true;
  return running.supervisor.isAlive() && isFrozen(running.of) === (record.state.paused === true);
}
