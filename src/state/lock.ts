import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, MinidockError } from '../errors.ts';
import { steadyNow } from '../host/clock.ts';
import {
  describeHolder,
  isAlive,
  type ProcessIdentity,
  parseIdentity,
  printIdentity,
  thisThread,
} from '../host/process.ts';
import { randomHex } from '../host/random.ts';
import { ensureDirectory, listIfPresent } from './files.ts';
import { removeTree } from './remove-tree.ts';

export interface LockOptions {
  /** How long to wait for another holder; 60 seconds by default. */
  timeoutMs?: number;
  /** The lock belongs to something that may be gone: then fail with ENOENT and do not make its directory anew. */
  parentMustExist?: boolean;
  /** Ends the wait, with its reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Mutual exclusion between processes, threads and calls without flock, which Node cannot call: the lock is a directory that
 * holds exactly one file, and its *name* says who holds it. `rename` is the compare-and-swap: it fails with ENOENT unless the
 * name is still the one we saw, so exactly one call moves `free` to `held.<its thread>.<random>`, and exactly one takes over
 * from a holder that died. See docs/decisions/0002-locks-by-rename.md.
 *
 * Not reentrant. Waits up to `timeoutMs` and then throws, naming the holder. A holder that is killed is found dead by id
 * and start time; nothing needs cleaning up. A lock that exists can be taken on a full disk: renaming needs no space.
 */
export async function withLock<T>(
  directory: string,
  action: () => Promise<T> | T,
  options: LockOptions = {},
): Promise<T> {
  const release = await acquire(directory, options);
  try {
    return await action();
  } finally {
    release();
  }
}

/** As `withLock`, for callers that hold on beyond one function. Returns the release. */
export async function acquire(directory: string, options: LockOptions = {}): Promise<() => void> {
  const deadline = steadyNow() + (options.timeoutMs ?? 60_000);
  const mine = `held.${printIdentity(thisThread())}.${randomHex(4)}`;
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    options.signal?.throwIfAborted();
    if (tryAcquire(directory, mine, options)) return () => release(directory, mine);
    if (steadyNow() > deadline) {
      const holder = livingHolder(listIfPresent(directory)[0]);
      throw new MinidockError('locked', `${directory} is locked${holder ? ` by ${describeHolder(holder)}` : ''}`, {
        fix: 'wait for the other minidock command to end, or end it',
      });
    }
    await new Promise(resolve => setTimeout(resolve, wait * (0.5 + Math.random())));
  }
}

/** Names of ours that a failed rename left in a lock: nobody holds it, though this thread lives. */
const orphaned = new Set<string>();

/** A holder may have removed the locked object together with its lock. */
function release(directory: string, mine: string): void {
  const held = `${directory}/${mine}`;
  const failure =
    failureOf(() => fs.renameSync(held, `${directory}/free`)) &&
    // Nobody else could take it while this process lives, and a keeper lives long. A lock without a file is free as well.
    failureOf(() => fs.unlinkSync(held));
  if (failure === undefined) return;
  orphaned.add(mine);
  throw failure;
}

/** Why a change failed; undefined where it was made, or what it changes is gone. */
function failureOf(change: () => void): unknown {
  try {
    change();
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? undefined : error;
  }
  return undefined;
}

/** As the release, for a lock that nobody needs any more: it is gone, unless somebody takes it meanwhile. */
export function discard(directory: string): void {
  for (const name of listIfPresent(directory)) fs.rmSync(`${directory}/${name}`, { force: true });
  try {
    fs.rmdirSync(directory);
  } catch (error) {
    // Who waited for it has put its own in the place of the empty one (rename(2)).
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTEMPTY') throw error;
  }
}

function tryAcquire(directory: string, mine: string, options: LockOptions): boolean {
  // Mostly it is, and need not be looked at first.
  if (takeOver(directory, 'free', mine)) return true;
  const [name] = listIfPresent(directory);
  if (name === undefined) {
    makeLock(directory, options);
    return false;
  }
  return livingHolder(name) === undefined && takeOver(directory, name, mine);
}

/** False where the lock has another name by now. */
function takeOver(directory: string, name: string, mine: string): boolean {
  try {
    fs.renameSync(`${directory}/${name}`, `${directory}/${mine}`);
    orphaned.delete(name);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    orphaned.add(mine);
    throw error;
  }
}

/** Makes a lock before it is needed: operations that must work on a full disk use locks that exist already. */
export function ensureLock(directory: string): void {
  if (!fs.existsSync(directory)) makeLock(directory, {});
}

/** Makes the lock of something that nobody else knows of yet. */
export function newLock(directory: string): void {
  fs.mkdirSync(directory);
  fs.writeFileSync(`${directory}/free`, '');
}

/** The directory appears with `free` already in it; the loser of a race finds it there (ENOTEMPTY). */
function makeLock(directory: string, options: LockOptions): void {
  const fresh = `${directory}.${process.pid}.${randomHex(4)}`;
  if (!options.parentMustExist) ensureDirectory(path.dirname(directory));
  try {
    newLock(fresh);
    fs.renameSync(fresh, directory);
  } catch (error) {
    removeTree(fresh);
    if (errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error;
  }
}

/** Whether a living thread holds the lock now. */
export function isHeld(directory: string): boolean {
  return holderOf(directory) !== undefined;
}

/** Who holds the lock now; undefined where nobody does, or only one who is dead. */
export function holderOf(directory: string): ProcessIdentity | undefined {
  return livingHolder(listIfPresent(directory)[0]);
}

/** Who holds a lock in which this name lies; undefined where it can be taken. */
function livingHolder(name: string | undefined): ProcessIdentity | undefined {
  if (name === undefined || !name.startsWith('held.') || orphaned.has(name)) return undefined;
  const holder = parseIdentity(name.split('.')[1] ?? '');
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}
