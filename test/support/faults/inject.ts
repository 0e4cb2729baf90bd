import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnos } from '../../../src/syscalls/uapi/errno.ts';
import { type Architecture, syscallNumber } from '../../../src/syscalls/uapi/numbers.ts';
import { temporaryFolder } from '../cleanup.ts';
import { minidockPath, type Sandbox } from '../minidock.ts';
import { checkout } from '../requires.ts';
import { environment, type Fault, type Point } from './points.ts';

export interface Outcome {
  /** Whether the fault struck: a run may take another way than the reference did. */
  struck: boolean;
  exitCode: number | undefined;
  output: string;
  timedOut: boolean;
}

let built: string | undefined;

/** Puts one fault into a command: strike.c. */
function striker(): string {
  if (built === undefined) {
    built = join(temporaryFolder('strike'), 'strike');
    execFileSync('gcc', ['-O2', '-o', built, join(checkout, 'test/support/faults/strike.c')]);
  }
  return built;
}

/** Runs a command with one fault in it. */
export async function inject(box: Sandbox, command: readonly string[], point: Point, fault: Fault): Promise<Outcome> {
  const log = join(box.folder, 'struck');
  const number = syscallNumber(point.call, process.arch as Architecture);
  const error = fault === 'KILL' ? 0 : errnos[fault];
  const where = [point.role, number, point.n, error, log].map(String);
  const outcome = await run(striker(), [...where, ...command], box);
  return { ...outcome, struck: readFileSync(log, 'utf8') !== '' };
}

/** Runs a command that is killed as it is about to make a call of these names (strace's words) about the file at this path. */
export async function killedAt(
  box: Sandbox,
  words: readonly string[],
  calls: string,
  ...paths: string[]
): Promise<void> {
  const places = paths.flatMap(path => ['-P', path]);
  const tracing = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${calls}:signal=KILL:when=1`];
  const { timedOut } = await run('strace', [...tracing, ...places, minidockPath, ...words], box);
  if (timedOut) throw new Error(`minidock ${words.join(' ')} hangs`);
}

/** Output goes to a file: a process that hangs must not keep us waiting for the end of a pipe. */
async function run(program: string, args: string[], box: Sandbox): Promise<Omit<Outcome, 'struck'>> {
  const file = join(box.folder, 'output');
  const fd = openSync(file, 'w');
  const child = spawn(program, args, {
    env: { ...process.env, ...environment(box) },
    stdio: ['ignore', fd, fd],
    detached: true,
  });
  closeSync(fd);
  const ended = new Promise<number | undefined>(resolve => child.once('exit', code => resolve(code ?? undefined)));
  let timedOut = false;
  const limit = setTimeout(() => {
    timedOut = true;
    process.kill(-child.pid!, 'SIGKILL');
  }, 20_000);
  const exitCode = await ended;
  clearTimeout(limit);
  return { exitCode, output: readFileSync(file, 'utf8'), timedOut };
}
