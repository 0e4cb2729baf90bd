import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, MinidockError } from '../errors.ts';
import { identityOf, isAlive, type ProcessIdentity, parseIdentity, printIdentity } from '../host/process.ts';
import { ensureDirectory, listIfPresent } from './files.ts';

export interface LockOptions {
  /** How long to wait for another holder; 60 seconds by default. */
  timeoutMs?: number;
  /** The lock belongs to something that may be gone: then fail with ENOENT and do not make its directory anew. */
  parentMustExist?: boolean;
}

/**
 * Mutual exclusion between processes without flock, which Node cannot call: the lock is a directory that holds exactly
 * one file, and its *name* says who holds it. `rename` is the compare-and-swap: it fails with ENOENT unless the name is
 * still the one we saw, so exactly one process moves `free` to `held.<me>`, and exactly one takes over from a holder
 * that died. See docs/decisions/0002-locks-by-rename.md.
 *
 * Not reentrant. Waits up to `timeoutMs` and then throws, naming the holder. A holder that is killed is found dead by pid
 * and start time; nothing needs cleaning up.
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
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);
  const mine = `held.${printIdentity(identityOf(process.pid))}.${randomBytes(4).toString('hex')}`;
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    if (tryAcquire(directory, mine, options)) return () => release(directory, mine);
    if (Date.now() > deadline) {
      const holder = currentHolder(directory);
      throw new MinidockError('locked', `${directory} is locked${holder ? ` by process ${holder.pid}` : ''}`, {
        fix: 'wait for the other minidock command to end, or end it',
      });
    }
    await new Promise(resolve => setTimeout(resolve, wait * (0.5 + Math.random())));
  }
}

/** The locks that this process holds. One with our name that is not among them is left of a release that failed. */
const live = new Set<string>();

/** A holder may have removed the locked thing, lock and all. */
function release(directory: string, mine: string): void {
  live.delete(mine);
  try {
    fs.renameSync(path.join(directory, mine), path.join(directory, 'free'));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

function tryAcquire(directory: string, mine: string, options: LockOptions): boolean {
  const [name] = listIfPresent(directory);
  if (name === undefined) {
    makeLock(directory, options);
    return false;
  }
  const holder = parseHolder(name);
  const leftByUs = holder?.pid === process.pid && !live.has(name);
  if (holder !== undefined && !leftByUs && isAlive(holder)) return false;
  try {
    fs.renameSync(path.join(directory, name), path.join(directory, mine));
    live.add(mine);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** The directory appears with `free` already in it; the loser of a race finds it there (ENOTEMPTY). */
function makeLock(directory: string, options: LockOptions): void {
  const fresh = `${directory}.${process.pid}.${randomBytes(4).toString('hex')}`;
  if (!options.parentMustExist) ensureDirectory(path.dirname(directory));
  fs.mkdirSync(fresh);
  fs.writeFileSync(path.join(fresh, 'free'), '');
  try {
    fs.renameSync(fresh, directory);
  } catch (error) {
    fs.rmSync(fresh, { recursive: true, force: true });
    if (errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error;
  }
}

/** Whether a living process holds the lock at this moment. */
export function isHeld(directory: string): boolean {
  const holder = currentHolder(directory);
  return holder !== undefined && isAlive(holder);
}

function parseHolder(name: string): ProcessIdentity | undefined {
  return name.startsWith('held.') ? parseIdentity(name.split('.')[1] ?? '') : undefined;
}

function currentHolder(directory: string): ProcessIdentity | undefined {
  const [name] = listIfPresent(directory);
  return name === undefined ? undefined : parseHolder(name);
}
