import { execute } from '../../src/container/process/execute.ts';
import { cloneProcess } from '../../src/container/process/namespaces.ts';
import { launch } from '../../src/syscalls/shim.ts';
import { program, type Step, slot } from '../../src/syscalls/step.ts';

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
  return { pid: () => shim.pid, stdout: shim.process.stdout!, executed: shim.executed, ended: shim.exited };
}
