import { randomBytes } from 'node:crypto';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import type { ContainerOptions } from '../../src/container/record.ts';
import { createContainer } from '../../src/engine/containers/create.ts';
import { startContainer } from '../../src/engine/containers/start.ts';
import type { EngineContext } from '../../src/engine/context.ts';
import { type ExecRecord, writeExec } from '../../src/engine/execs/record.ts';
import type { ExecOptions } from '../../src/engine/nouns/execs.ts';
import type { LaunchedProcess } from '../../src/engine/processes.ts';
import { MinidockError } from '../../src/errors.ts';
import { identityOf } from '../../src/host/process.ts';
import type { Roots } from '../../src/state/paths.ts';

/** What the command line would ask for with no flag given, for tests that call the engine itself. */
export function runOptions(wanted: Partial<ContainerOptions>): ContainerOptions {
  return {
    image: 'busybox',
    command: [],
    env: [],
    tty: false,
    interactive: false,
    attach: { stdin: false, stdout: true, stderr: true },
    autoRemove: true,
    ports: [],
    volumes: [],
    network: 'bridge',
    ...wanted,
  };
}

/** An exec that is written down, and not started. */
export function wantedExec(roots: Roots, { id: container }: { id: string }, wanted: Partial<ExecOptions>): ExecRecord {
  const options = { command: [], env: [], tty: false, interactive: false, ...wanted };
  const exec = { id: randomBytes(32).toString('hex'), container, options, by: identityOf(process.pid) };
  writeExec(roots, exec);
  return exec;
}

export interface Outcome {
  output: string;
  code: number;
  /** What the engine said in place of starting it; then `code` is that of the command line. */
  refusal?: string;
}

/** Runs a container of an engine in this process, to its end. */
export async function runWith(parts: EngineContext, wanted: Partial<ContainerOptions>): Promise<Outcome> {
  try {
    const record = await createContainer(parts, runOptions(wanted));
    const streams = { stdin: record.options.interactive, stdout: true, stderr: true };
    return await outcome(await startContainer(parts, record, { streams }));
  } catch (error) {
    if (!(error instanceof MinidockError)) throw error;
    return { refusal: error.message, output: '', code: exitCodeOf(error, { otherwise: 125 }) };
  }
}

/** Output of both streams as it came, and the exit code. */
export async function outcome(container: LaunchedProcess): Promise<{ output: string; code: number; refusal?: string }> {
  let output = '';
  container.attachment.onOutput((_, chunk) => {
    output += chunk;
  });
  return { code: await container.exited, output };
}
