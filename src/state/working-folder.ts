import fs from 'node:fs';
import path from 'node:path';
import { identityOf, isAlive, parseIdentity, printIdentity } from '../host/process.ts';
import { randomHex } from '../host/random.ts';
import { ensureDirectory, listIfPresent } from './files.ts';

/**
 * A folder for half-done work, `<parent>/<kind>-<pid>-<start>-<boot>-<random>`: its name says who works in it, so what a
 * killed process left can be told from what is in use. The caller removes it.
 */
export function makeWorkingFolder(parent: string, kind: string): string {
  const name = `${kind}-${printIdentity(identityOf(process.pid))}-${randomHex(4)}`;
  const folder = path.join(ensureDirectory(parent), name);
  fs.mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** The working folders of a kind whose process lives, and those whose process is gone. */
export function workingFolders(parent: string, kind: string): { living: string[]; dead: string[] } {
  const living: string[] = [];
  const dead: string[] = [];
  for (const name of listIfPresent(parent)) {
    const identity = name.startsWith(`${kind}-`) ? parseIdentity(name.slice(kind.length + 1)) : undefined;
    if (identity !== undefined) (isAlive(identity) ? living : dead).push(path.join(parent, name));
  }
  return { living, dead };
}
