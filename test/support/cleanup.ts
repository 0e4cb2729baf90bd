import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetEngine, registeredEngines } from '../../src/state/engines.ts';

/**
 * Six hexadecimal digits in every temporary path, process environment and link of this process: the first four name the
 * run of the tests, the last two the test file. So each file and each run knows its own leaks from those of others, which
 * work on the same machine at the same time. `00` is the runner, or a file that was started by hand.
 */
export const testRun = process.env.MINIDOCK_TEST_RUN || `${randomBytes(2).toString('hex')}00`;
process.env.MINIDOCK_TEST_RUN = testRun;

/** The id of the run's test file number `index`. After 255 files the numbers begin anew. */
export function fileRun(index: number): string {
  return testRun.slice(0, 4) + ((index % 0xff) + 1).toString(16).padStart(2, '0');
}

const actions: (() => void)[] = [];

/**
 * Runs `action` once, last in first out, when this process ends: after the tests, after a failure, after an uncaught
 * error, on SIGINT, SIGTERM and SIGHUP. It must be synchronous. Returns a function that runs it now.
 */
export function onExit(action: () => void): () => void {
  const once = () => {
    const index = actions.indexOf(once);
    if (index < 0) return;
    actions.splice(index, 1);
    action();
  };
  actions.push(once);
  return once;
}

/** Runs what `onExit` was given so far: a process that runs several test files does so after each. */
export function cleanUp(): void {
  for (let action = actions.at(-1); action; action = actions.at(-1)) {
    try {
      action();
    } catch (error) {
      process.stderr.write(`cleanup: ${(error as Error).stack}\n`);
      process.exitCode = 1;
    }
  }
}

let beforeSignalEnds: ((signal: NodeJS.Signals) => Promise<void>) | undefined;

/** What this process finishes first when a signal ends it. A second signal does not wait for it. */
export function onSignal(action: (signal: NodeJS.Signals) => Promise<void>): void {
  beforeSignalEnds = action;
}

process.on('exit', cleanUp);
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const)
  process.on(signal, () => {
    const action = beforeSignalEnds;
    beforeSignalEnds = undefined;
    if (!action) process.exit(128 + number);
    void action(signal).finally(() => process.exit(128 + number));
  });

/** A private folder under /tmp. At the end whatever is mounted at or below it is unmounted, and it is removed with the entries of its engines. */
export function temporaryFolder(name = 'work'): string {
  const path = mkdtempSync(join(tmpdir(), `minidock-test-${testRun}-${name}-`));
  onExit(() => {
    removeTree(path);
    for (const engine of registeredEngines()) if (engine.root.startsWith(`${path}/`)) forgetEngine(engine);
  });
  return path;
}

/** Detaches the mounts at and below `path`, deepest first, and deletes the tree. Throws if something stays mounted. */
export function removeTree(path: string): void {
  for (const point of mountsBelow(path).reverse()) spawnSync('umount', ['-l', point]);
  const left = mountsBelow(path);
  if (left.length > 0) throw new Error(`still mounted: ${left.join(', ')}`);
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Mount points at or below `path` in this mount namespace, in the order they were mounted. */
function mountsBelow(path: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line =>
      (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8))),
    )
    .filter(point => point === path || point.startsWith(`${path}/`));
}

/** Processes whose environment holds one of these `NAME=VALUE`, without this one. */
export function processesWith(...variables: string[]): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter(name => {
      try {
        const environment = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0');
        return variables.some(variable => environment.includes(variable));
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Sleeps without the event loop: for cleanup, which must be synchronous. */
export function sleepSync(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Ends processes by id: SIGTERM, then after `seconds` SIGKILL; returns once they are gone. */
export function endProcesses(pids: number[], seconds = 2): void {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const pid of pids) send(pid, signal);
    for (let tries = 0; tries < seconds * 50 && pids.some(alive); tries++) sleepSync(20);
    if (!pids.some(alive)) return;
  }
}

function alive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {}
}
