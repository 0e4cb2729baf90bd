import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { MinidockError } from '../../src/errors.ts';
import { systemPath, systemProgram } from '../../src/host/programs.ts';
import type { Evidence } from '../../src/workshop/play/evidence.ts';
import type { Tell } from '../17-image-format/image.ts';
import type { Trial } from './trials.ts';

/** From the host's process; the last one of a trial is its result. */
export type Said =
  | { readonly kind: 'told'; readonly line: string }
  | { readonly kind: 'found'; readonly evidence: Evidence }
  | { readonly kind: 'failed'; readonly code?: string; readonly message: string };

const hosts = new Map<string, ChildProcess>();

/**
 * Lets a trial happen on a host of the lesson's own: a process in a new network namespace, so that its port 8080, its bridge and its
 * rules are not this machine's. It takes everything away when it is told to, and when this process is gone.
 */
export async function onHost(scratch: string, trial: Trial, tell: Tell): Promise<Evidence> {
  const host = hosts.get(scratch) ?? start(scratch);
  return new Promise((resolve, reject) => {
    const over = (act: () => void) => {
      host.off('message', hear).off('exit', gone);
      act();
    };
    const gone = () => over(() => reject(new Error('the host of the lesson has ended')));
    const hear = (said: Said) => {
      if (said.kind === 'told') tell(said.line);
      else if (said.kind === 'found') over(() => resolve(said.evidence));
      else over(() => reject(errorOf(said)));
    };
    host.on('message', hear).once('exit', gone);
    host.send(trial);
  });
}

/** For `Lesson.tidy`. */
export async function endHost(scratch: string): Promise<void> {
  const host = hosts.get(scratch);
  hosts.delete(scratch);
  if (host === undefined || host.exitCode !== null) return;
  const ended = new Promise(resolve => host.once('exit', resolve));
  host.disconnect();
  await ended;
}

function start(scratch: string): ChildProcess {
  const width = Math.min(96, (process.stdout.columns ?? 80) - 8);
  const file = fileURLToPath(new URL('host-process.ts', import.meta.url));
  const host = spawn(
    systemProgram('unshare') ?? 'unshare',
    ['--net', process.execPath, ...process.execArgv, file, scratch, String(width)],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // A Ctrl-C of the terminal is for the lesson, which then says what is to be done.
      detached: true,
      env: { ...process.env, PATH: `${process.env.PATH ?? ''}:${systemPath}` },
    },
  );
  hosts.set(scratch, host);
  return host;
}

function errorOf({ code, message }: Extract<Said, { kind: 'failed' }>): Error {
  return code === undefined ? new Error(message) : new MinidockError(code as MinidockError['code'], message);
}
