import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, MinidockError } from '../errors.ts';
import { identityOf, isAlive, parseIdentity, printIdentity } from '../host/process.ts';
import { isHex256 } from '../oci/digest.ts';
import { listIfPresent, readIfPresent, readLinkIfPresent, writeAtomic, writeVolatile } from '../state/files.ts';
import { newLock } from '../state/lock.ts';
import { containerPaths, enginePaths, type Roots } from '../state/paths.ts';
import { privateDirectory } from '../state/private.ts';
import { removeTree, removeTrees } from '../state/remove-tree.ts';
import { leftAside, setAside } from '../state/set-aside.ts';
import { isName } from './names.ts';
import type { ContainerRecord } from './record.ts';
import { parseRecord, UnreadableRecord } from './record-format.ts';

/** The containers on disk: one OCI bundle each, and a symlink for each name. */
export class ContainerStore {
  constructor(readonly roots: Roots) {}

  /** Full ids, unordered. */
  ids(): string[] {
    return listIfPresent(enginePaths(this.roots).containers).filter(isHex256);
  }

  /** The record as last written; undefined where the container is gone. Throws `broken-record`. */
  read(id: string): ContainerRecord | undefined {
    const paths = containerPaths(this.roots, id);
    const text = readRecord(paths.record, id);
    if (text !== undefined) return parse(text, paths.record, id);
    // A bundle appears and disappears as a whole, so one without a record has been damaged.
    if (fs.existsSync(paths.bundle)) throw brokenRecord(paths.record, id, 'is missing');
    return undefined;
  }

  /** The name that leads to a container, for a container whose record cannot be read; empty where no name does. */
  nameOf(id: string): string {
    return listIfPresent(enginePaths(this.roots).names).find(name => this.named(name) === id) ?? '';
  }

  /** Replaces the record, with an fsync unless the container was made with `--rm`, which does not outlive a reboot. */
  write(record: ContainerRecord): void {
    const write = record.options.autoRemove ? writeVolatile : writeAtomic;
    write(containerPaths(this.roots, record.id).record, `${JSON.stringify(record, null, 2)}\n`);
  }

