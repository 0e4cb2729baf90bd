import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../errors.ts';
import { timestamp } from '../host/clock.ts';
import { flockHolders, flocks, lockKey } from '../host/locks.ts';
import { isAlive, type ProcessIdentity } from '../host/process.ts';
import { parseJson, readIfPresent, readLinkIfPresent } from '../state/files.ts';
import { containerPaths, type Roots } from '../state/paths.ts';
import type { ContainerState } from './record.ts';

/** Who asks for a container's end: a user, or the shutdown of the machine, after which the container is to run again. */
export type StoppedBy = 'user' | 'machine';

/** `running.json`: written between the child's sync and its execve. */
export interface Running {
  pid: number;
  supervisor: ProcessIdentity;
  /** RFC 3339. */
  startedAt: string;
  /** Inode of each namespace: `exec` enters these and no others. */
  namespaces: Record<string, number>;
  /** The kernel's file that says whether the processes are frozen; known once the container has been paused. */
  freezer?: string;
}

/**
 * `starting.json`: which process is about to start the container. It stays after the start, where `running.json` takes
 * precedence: removing it frees the inode that the exit record needs on a full file system.
 */
export interface Starting {
  by: ProcessIdentity;
  /** The state to go back to where the start fails. */
  before: ContainerState;
}

/**
 * The state of a container now, as the kernel and the exec root show it. The record only holds the state of its last
 * write.
 *
 * - `settled`: the record is right, no process is left.
 * - `starting`: a living process is starting it.
 * - `running`
 * - `ended`: the supervisor left an exit record, and the container waits to be reaped. `supervised`: the supervisor
 *   itself still runs.
 * - `lost`: it was running, and its supervisor is gone without an exit record: it was killed, or the machine went down.
 * - `abandoned`: the process that was starting it is gone.
 *
 * `told`: cleaning up after it failed once, and the events tell its end.
 */
export type Observation =
  | { kind: 'settled' }
  | { kind: 'starting' }
  | { kind: 'running'; running: Running; paused: boolean }
  | {
      kind: 'ended';
      running: Running | undefined;
      exitCode: number;
      finishedAt: string;
      supervised: boolean;
      told: boolean;
    }
  | { kind: 'lost'; running: Running; told: boolean }
  | { kind: 'abandoned'; starting: Starting | undefined; told: boolean };

/**
 * Looks at one container. `locks` is `flocks()`. It is called only where `running.json` is not written yet, because the
 * kernel takes 8 ms to list locks; afterwards pid, start time and boot identify the supervisor.
 */
export function observe(roots: Roots, id: string, locks: () => ReadonlySet<string>): Observation {
  for (;;) {
    const entries = entriesOf(containerPaths(roots, id).run);
    if (entries === undefined) return { kind: 'settled' };
    const seen = look(roots, id, entries, locks);
    if (seen !== undefined) return seen;
  }
}

