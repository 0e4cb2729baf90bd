import fs from 'node:fs';
import { errnoOf } from '../errors.ts';

/**
 * A process, or one of its threads, that cannot be mistaken for a later one with the same pid: pid, start time in clock
 * ticks since boot (proc_pid_stat(5), field 22) and the boot it happened in.
 */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
  boot: string;
}

let boot: string | undefined;

/** Random id of this boot; pids and start times mean nothing after the next. */
export function bootId(): string {
  boot ??= fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().replaceAll('-', '').slice(0, 12);
  return boot;
}

/** The identity of a living process; throws where there is none. */
export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTime: startTimeOf(pid), boot: bootId() };
}

/** The identity of a process that may have died; undefined where it has. */
export function findIdentity(pid: number): ProcessIdentity | undefined {
  const identity = { pid, startTime: '', boot: bootId() };
  try {
    identity.startTime = startTimeOf(pid);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  return identity.startTime === gone ? undefined : identity;
}

let thread: ProcessIdentity | undefined;

/**
 * The identity of the calling thread: a worker thread has an identity of its own and can be found dead while its
 * process goes on. Before Linux 3.17, which lacks /proc/thread-self, all threads have the identity of their process.
 */
export function thisThread(): ProcessIdentity {
  thread ??= identityOf(threadId());
  return thread;
}

/** The kernel's id of the calling thread, gettid(2); that of the main thread is the pid. */
function threadId(): number {
  try {
    const [, , id] = fs.readlinkSync('/proc/thread-self').split('/');
    return Number(id);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return process.pid;
  }
}

/** `process 4711`, or `thread 4713 of process 4711`. */
export function describeHolder({ pid }: ProcessIdentity): string {
  const [, process] = /^Tgid:\s*(\d+)/m.exec(readStatus(pid)) ?? [];
  return process === undefined || Number(process) === pid ? `process ${pid}` : `thread ${pid} of process ${process}`;
}

function readStatus(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    // The process has ended meanwhile.
    return '';
  }
}

/** Whether exactly this process still runs. A zombie does not: it can hold nothing. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.boot !== bootId()) return false;
  try {
    return startTimeOf(identity.pid) === identity.startTime;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** Whether an error is what /proc answers of a process that has ended, before it was asked or while it was read. */
export const isGone = (error: unknown) => errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH';

const gone = 'gone';

/** Clock ticks since boot at which a process began; `gone` for a zombie. Throws where there is none. */
export function startTimeOf(pid: number): string {
  const fields = readStat(pid);
  return fields[0] === 'Z' || fields[0] === 'X' ? gone : fields[19]!;
}

/** Whether a process stands still because of SIGSTOP. */
export const isStopped = (pid: number): boolean => stateOf(pid) === 'T';

/** Whether a process has ended and its parent has not waited for it. */
export const isZombie = (pid: number): boolean => stateOf(pid) === 'Z';

/** The letter of its state, proc_pid_stat(5); undefined where the process is gone. */
function stateOf(pid: number): string | undefined {
  try {
    return readStat(pid)[0];
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** The fields of /proc/PID/stat from the third on, the state. The command name before may hold spaces and brackets. */
function readStat(pid: number): string[] {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** `pid-start-boot`, fit for a file name. */
export function printIdentity(identity: ProcessIdentity): string {
  return `${identity.pid}-${identity.startTime}-${identity.boot}`;
}

export function parseIdentity(text: string): ProcessIdentity | undefined {
  const [pid, startTime, bootPart] = text.split('-');
  if (pid === undefined || startTime === undefined || bootPart === undefined || !/^\d+$/.test(pid)) return undefined;
  return { pid: Number(pid), startTime, boot: bootPart };
}

/** A field of /proc/PID/status: `NSpid`, `PPid`, `Name`. Empty where the kernel does not have it. */
export function statusField(pid: number | 'self', field: string): string {
  const line = fs
    .readFileSync(`/proc/${pid}/status`, 'utf8')
    .split('\n')
    .find(candidate => candidate.startsWith(`${field}:`));
  return (
    line
      ?.slice(field.length + 1)
      .trim()
      .replace(/\s+/g, ' ') ?? ''
  );
}

/** All fields of /proc/PID/status, by name. */
export function statusOf(pid: number | 'self'): Map<string, string> {
  const lines = fs.readFileSync(`/proc/${pid}/status`, 'utf8').split('\n').filter(Boolean);
  return new Map(
    lines.map(line => {
      const colon = line.indexOf(':');
      return [
        line.slice(0, colon),
        line
          .slice(colon + 1)
          .trim()
          .replace(/\s+/g, ' '),
      ];
    }),
  );
}

/** Children of a process, in the order of their birth. */
export function childrenOf(pid: number): number[] {
  return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}
