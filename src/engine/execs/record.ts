import fs from 'node:fs';
import { errnoOf, MinidockError } from '../../errors.ts';
import { isAlive, type ProcessIdentity } from '../../host/process.ts';
import { listIfPresent, parseJson, readIfPresent, readLinkIfPresent } from '../../state/files.ts';
import { containerPaths, execPaths, type Roots } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { ExecOptions } from '../nouns/execs.ts';

/** `exec.json`: what was asked for. */
export interface ExecRecord {
  readonly id: string;
  /** Full id. */
  readonly container: string;
  readonly options: ExecOptions;
  /**
   * The process that made it. An exec that was never started is forgotten when this process has ended, as with Docker's daemon.
   */
  readonly by: ProcessIdentity;
}

/** `running.json`: written between the child's sync and its execve, removed by the process that writes the event of the end. */
export interface RunningExec {
  readonly pid: number;
  readonly supervisor: ProcessIdentity;
}

/**
 * The state of an exec now.
 *
 * - `created`: it waits for its start.
 * - `starting`: a living process is starting it.
 * - `running`
 * - `ended`: there is an exit record. `untold` is set where the event of its end has not been written.
 * - `lost`: its supervisor was killed, and the process with it.
 * - `abandoned`: the process that was about to start it has ended.
 */
export type ExecObservation =
  | { kind: 'created' | 'starting' | 'lost' | 'abandoned' }
  | { kind: 'running'; running: RunningExec }
  | { kind: 'ended'; exitCode: number; endedAt: number; untold: boolean };

/** Records an exec that is to be started. Throws ENOENT where the container has ended: then there is no run directory. */
export function writeExec(roots: Roots, exec: ExecRecord): void {
  const paths = execPaths(roots, exec.container, exec.id);
  try {
    fs.mkdirSync(containerPaths(roots, exec.container).execs, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  fs.mkdirSync(paths.folder, { mode: 0o700 });
  fs.writeFileSync(paths.asked, JSON.stringify(exec), { mode: 0o600 });
}

/** The short ids of a container's execs. */
export const execsIn = (roots: Roots, container: string): string[] =>
  listIfPresent(containerPaths(roots, container).execs);

/** Undefined where there is none, or where it is just being made or removed. */
export const readExec = (roots: Roots, container: string, id: string): ExecRecord | undefined =>
  parseJson<ExecRecord>(readIfPresent(execPaths(roots, container, id).asked));

/** Looks for the exec in all containers that run. Throws `no-such-exec`. */
export function findExec(roots: Roots, id: string): ExecRecord {
  if (/^[0-9a-f]{64}$/.test(id))
    for (const place of listIfPresent(roots.execRoot).filter(isShortId)) {
      const found = readExec(roots, place, id);
      if (found?.id === id) return found;
    }
  throw noSuchExec(id);
}

const isShortId = (name: string) => /^[0-9a-f]{12}$/.test(name);

export const noSuchExec = (id: string) => new MinidockError('no-such-exec', `No such exec instance: ${id}`);

/** The supervisor is looked for before the exit record: one that ends in between has left it. */
export function observeExec(roots: Roots, exec: ExecRecord): ExecObservation {
  const paths = execPaths(roots, exec.container, exec.id);
  const running = parseJson<RunningExec>(readIfPresent(paths.running));
  const lives = running !== undefined && isAlive(running.supervisor);
  const code = readLinkIfPresent(paths.exit);
  if (code !== undefined) {
    const endedAt = fs.lstatSync(paths.exit, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return { kind: 'ended', exitCode: Number(code), endedAt, untold: running !== undefined };
  }
  if (running !== undefined) return lives ? { kind: 'running', running } : { kind: 'lost' };
  const starting = parseJson<ProcessIdentity>(readIfPresent(paths.starting));
  if (starting !== undefined) return { kind: isAlive(starting) ? 'starting' : 'abandoned' };
  return { kind: isAlive(exec.by) ? 'created' : 'abandoned' };
}

/** Claims the start of an exec, which succeeds once. Throws `conflict`. */
export function claimStart(roots: Roots, exec: ExecRecord, by: ProcessIdentity): void {
  const paths = execPaths(roots, exec.container, exec.id);
  const refuse = (why: string) => new MinidockError('conflict', `Error: Exec command ${exec.id} ${why}`);
  try {
    fs.writeFileSync(paths.starting, JSON.stringify(by), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw noSuchExec(exec.id);
    if (errnoOf(error) !== 'EEXIST') throw error;
    throw refuse('is already running');
  }
  // The supervisor removes that file just before it writes the exit record.
  if (!fs.existsSync(paths.running) && readLinkIfPresent(paths.exit) === undefined) return;
  fs.rmSync(paths.starting, { force: true });
  throw refuse('has already run');
}

/** Removes the files of an exec whose process is gone. */
export function removeExec(roots: Roots, container: string, id: string): void {
  const paths = execPaths(roots, container, id);
  // An exec without the first of these files does not exist, so that is removed first.
  for (const file of [paths.asked, paths.starting, paths.running, paths.exit, paths.socket])
    try {
      fs.unlinkSync(file);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  try {
    fs.rmdirSync(paths.folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    // A killed command was about to write a file there.
    if (errnoOf(error) !== 'ENOTEMPTY') throw error;
    removeTree(paths.folder);
  }
}
