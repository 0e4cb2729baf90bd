import fs from 'node:fs';
import type { ContainerRecord } from '../../container/record.ts';
import { errnoOf } from '../../errors.ts';
import { containerPaths, execPaths } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { tell } from '../containers/events.ts';
import type { EngineContext } from '../context.ts';
import { type ExecRecord, execsIn, observeExec, readExec, removeExec } from './record.ts';

/** How long an exec that has ended can be asked for its exit status, in milliseconds. Docker's time. */
const KEPT_MS = 300_000;
/**
 * How old, in milliseconds, a directory without a record must be to count as left by a killed command: a younger one is being
 * made.
 */
const MAKING_MS = 60_000;

type Access = Pick<EngineContext, 'roots'>;

/** What events need to know of a running container. */
type Container = Pick<ContainerRecord, 'id' | 'name'> & Partial<Pick<ContainerRecord, 'image' | 'config'>>;

/**
 * Writes the event of an exec's end. Several processes may find the end; the one that can remove `running.json` writes it, so
 * it is written once.
 */
export function tellEnd({ roots }: Access, container: Container, exec: ExecRecord, exitCode: number): void {
  try {
    fs.unlinkSync(execPaths(roots, exec.container, exec.id).running);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  tell({ roots }, container, 'exec_die', { execID: exec.id, exitCode: String(exitCode) });
}

/**
 * Settles the execs of a running container that no client waits for: writes the events of their ends, and forgets those that
 * ended long ago. Returns how many ends were written.
 */
export function reapExecs(access: Access, container: Container): number {
  const { roots } = access;
  let told = 0;
  for (const id of execsIn(roots, container.id)) {
    const exec = readExec(roots, container.id, id);
    if (exec === undefined) {
      sweep(execPaths(roots, container.id, id).folder);
      continue;
    }
    const seen = observeExec(roots, exec);
    if (seen.kind === 'abandoned') removeExec(roots, container.id, id);
    if (seen.kind === 'lost') writeLost(execPaths(roots, container.id, id).exit);
    const isUntold = seen.kind === 'lost' || (seen.kind === 'ended' && seen.untold);
    if (isUntold) tellEnd(access, container, exec, seen.kind === 'ended' ? seen.exitCode : LOST);
    if (isUntold) told++;
    else if (seen.kind === 'ended' && Date.now() - seen.endedAt > KEPT_MS) removeExec(roots, container.id, id);
  }
  return told;
}

/** The exit status of an exec whose supervisor was killed: the kernel kills the process with it (SIGKILL). */
const LOST = 137;

function writeLost(exit: string): void {
  try {
    fs.symlinkSync(String(LOST), exit);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST' && errnoOf(error) !== 'ENOENT') throw error;
  }
}

function sweep(folder: string): void {
  const made = fs.statSync(folder, { throwIfNoEntry: false })?.ctimeMs ?? Date.now();
  if (Date.now() - made > MAKING_MS) removeTree(folder);
}

/**
 * Writes the events of the ends of a container's execs: they end with the container. Their files are removed with its run
 * directory.
 */
export function endExecs(access: Access, container: Container): void {
  const { roots } = access;
  if (!fs.existsSync(containerPaths(roots, container.id).execs)) return;
  for (const id of execsIn(roots, container.id)) {
    const exec = readExec(roots, container.id, id);
    const seen = exec && observeExec(roots, exec);
    if (exec && seen) tellEnd(access, container, exec, seen.kind === 'ended' ? seen.exitCode : LOST);
  }
}
