import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { errnoOf } from '../../../errors.ts';
import { programOnPath } from '../../../host/programs.ts';
import { CommandLineError } from '../../exit-codes.ts';

/** Signals of the terminal go to the command as well: we wait for what it makes of them. */
const shared = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a command with our input and output; resolves with its exit code, 128 + n after signal n.
 *
 * @throws {MinidockError} `command-not-found` (127), `command-not-executable` (126)
 */
export async function runCommand([program, ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const path = program!.includes('/') ? program! : programOnPath(program!, env.PATH);
  if (path === undefined) throw notStarted(program!, 'no such program', 127);
  const child = spawn(path, args, { stdio: 'inherit', env });
  const hand = (signal: NodeJS.Signals) => {
    if (signal !== 'SIGINT') child.kill(signal);
  };
  for (const signal of shared) process.on(signal, hand);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
      child.once('error', error => {
        const missing = errnoOf(error) === 'ENOENT';
        reject(notStarted(program!, missing ? 'no such program' : error.message, missing ? 127 : 126));
      });
    });
  } finally {
    for (const signal of shared) process.off(signal, hand);
  }
}

function notStarted(program: string, reason: string, exitCode: 126 | 127): CommandLineError {
  const code = exitCode === 127 ? 'command-not-found' : 'command-not-executable';
  return new CommandLineError(code, `cannot run ${JSON.stringify(program)}: ${reason}`, { exitCode });
}
