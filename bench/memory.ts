import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { type BenchEngine, image, run } from './engines.ts';

/**
 * Kilobytes (PSS, /proc/PID/smaps_rollup) of what an engine keeps running per container: all processes that came with
 * `count` containers, are in our pid namespace, so not the containers themselves, and in the bench's network namespace, so
 * nobody else's.
 */
export function supervisorMemory(engine: BenchEngine, count: number): number {
  const before = new Set(processes());
  const ids = Array.from({ length: count }, () => run(engine, ['run', '-d', image, 'sleep', '1000']));
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
    const supervisors = processes().filter(pid => !before.has(pid) && inOurNamespace(pid));
    return supervisors.map(pss).reduce((sum, kilobytes) => sum + kilobytes, 0) / count;
  } finally {
    run(engine, [...engine.remove, ...ids]);
  }
}

/** Kilobytes (PSS) of a daemon and of the processes that it keeps for itself, while so many containers run; `then` is measured too. */
export async function daemonMemory(engine: BenchEngine, count: number, then: () => Promise<void>): Promise<number[]> {
  const ids = Array.from({ length: count }, () =>
    run(engine, ['run', '-d', '--network', 'none', image, 'sleep', '1000']),
  );
  const now = () => {
    const own = processes().filter(pid => Number(pid) === engine.daemon || parentOf(pid) === engine.daemon);
    return own.map(pss).reduce((sum, kilobytes) => sum + kilobytes, 0);
  };
  try {
    const before = now();
    await then();
    return [before, now()];
  } finally {
    run(engine, [...engine.remove, ...ids]);
  }
}

/**
 * Kilobytes (VmHWM, /proc/PID/status) that a command took at its largest; where a daemon does its work, those of the daemon
 * meanwhile are added.
 */
export async function peakMemory(engine: BenchEngine, command: string): Promise<number> {
  const [program = '', ...args] = command.split(' ');
  // From here on the peak is that of this command (proc(5), clear_refs).
  if (engine.daemon !== undefined) writeFileSync(`/proc/${engine.daemon}/clear_refs`, '5');
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...engine.env } });
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, status(child.pid, 'VmHWM'));
  }, 5);
  try {
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`${command} ended with ${code}`);
    return peak + status(engine.daemon, 'VmHWM');
  } finally {
    clearInterval(timer);
  }
}

function status(pid: number | undefined, field: string, unit = ' kB'): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`^${field}:\\s+(\\d+)${unit}`, 'm').exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

const parentOf = (pid: string) => status(Number(pid), 'PPid', '');

const processes = () => readdirSync('/proc').filter(name => /^\d+$/.test(name));

function inOurNamespace(pid: string): boolean {
  try {
    return ['pid', 'net'].every(
      type => readlinkSync(`/proc/${pid}/ns/${type}`) === readlinkSync(`/proc/self/ns/${type}`),
    );
  } catch {
    return false;
  }
}

function pss(pid: string): number {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
