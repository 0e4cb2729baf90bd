import { eventually } from '../../cgroup/files.ts';
import { hasEnded, isSupervised, observe, type StoppedBy, supervisorPid } from '../../container/observe.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { errnoOf, MinidockError } from '../../errors.ts';
import { steadyNow } from '../../host/clock.ts';
import { flocks } from '../../host/locks.ts';
import { isAlive, type ProcessIdentity } from '../../host/process.ts';
import { cgroupParent, containerPaths } from '../../state/paths.ts';
import { signals } from '../../syscalls/uapi/flags.ts';
import { signalNumber } from '../../syscalls/uapi/signals.ts';
import { orAborted } from '../abort.ts';
import type { EngineContext } from '../context.ts';
import { cancelRestart, endFor, markStopped, type Stoppable } from '../keeping/stopped.ts';
import type { StopOptions } from '../nouns/containers.ts';
import { connectSupervisor } from './connection.ts';
import { type Known, tell } from './events.ts';
import { resume } from './life/pause.ts';
import { unlessFull, withContainerLock } from './lock.ts';
import { reap } from './reap.ts';

export interface Ending {
  signal: number;
  timeoutSeconds: number;
  abort?: AbortSignal;
  /** Who asks for the end: a user by default. */
  by?: StoppedBy;
  /** This process starts it again, as `restart` does. */
  isForStart?: boolean;
  /** Nothing of it is used again: its supervisor may end while it is removed. */
  isRemoved?: boolean;
}

/** How a container is to be ended: as the caller says, else by its own stop signal and timeout, else by the defaults. */
export function endingOf(
  { config, options }: ContainerRecord,
  { signal, timeoutSeconds, abort }: StopOptions = {},
): Ending {
  return {
    signal: signalNumber(signal ?? config.StopSignal ?? 'SIGTERM'),
    timeoutSeconds: timeoutSeconds ?? options.stopTimeout ?? 10,
    abort,
  };
}

/**
 * Sends `signal` to the container's first process and SIGKILL when it is still there after `timeoutSeconds`; resolves when
 * the container is down and cleaned up, with whether it ran. One that does not run is left as it is. Throws `cannot-stop` where no end was seen,
 * and the reason of `abort` where that says so before the end: then nothing more is done to the container.
 */
export async function stopContainer(
  context: EngineContext,
  record: ContainerRecord,
  options: Ending,
): Promise<boolean> {
  const { roots } = context;
  const seen = observe(roots, record.id, flocks);
  if (seen.kind === 'ended') markStopped(roots, record, options.by);
  if (seen.kind === 'running') await endSupervised(context, record, options);
  if (seen.kind === 'ended' && seen.supervised) await dismissSupervisor(context, record);
  await withContainerLock(context, record.id, () => reap(context, record.id)).catch(unlessFull);
  const ran = seen.kind === 'running';
  if (record.options.restart === undefined) return ran;
  await cancelRestart(context, record.id, options.by);
  // The keeper may have started it again meanwhile.
  if (observe(roots, record.id, flocks).kind === 'running') await stopContainer(context, record, options);
  return ran;
}

export const isRunning = ({ roots }: EngineContext, { id }: Known) => observe(roots, id, flocks).kind === 'running';

/** As `stopContainer`, without the clean-up, which is left to the caller. */
export async function endSupervised(
  context: EngineContext,
  record: Known & Stoppable,
  { signal, timeoutSeconds, abort, ...asked }: Ending,
): Promise<void> {
  if (await endsBy(context, record, { ...asked, signal, milliseconds: timeoutSeconds * 1000, abort })) return;
  const byForce = { ...asked, signal: signals.SIGKILL, milliseconds: 2000 };
  if (signal !== signals.SIGKILL && (await endsBy(context, record, byForce))) return;
  // SIGKILL did not end it: its processes hang in the kernel, or the supervisor is stopped. Kill all processes of the
  // cgroup.
  const killAll = () => context.cgroups.killAll(`${cgroupParent(context.roots)}/${record.id}`);
  await endFor(context.roots, record, asked, killAll);
  if (await eventually(2000, () => hasEnded(context.roots, record.id))) return;
  await endSupervisor(context, record);
}

/**
 * Asks the supervisor to send a signal. Resolves with whether the exit was reported within the given time; a negative
 * time means no limit. A closed connection proves nothing, because another client may have got its place.
 */
