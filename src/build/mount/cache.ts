import fs from 'node:fs';
import path from 'node:path';
import { randomHex } from '../../host/random.ts';
import { ensureDirectory } from '../../state/files.ts';
import { acquire, isHeld } from '../../state/lock.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { byteString } from '../../storage/bytes.ts';
import { resolve } from '../../storage/merged-view.ts';
import { keyOf } from '../cache.ts';
import type { After, Asked } from './asked.ts';
import { fillFrom } from './files.ts';

interface Sources {
  readonly root: string;
  readonly folder: string;
  readonly abort: AbortSignal | undefined;
  layers(from: string): Promise<readonly string[]>;
}

/** Where the directories of `--mount=type=cache` lie. */
export const cachesOf = (root: string): string => path.join(root, 'build', 'mounts');

/** How long a step waits for others that have a cache for themselves. */
const patience = 24 * 3600_000;

/**
 * The directory of a cache: `shared` by all steps that name it, `locked` for one at a time, `private` for one, while others get
 * one of their own. A new one begins as what `from=` and `source=` name, or empty, with `mode`, `uid` and `gid`.
 */
export async function cacheFolder(
  asked: Asked,
  { root, folder, abort, layers }: Sources,
  after: After,
): Promise<string> {
  const { option, fail } = asked;
  const sharing = option('sharing') ?? 'shared';
  if (!['shared', 'locked', 'private'].includes(sharing))
    throw fail(`unknown sharing ${JSON.stringify(sharing)}`, 'shared, private or locked');
  const [mode, uid, gid] = (
    [
      ['mode', 8, 0o755],
      ['uid', 10, 0],
      ['gid', 10, 0],
    ] as const
  ).map(([name, base, initial]) => number(asked, name, base) ?? initial) as [number, number, number];
  const from = option('from');
  const caches = ensureDirectory(cachesOf(root), 0o710);
  const base = path.join(caches, keyOf([option('id') ?? option('target'), from, option('source')]));
  const directory = sharing === 'private' ? freeOne(base) : base;
  if (sharing !== 'shared') after(await acquire(`${directory}.lock`, { timeoutMs: patience, signal: abort }));
  if (fs.existsSync(directory)) return directory;
  // In the build's own folder, which goes where the build is killed.
  const fresh = path.join(folder, `cache-${randomHex(4)}`);
  fs.mkdirSync(fresh);
  try {
    fs.chmodSync(fresh, mode & 0o7777);
    fs.chownSync(fresh, uid, gid);
    if (from !== undefined) {
      const source = option('source') ?? '/';
      const { directories } = resolve(await layers(from), byteString(path.posix.join('/', source)));
      if (directories === undefined) throw fail(`${JSON.stringify(source)} is no directory in ${JSON.stringify(from)}`);
      await fillFrom(directories, fresh, `copying ${source} for a cache`);
    }
    fs.renameSync(fresh, directory);
  } catch (error) {
    removeTree(fresh);
    // Another step made it meanwhile.
    if (!fs.existsSync(directory)) throw error;
  }
  return directory;
}

function freeOne(base: string): string {
  for (let number = 0; ; number++) {
    const directory = number === 0 ? base : `${base}.${number}`;
    if (!isHeld(`${directory}.lock`)) return directory;
  }
}

function number({ option, fail }: Asked, name: string, base: 8 | 10): number | undefined {
  const given = option(name);
  if (given === undefined) return undefined;
  if (!(base === 8 ? /^[0-7]{1,5}$/ : /^\d{1,9}$/).test(given))
    throw fail(`${name}=${given} is no ${base === 8 ? 'octal ' : ''}number`);
  return Number.parseInt(given, base);
}