/** What is in a directory at one moment; undefined where it is not there. */
function entriesOf(directory: string): ReadonlySet<string> | undefined {
  try {
    return new Set(fs.readdirSync(directory));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * What these entries of a run directory say; undefined where one is gone by now. Whoever cleans up takes the directory away in one step,
 * and its supervisor may live on as the keeper: file by file, a container that has ended could look as if it ran.
 */
function look(
  roots: Roots,
  id: string,
  entries: ReadonlySet<string>,
  locks: () => ReadonlySet<string>,
): Observation | undefined {
  const paths = containerPaths(roots, id);
  const has = (file: string) => entries.has(path.basename(file));
  const running = has(paths.running) ? parseJson<Running>(readIfPresent(paths.running)) : undefined;
  if (running === undefined && has(paths.running) && !fs.existsSync(paths.running)) return undefined;
  const supervised = isSupervised(roots, id, locks, running);
  const told = has(paths.endTold);
  if (has(paths.exit)) {
    const exit = fs.lstatSync(paths.exit, { throwIfNoEntry: false });
    if (exit === undefined) return undefined;
    const code = readLinkIfPresent(paths.exit);
    const finishedAt = timestamp(exit.mtime);
    if (code !== undefined) return { kind: 'ended', running, exitCode: Number(code), finishedAt, supervised, told };
  }
  if (running && supervised) return { kind: 'running', running, paused: isFrozen(running) };
  if (running) return { kind: 'lost', running, told };
  const starting = parseJson<Starting>(readIfPresent(paths.starting));
  if (supervised || (starting && isAlive(starting.by))) return { kind: 'starting' };
  return { kind: 'abandoned', starting, told };
}

/** There is an exit record, or no supervisor any more. */
export function hasEnded(roots: Roots, id: string): boolean {
  const { kind } = observe(roots, id, flocks);
  return kind !== 'running' && kind !== 'starting';
}

/** Whether the container's supervisor lives. When it ends, the kernel frees all that it holds. */
export function isSupervised(
  roots: Roots,
  id: string,
  locks: () => ReadonlySet<string>,
  running = parseJson<Running>(readIfPresent(containerPaths(roots, id).running)),
): boolean {
  return running ? isAlive(running.supervisor) : isLocked(containerPaths(roots, id).alive, locks);
}

/**
 * Whether the record already holds the end that is seen. Then the process that recorded it was killed before it finished
 * cleaning up, or is still at it, and the restart is not decided a second time.
 */
export function isWrittenDown({ status, startedAt }: ContainerState, seen: Observation): boolean {
  if (status === 'running' || !(seen.kind === 'ended' || (seen.kind === 'lost' && seen.told))) return false;
  return seen.running !== undefined && seen.running.startedAt === startedAt;
}

/** `stopping.json`, and `stopped.json` once the signal is sent: who asks for the end, and which process sends the signal. */
export interface Asked {
  by: StoppedBy;
  process: ProcessIdentity;
}

/** Who has asked for the end of this run; undefined where nobody has, or only a process that was killed before it sent its signal. */
export function whoStopped(roots: Roots, id: string): StoppedBy | undefined {
  const paths = containerPaths(roots, id);
  // In this order, since the one becomes the other.
  const stopping = parseJson<Asked>(readIfPresent(paths.stopping));
  if (stopping !== undefined && isAlive(stopping.process)) return stopping.by;
  return parseJson<Asked>(readIfPresent(paths.stopped))?.by;
}

/** The state for the user's eyes. */
export function stateOf(recorded: ContainerState, seen: Observation): ContainerState {
  switch (seen.kind) {
    case 'running':
      return {
        ...recorded,
        status: 'running',
        pid: seen.running.pid,
        startedAt: seen.running.startedAt,
        exitCode: 0,
        error: '',
        ...(seen.paused && { paused: true }),
      };
    case 'ended':
      return {
        ...recorded,
        status: 'exited',
        pid: 0,
        exitCode: seen.exitCode,
        startedAt: seen.running?.startedAt ?? recorded.startedAt,
        finishedAt: seen.finishedAt,
      };
    case 'lost':
      return {
        ...recorded,
        status: 'exited',
        pid: 0,
        exitCode: 137,
        error: lostReason,
        startedAt: seen.running.startedAt,
        finishedAt: timestamp(),
      };
    case 'abandoned':
      // The starting process may have recorded it as running before it was killed.
      return { ...(seen.starting?.before ?? recorded), pid: 0 };
    default:
      return { ...recorded, pid: 0 };
  }
}

const lostReason = "the container's supervisor was killed, and the kernel ended the container with it";

/**
 * The pid of the supervisor that holds the lock on `alive`; undefined where none does. The kernel names the holder, so
 * unlike a pid read from a file this one cannot belong to another process.
 */
export function supervisorPid(roots: Roots, id: string): number | undefined {
  const key = lockKey(containerPaths(roots, id).alive);
  return key === undefined ? undefined : flockHolders().get(key);
}

/** `freezer.state` says THAWED, FREEZING or FROZEN; `cgroup.freeze` of version 2 says 0 or 1. */
export function isFrozen({ freezer }: Running): boolean {
  if (freezer === undefined) return false;
  try {
    return !['THAWED', '0', undefined].includes(readIfPresent(freezer)?.trim());
  } catch {
    // ENODEV: the group went away between open and read.
    return false;
  }
}

function isLocked(file: string, locks: () => ReadonlySet<string>): boolean {
  const key = lockKey(file);
  return key !== undefined && locks().has(key);
}