async function endsBy(
  context: EngineContext,
  record: Known & Stoppable,
  { signal, milliseconds, abort, ...asked }: Omit<Ending, 'timeoutSeconds'> & { milliseconds: number },
): Promise<boolean> {
  abort?.throwIfAborted();
  const limit = milliseconds < 0 ? Number.POSITIVE_INFINITY : milliseconds;
  const deadline = steadyNow() + limit;
  const connection = await connectSupervisor(containerPaths(context.roots, record.id).socket, limit);
  let isTold: boolean | undefined;
  if (connection === undefined) await endUnsupervised(context, record, signal, asked);
  else {
    const { client } = connection;
    // This process cleans up, so the supervisor need not start the keeper.
    client.cleansUp(true);
    await endFor(context.roots, record, asked, () => client.signal(signal));
    await resume(context, record);
    tell(context, record, 'kill', { signal: String(signal) });
    // While the kernel ends it: what cleaning up has to know of this host is a millisecond of small reads.
    void context.cgroups;
    const over = Promise.race([connection.exited.then(() => true), connection.ended.then(() => false)]);
    isTold = await orAborted(within(over, milliseconds), abort).catch(error => {
      connection.close();
      throw error;
    });
  }
  // A supervisor tells of an exit that it has recorded.
  const left = () => Math.max(deadline - steadyNow(), 0);
  const seen = isTold || (await eventually(left(), () => hasEnded(context.roots, record.id)));
  // Its own end was told. Until the supervisor's the mounts are there; it may still wait for clients that hang.
  if (seen && !asked.isRemoved) await eventually(GOODBYE_MS, () => !isSupervised(context.roots, record.id, flocks));
  connection?.close();
  return seen;
}

/** For a supervisor that takes no connection, because its socket is gone, say: the signal is sent without it. */
async function endUnsupervised(
  context: EngineContext,
  record: Known & Stoppable,
  signal: number,
  asked: Pick<Ending, 'by' | 'isForStart'>,
): Promise<void> {
  const seen = observe(context.roots, record.id, flocks);
  if (seen.kind !== 'running') return;
  const { pid } = seen.running;
  // While it is in this group the number is that of no other process.
  if (!context.cgroups.pids(`${cgroupParent(context.roots)}/${record.id}`).includes(pid)) return;
  await endFor(context.roots, record, asked, () => {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // It has ended by itself.
      if (errnoOf(error) !== 'ESRCH') throw error;
    }
  });
  await resume(context, record);
  tell(context, record, 'kill', { signal: String(signal) });
}

/** This is longer than a supervisor waits for its clients at the end (native/client.c). */
const GOODBYE_MS = 3000;

/** Waits for the end of a supervisor whose container was removed meanwhile: it may still have the disk written. */
export async function supervisorGone(supervisor: ProcessIdentity): Promise<void> {
  await eventually(GOODBYE_MS, () => !isAlive(supervisor));
}

/**
 * For a container that has ended while its supervisor still waits for a client to take output, and still holds the
 * mounts.
 */
export async function dismissSupervisor(context: EngineContext, record: Known): Promise<void> {
  const connection = await connectSupervisor(containerPaths(context.roots, record.id).socket);
  // The supervisor may have become the keeper, which takes no connections.
  if (connection === undefined) return;
  connection.client.cleansUp(true);
  await eventually(GOODBYE_MS, () => !isSupervised(context.roots, record.id, flocks));
  connection.close();
}

/**
 * For a supervisor that does not answer: it is about to end, its socket is gone, or the command that started it was
 * killed before the container ran. What it holds is free only when it has ended.
 */
export async function endSilentSupervisor(context: EngineContext, record: Known): Promise<void> {
  if (await eventually(2000, () => isDown(context, record))) return;
  await context.cgroups.killAll(`${cgroupParent(context.roots)}/${record.id}`);
  if (await eventually(2000, () => isDown(context, record))) return;
  await endSupervisor(context, record);
}

const isDown = (context: EngineContext, record: Known) => supervisorPid(context.roots, record.id) === undefined;

/**
 * The last resort: the container's processes are gone, and the supervisor does not notice, for example because it is
 * stopped.
 */
async function endSupervisor(context: EngineContext, record: Known): Promise<void> {
  const pid = supervisorPid(context.roots, record.id);
  if (pid === undefined) return;
  process.kill(pid, 'SIGKILL');
  if (await eventually(5000, () => isDown(context, record))) return;
  throw new MinidockError('cannot-stop', `container ${record.name} does not end: its supervisor gives no answer`, {
    fix: `look at \`ps -o pid,stat,wchan,args -p ${pid}\``,
  });
}

/**
 * What `promise` resolves to; undefined where that takes longer.
 *
 * @param milliseconds as Docker counts: a negative number means no limit; so does one that no timer can hold (24 days)
 */
async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  if (milliseconds < 0 || milliseconds >= 2 ** 31) return await promise;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
