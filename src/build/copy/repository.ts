import fs from 'node:fs';
import path from 'node:path';
import { randomHex } from '../../host/random.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { Scope } from '../../storage/scope/scope.ts';
import type { GitAddress } from '../git/address.ts';
import { nothingIgnored } from '../ignore.ts';
import { contextTree, type Tree } from './tree.ts';
import type { CopyWork } from './work.ts';

/** The files of a git repository that ADD names. They are fetched anew at each build: a branch may have moved. */
export async function repositoryTree(work: CopyWork, address: GitAddress): Promise<Tree> {
  const { fetchRepository } = await import('../git/fetch.ts');
  const { instruction, abort, folder } = work;
  const own = path.join(folder, `git-${randomHex(4)}`);
  fs.mkdirSync(own);
  work.after(() => removeTree(own));
  const checksum = instruction.checksum && work.word(instruction.checksum);
  const { directory, commit } = await fetchRepository(address, own, {
    signal: abort,
    keepsHistory: instruction.keepsGit,
  });
  if (checksum !== undefined && !commit.startsWith(checksum))
    throw work.fail(instruction.checksum, `${address.remote} is at the commit ${commit}, not ${checksum}`);
  const scope = new Scope(directory);
  work.after(() => scope.close());
  return contextTree(scope, nothingIgnored);
}
