import fs from 'node:fs';
import { observe } from '../container/observe.ts';
import type { ContainerRecord } from '../container/record.ts';
import { isBroken } from '../container/store.ts';
import type { EngineContext } from '../engine/context.ts';
import { namedContainer, namedNetworks } from '../engine/networks/names.ts';
import { steadyNow } from '../host/clock.ts';
import { flocks } from '../host/locks.ts';
import type { Asker } from '../network/dns/answer.ts';
import { Directory, type NamedContainer } from '../network/dns/directory.ts';
import { containerPaths, enginePaths } from '../state/paths.ts';

/** How long, in milliseconds, records are trusted while the journal does not change. */
const TRUSTED_MS = 1000;

/**
 * The directory of names, read from the records and kept until they change. Each command that changes a record tells of it in the
 * journal afterwards: the journal's size shows whether that happened, for one stat(2) a query. A command that was killed in between told
 * nothing, so once a second the records' own times are looked at, and whether the containers that are asked for still run.
 */
export class KnownContainers {
  readonly #context: EngineContext;
  readonly #records = new Map<string, { stamp: string; container: NamedContainer | undefined }>();
  #directory: Directory | undefined;
  #journal = '';
  #checked = 0;
  /** Whether the containers in answers still run, as seen since the last refresh. */
  readonly #runs = new Map<string, boolean>();

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** The asker at this address. A container may ask before the event of its start is written: then its record is looked for. */
  askerAt(address: string): Asker | undefined {
    return this.#now().askerAt(address) ?? this.#now({ look: true }).askerAt(address);
  }

  /** The current names. */
  #now({ look = false } = {}): Directory {
    const now = steadyNow();
    const journal = stampOf(enginePaths(this.#context.roots).journal) ?? '';
    const isTrusted = !look && journal === this.#journal && now - this.#checked < TRUSTED_MS;
    if (this.#directory && isTrusted) return this.#directory;
    this.#journal = journal;
    this.#checked = now;
    this.#runs.clear();
    if (this.#refresh() || this.#directory === undefined) this.#directory = this.#arrange();
    return this.#directory;
  }

  /** Forgets the directory, since the networks have changed: it is built again. */
  forget(): void {
    this.#directory = undefined;
  }

  /** Reads the records that have changed; returns whether there were any. */
  #refresh(): boolean {
    const ids = new Set(this.#context.store.ids());
    let changed = false;
    for (const id of this.#records.keys()) {
      if (ids.has(id)) continue;
      this.#records.delete(id);
      changed = true;
    }
    for (const id of ids) {
      const stamp = stampOf(containerPaths(this.#context.roots, id).record) ?? '';
      if (this.#records.get(id)?.stamp === stamp) continue;
      this.#records.set(id, { stamp, container: this.#read(id) });
      changed = true;
    }
    return changed;
  }

  #read(id: string): NamedContainer | undefined {
    try {
      const record: ContainerRecord | undefined = this.#context.store.read(id);
      return record && namedContainer(record);
    } catch (error) {
      if (isBroken(error)) return undefined;
      throw error;
    }
  }

  #isRunning(id: string): boolean {
    const known = this.#runs.get(id) ?? observe(this.#context.roots, id, flocks).kind === 'running';
    this.#runs.set(id, known);
    return known;
  }

  #arrange(): Directory {
    const containers = [...this.#records.values()].flatMap(({ container }) => (container ? [container] : []));
    return new Directory(containers, namedNetworks(this.#context), id => this.#isRunning(id));
  }
}

/** Changes whenever the file is replaced or grows; undefined where there is none. */
function stampOf(file: string): string | undefined {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat && `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}
