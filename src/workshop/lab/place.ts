import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { settingsFrom } from '../../cli/context.ts';
import { observe, stateOf } from '../../container/observe.ts';
import { ContainerStore } from '../../container/store.ts';
import { MinidockError } from '../../errors.ts';
import { flocks } from '../../host/locks.ts';
import { systemProgram } from '../../host/programs.ts';
import { xray } from '../../xray/xray.ts';
import { learnersFolder } from '../learners-file.ts';
import type { Place } from './types.ts';

const minidock = fileURLToPath(new URL('../../../bin/minidock', import.meta.url));
const execute = promisify(execFile);

/** This machine, with the engine that the environment names. */
export function placeOf(id: string, env: NodeJS.ProcessEnv = process.env): Place {
  const { root, execRoot } = settingsFrom({}, env);
  const roots = { root, execRoot };
  const run = async (program: string, ...words: string[]) => {
    try {
      // An installation of a package's size, and a build, take their time.
      const { stdout } = await execute(program, words, { env, timeout: 300_000, maxBuffer: 64 << 20 });
      return stdout.trimEnd();
    } catch (error) {
      const said = String((error as { stderr?: string }).stderr ?? '').trim() || (error as Error).message;
      const typed = [path.basename(program), ...words].join(' ');
      throw new MinidockError('lab-failed', `${typed}: ${said.split('\n')[0]}`, { cause: error });
    }
  };
  return {
    roots,
    folder: path.join(learnersFolder(env), 'labs', id),
    minidock: (...words) => run(minidock, ...words),
    run: (program, ...words) => run(systemProgram(program) ?? program, ...words),
    container(name) {
      const store = new ContainerStore(roots);
      const id = store.named(name);
      const record = id === undefined ? undefined : store.read(id);
      if (record === undefined) return undefined;
      const { status, pid, exitCode } = stateOf(record.state, observe(roots, record.id, flocks));
      const state = status === 'running' || status === 'exited' || status === 'created' ? status : 'other';
      return { id: record.id, name, state, pid, exitCode };
    },
    xray: (name, sections) => xray(roots, name, sections),
  };
}
