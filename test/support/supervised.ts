import fs from 'node:fs';
import path from 'node:path';
import { execute } from '../../src/container/process/execute.ts';
import { cloneProcess } from '../../src/container/process/namespaces.ts';
import { pipes } from '../../src/container/process/stdio.ts';
import { supervisorFiles } from '../../src/container/supervisor.ts';
import { sync } from '../../src/syscalls/calls.ts';
import { Shim } from '../../src/syscalls/shim.ts';
import { program, slot } from '../../src/syscalls/step.ts';
import { temporaryFolder } from './cleanup.ts';

export interface SupervisedFiles {
  alive: string;
  log: string;
  socket: string;
  exit: string;
  reserve: string;
  backlog?: string;
}

/**
 * Runs `sh -c SCRIPT` under a supervisor in no namespace at all: what is tested is the supervisor. The process waits for
 * `go()`. Ends when the supervisor has ended. `log` is a path of the caller's for the log, `backlog` a directory
 * of the caller's for output that nobody takes; with `onStep` steps are reported.
 */
export async function supervised(
  script: string,
  action: (shim: Shim, files: SupervisedFiles) => Promise<void>,
  options: { log?: string; backlog?: string; onStep?: () => void } = {},
): Promise<void> {
  const directory = temporaryFolder('supervisor');
  const files = {
    alive: path.join(directory, 'alive'),
    socket: path.join(directory, 's'),
    log: options.log ?? path.join(directory, 'log'),
    exit: path.join(directory, 'exit'),
    reserve: path.join(directory, 'starting.json'),
    backlog: options.backlog ? path.join(options.backlog, 'backlog') : undefined,
  };
  const child = slot('child');
  const steps = supervisorFiles(files);
  const stdio = pipes({ interactive: true, user: { uid: 0, gid: 0 } });
  const shim = new Shim({ onStep: options.onStep });
  try {
    shim.run(
      program({
        host: [...steps.host, ...stdio.host, cloneProcess([], child), ...stdio.parent],
        child: [...stdio.child, sync({ why: { en: 'attached before the first byte', zh: '在第一个字节之前接上' } })],
        exec: execute({ args: ['sh', '-c', script], env: ['PATH=/bin:/usr/bin'] }),
        exit: steps.exit,
        supervise: {
          child,
          status: steps.status,
          listen: steps.listen,
          ...steps.log,
          ...steps.backlog,
          ...stdio.supervise,
        },
      }),
    );
    await Promise.all([shim.supervised, shim.ready]);
    await action(shim, files);
    await shim.ended;
  } finally {
    await shim.abort();
    fs.rmSync(directory, { recursive: true, force: true });
  }
}
