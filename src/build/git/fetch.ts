import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../../errors.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { byteString, textOf } from '../../storage/bytes.ts';
import { Scope } from '../../storage/scope/scope.ts';
import type { GitAddress } from './address.ts';
import { type Git, gitIn } from './git.ts';

export interface FetchedRepository {
  /** The directory that the address means, below the folder. */
  readonly directory: string;
  /** The commit that was checked out. */
  readonly commit: string;
}

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  /** `.git` stays. */
  readonly keepsHistory?: boolean;
}

/**
 * Fetches one commit of a repository, and its submodules, into an empty folder. Nothing that the repository says is run.
 *
 * @throws {MinidockError} `cannot-download` with git's own words, also where the host has no git
 */
export async function fetchRepository(
  address: GitAddress,
  folder: string,
  { signal, keepsHistory = false }: FetchOptions = {},
): Promise<FetchedRepository> {
  const { remote, directory } = address;
  const git = gitIn(folder, remote, signal);
  // No template: that is where hooks come from.
  await git('init', '--quiet', '--template=');
  await git('remote', 'add', 'origin', remote);
  await git('checkout', '--quiet', '--detach', await fetchCommit(git, address), '--');
  if (fs.lstatSync(path.join(folder, '.gitmodules'), { throwIfNoEntry: false })?.isFile())
    await git('submodule', '--quiet', 'update', '--init', '--recursive', '--depth=1');
  const commit = (await git('rev-parse', 'HEAD')).trim();
  if (!keepsHistory) removeTree(path.join(folder, '.git'));
  return { directory: directory === undefined ? folder : directoryIn(folder, directory, remote), commit };
}

/** One commit is enough, where the server hands it out. It need not by a commit's id, nor where it is a server of files alone. */
async function fetchCommit(git: Git, { ref = 'HEAD' }: GitAddress): Promise<string> {
  const isCommit = /^[0-9a-f]{7,64}$/.test(ref);
  try {
    await git('fetch', '--quiet', '--depth=1', '--', 'origin', ref);
    return 'FETCH_HEAD';
  } catch (error) {
    if (!isCommit && !/dumb http|shallow/.test((error as Error).message)) throw error;
  }
  if (!isCommit) {
    await git('fetch', '--quiet', '--', 'origin', ref);
    return 'FETCH_HEAD';
  }
  await git('fetch', '--quiet', '--tags', '--', 'origin', '+refs/heads/*:refs/remotes/origin/*');
  return ref;
}

/** A directory of the repository, whose links lead nowhere out of it. */
function directoryIn(folder: string, directory: string, remote: string): string {
  const scope = new Scope(folder);
  try {
    const { names, stats } = scope.locate(byteString(directory), { followLast: true });
    if (stats?.isDirectory()) return path.join(folder, ...names.map(textOf));
  } catch (error) {
    if (!(error instanceof MinidockError)) throw error;
  } finally {
    scope.close();
  }
  throw new MinidockError('cannot-download', `there is no directory ${JSON.stringify(directory)} in ${remote}`);
}
