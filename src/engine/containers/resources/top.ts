import { execFile } from 'node:child_process';
import type { ContainerRecord } from '../../../container/record.ts';
import { MinidockError } from '../../../errors.ts';
import { systemPath, systemProgram } from '../../../host/programs.ts';
import { cgroupParent } from '../../../state/paths.ts';
import type { EngineContext } from '../../context.ts';
import type { ProcessList } from '../../nouns/containers.ts';
import { runningOf } from '../life/states.ts';
import { processesOf } from './ps.ts';

/** What the host's ps(1) says of a container's processes. An image may have no ps, or one that lies. */
export async function listProcesses(
  context: EngineContext,
  record: ContainerRecord,
  options: readonly string[],
): Promise<ProcessList> {
  runningOf(context, record);
  const pids = context.cgroups.pids(`${cgroupParent(context.roots)}/${record.id}`);
  // As in Docker an empty word is no option either.
  const words = (options.join(' ') || '-ef').split(/\s+/).filter(Boolean);
  const renamed = / (\S*)=\s*(PID\S*)/.exec(` ${words.join(' ')}`);
  if (renamed !== null && renamed[1] !== 'pid')
    throw new MinidockError('ps-failed', `specifying "${renamed[1]}=${renamed[2]}" is not allowed`);
  // Some options exclude -q: then ps lists all processes, and those of others are dropped below.
  let answer = await ps([...words, `-q${pids.join(',')}`]);
  if (answer.status !== 0) answer = await ps(words);
  if (answer.status !== 0)
    throw new MinidockError(
      'ps-failed',
      `ps: ${answer.stderr.trim().split('\n')[0] || `it ended with ${answer.status}`}`,
    );
  return processesOf(answer.stdout, new Set(pids));
}

/** Does not wait for it: a daemon serves others meanwhile. */
async function ps(words: readonly string[]): Promise<{ status: number | string; stdout: string; stderr: string }> {
  const program = systemProgram('ps');
  if (program === undefined)
    throw new MinidockError('no-ps', 'this host has no ps, which looks at the processes', {
      fix: 'apt-get install procps, or dnf install procps-ng',
    });
  const options = { maxBuffer: mostOutput, env: { ...process.env, PATH: systemPath } };
  return await new Promise(resolve =>
    execFile(program, words, options, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : (error.code ?? error.signal ?? 1), stdout, stderr }),
    ),
  );
}

/** Bytes that ps may print: some 100,000 processes. */
const mostOutput = 32 << 20;