  /**
   * The full id of a container, by name, full id, or the unique beginning of one. As in Docker a full id is tried before a
   * name, a name before a beginning. Throws `no-such-container`, `ambiguous-container`.
   */
  resolve(reference: string): string {
    if (isHex256(reference) && fs.existsSync(containerPaths(this.roots, reference).bundle)) return reference;
    const ids = this.ids();
    const named = this.named(reference.replace(/^\//, ''));
    if (named !== undefined) return named;
    const matches = /^[0-9a-f]+$/.test(reference) ? ids.filter(id => id.startsWith(reference)) : [];
    if (matches.length === 1) return matches[0]!;
    if (matches.length > 1)
      throw new MinidockError('ambiguous-container', `Multiple IDs found with provided prefix: ${reference}`, {
        fix: 'give more digits of the id',
      });
    throw new MinidockError('no-such-container', `No such container: ${reference}`, {
      fix: '`minidock ps -a` lists them',
    });
  }

  /** The id that a name stands for. */
  named(name: string): string | undefined {
    if (!isName(name)) return undefined;
    const link = `${enginePaths(this.roots).names}/${name}`;
    // It leads to the bundle.
    if (!fs.existsSync(link)) return undefined;
    const id = path.basename(readLinkIfPresent(link) ?? '');
    return isHex256(id) ? id : undefined;
  }

  /**
   * Makes the bundle with its record, complete or not at all: it is filled under a temporary name that identifies this
   * process, then renamed. `fill` gets the temporary directory.
   */
  create(record: ContainerRecord, fill: (directory: string) => void): void {
    const { containers } = enginePaths(this.roots);
    privateDirectory(containers);
    const unfinished = `${containers}/.new-${printIdentity(identityOf(process.pid))}-${record.id.slice(0, 12)}`;
    fs.mkdirSync(unfinished, { mode: 0o710 });
    try {
      fill(unfinished);
      newLock(`${unfinished}/lock`);
      fs.writeFileSync(`${unfinished}/container.json`, `${JSON.stringify(record, null, 2)}\n`);
      fs.renameSync(unfinished, containerPaths(this.roots, record.id).bundle);
    } catch (error) {
      removeTree(unfinished);
      throw error;
    }
  }

  /** Throws `name-in-use`. A name is free where its container is gone, or has another name by now. */
  checkFree(name: string): void {
    const holder = this.named(name);
    if (holder !== undefined && this.#isNameOf(name, holder))
      throw new MinidockError(
        'name-in-use',
        `Conflict. The container name "/${name}" is already in use by container "${holder}"`,
        { fix: `minidock rm -f ${name}, or choose another --name` },
      );
  }

  /** Gives a checked name to a container whose bundle is about to be made. The caller holds the allocation lock. */
  takeName(name: string, id: string): void {
    const { names } = enginePaths(this.roots);
    privateDirectory(names);
    const link = () => fs.symlinkSync(`../containers/${id}`, `${names}/${name}`);
    try {
      link();
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      // It leads to a container that is gone.
      removeTree(`${names}/${name}`);
      try {
        link();
      } catch (again) {
        if (errnoOf(again) !== 'EEXIST') throw again;
        throw new MinidockError(
          'name-in-use',
          `the container name "/${name}" is taken by another program than minidock`,
          {
            fix: `see what is at ${names}/${name}, or choose another --name`,
            cause: again,
          },
        );
      }
    }
  }

  /** Gives up a name, if it leads to this container. The caller holds the allocation lock. */
  releaseName(name: string, id: string): void {
    const link = `${enginePaths(this.roots).names}/${name}`;
    if (path.basename(readLinkIfPresent(link) ?? '') === id) removeTree(link);
  }

  /**
   * Renames the bundle away and removes the name, so that no command sees the container any more. Returns the
   * directories that the caller is to delete.
   */
  takeAway(record: Pick<ContainerRecord, 'id' | 'name'>): string[] {
    const bundle = setAside(this.roots.root, containerPaths(this.roots, record.id).bundle);
    this.releaseName(record.name, record.id);
    return bundle === undefined ? [] : [bundle];
  }

  /**
   * Removes names that lead to no container, and, after a rename that was killed, the one of two names that the record does not
   * have. The caller holds the allocation lock.
   */
  sweepNames(): void {
    const { names } = enginePaths(this.roots);
    const holders = new Map<string | undefined, string[]>();
    for (const name of listIfPresent(names)) {
      const id = this.named(name);
      holders.set(id, [...(holders.get(id) ?? []), name]);
    }
    const unused = [...holders].flatMap(([id, held]) => {
      if (id === undefined) return held;
      return held.length === 1 ? [] : held.filter(name => !this.#isNameOf(name, id));
    });
    removeTrees(unused.map(name => `${names}/${name}`));
  }

  /** A broken record does not say its name, so any name may be the right one. */
  #isNameOf(name: string, id: string): boolean {
    try {
      return this.read(id)?.name === name;
    } catch {
      return true;
    }
  }

  /** Removes what a killed process left half-made or half-removed. */
  sweep(): void {
    const { containers } = enginePaths(this.roots);
    const halfMade = listIfPresent(containers).filter(name => {
      const maker = name.startsWith('.new-') ? parseIdentity(name.slice(5)) : undefined;
      return maker !== undefined && !isAlive(maker);
    });
    removeTrees([...halfMade.map(name => `${containers}/${name}`), ...leftAside(this.roots.root)]);
  }
}

function readRecord(file: string, id: string): string | undefined {
  try {
    return readIfPresent(file);
  } catch (error) {
    // These errors are about this process, not about the record.
    if (['EMFILE', 'ENFILE', 'ENOMEM'].includes(errnoOf(error) ?? '')) throw error;
    throw brokenRecord(file, id, `cannot be read: ${errnoOf(error) ?? error}`, error);
  }
}

function parse(text: string, file: string, id: string): ContainerRecord {
  try {
    return parseRecord(text, id);
  } catch (error) {
    if (!(error instanceof UnreadableRecord)) throw error;
    throw brokenRecord(file, id, error.message, error.cause);
  }
}

function brokenRecord(file: string, id: string, reason: string, cause?: unknown): MinidockError {
  const short = id.slice(0, 12);
  return new MinidockError('broken-record', `container ${short} is broken: ${file} ${reason}`, {
    cause,
    fix: `\`minidock rm -f ${short}\` removes it`,
  });
}

/** Whether `read` threw the error because of a broken record. Callers that do not need this container go on. */
export const isBroken = (error: unknown): error is MinidockError =>
  error instanceof MinidockError && error.code === 'broken-record';
