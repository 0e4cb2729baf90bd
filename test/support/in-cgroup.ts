import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { execute } from '../../src/container/process/execute.ts';
import { cloneProcess } from '../../src/container/process/namespaces.ts';
import { launch } from '../../src/syscalls/shim.ts';
import { program, type Step, slot } from '../../src/syscalls/step.ts';
import { onExit, sleepSync } from './cleanup.ts';

/** 128 + SIGKILL, as a supervisor says it. */
export const killed = 137;

/** A shim's child that makes the steps and then executes the command in its place. */
export function start(steps: readonly Step[], command: string, stderr: 'inherit' | 'ignore' = 'inherit') {
  const child = slot('child');
  const shim = launch(
    program({
      host: [cloneProcess([], child)],
      child: steps,
      exec: execute({ args: ['sh', '-c', command], env: [`PATH=${process.env.PATH}`] }),
      supervise: { child },
    }),
    { stdio: ['ignore', 'pipe', stderr] },
  );
  shim.process.stdout!.resume();
  // The pid and the success of execve are reported on two sockets: either may be read first.
  const executed = shim.supervised.then(() => shim.executed);
  executed.catch(() => {});
  return { pid: () => shim.pid, stdout: shim.process.stdout!, executed, ended: shim.exited };
}

/**
 * Whatever happens, these groups do not stay behind, each after those below it: with none of the code under test, so that it
 * works where that is broken.
 */
export function removeGroupsAtExit(directories: readonly string[]): void {
  onExit(() => {
    for (const directory of directories.filter(path => existsSync(path))) {
      for (const [file, thaw] of [
        ['freezer.state', 'THAWED'],
        ['cgroup.freeze', '0'],
      ] as const)
        if (existsSync(`${directory}/${file}`)) writeFileSync(`${directory}/${file}`, thaw);
      const members = readFileSync(`${directory}/cgroup.procs`, 'utf8').split('\n').filter(Boolean);
      for (const pid of members) spawnSync('kill', ['-KILL', pid]);
    }
    for (const directory of directories)
      for (let tries = 0; tries < 50 && spawnSync('rmdir', [directory]).status !== 0 && existsSync(directory); tries++)
        sleepSync(20);
  });
}
