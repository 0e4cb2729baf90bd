import { type ChildProcess, spawn } from 'node:child_process';
import { findProgram } from '../support/requires.ts';

export interface Ended {
  /** Exit code, or the signal that ended it. */
  code: number | string;
  /** Both streams, in the order in which they came. */
  output: string;
}

export interface Start {
  command: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** The time limit. */
  seconds: number;
  /** Whether this output is all that is to come, and the time limit from then on. */
  over?: { is: (output: string) => boolean; seconds: number };
  /** How long it has to clean up after SIGTERM. */
  graceSeconds?: number;
  /** Called with each piece of output. */
  onOutput?: (text: string) => void;
}

/** The processes that run now, each with the function that ends it. */
const running = new Map<ChildProcess, () => Promise<void>>();

/**
 * Runs a test process in a process group of its own, without standard input. At the time limit SIGTERM lets it clean up,
 * then SIGKILL. It gets SIGTERM as well when this process dies, however that happens.
 */
export async function runProcess(start: Start): Promise<Ended> {
  const { command, cwd, env, seconds, over, graceSeconds = 10, onOutput } = start;
  const setpriv = findProgram('setpriv');
  const [program = '', ...args] = setpriv ? [setpriv, '--pdeathsig', 'TERM', ...command] : command;
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const endIt = () => end(child, graceSeconds);
  running.set(child, endIt);
  let output = '';
  const add = (text: string) => {
    output += text;
    onOutput?.(text);
  };
  const late = (reason: string) => {
    add(`\nended: ${reason}\n`);
    void endIt();
  };
  const limits = [setTimeout(late, seconds * 1000, `it still ran after ${seconds} s`)];
  let isOver = false;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      add(text);
      if (isOver || !over?.is(output)) return;
      isOver = true;
      limits.push(setTimeout(late, over.seconds * 1000, `it still ran ${over.seconds} s after its last test`));
    });
  // From now on: it may come together with the exit.
  const closed = new Promise(resolve => child.once('close', resolve));
  const code = await new Promise<number | string>(resolve => {
    child.once('error', error => resolve(error.message));
    child.once('exit', (status, signal) => resolve(status ?? signal ?? 'unknown'));
  });
  for (const limit of limits) clearTimeout(limit);
  running.delete(child);
  // A grandchild that kept the pipe must not keep the runner.
  await Promise.race([closed, new Promise(resolve => setTimeout(resolve, 500))]);
  child.stdout.destroy();
  child.stderr.destroy();
  return { code, output };
}

async function end(child: ChildProcess, graceSeconds: number): Promise<void> {
  signalGroup(child, 'SIGTERM');
  await new Promise(resolve => {
    const patience = setTimeout(resolve, graceSeconds * 1000);
    child.once('exit', () => resolve(clearTimeout(patience)));
  });
  signalGroup(child, 'SIGKILL');
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid ?? 0), signal);
  } catch {}
}

/** Ends all test processes that still run, each after its own cleanup. */
export async function endRunning(): Promise<void> {
  await Promise.all([...running.values()].map(endIt => endIt()));
}
