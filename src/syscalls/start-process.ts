import { spawn } from 'node:child_process';

/**
 * Node's `spawn`, with an error at once where descriptors run out: `spawn` itself then returns a child without streams
 * and emits the error later.
 *
 * @throws EMFILE
 */
export const startProcess = ((program: string, ...rest: never[]) => {
  const child = spawn(program, ...rest);
  if (child.stdio !== undefined) return child;
  child.on('error', () => {});
  const error = new Error(`EMFILE: too many open files, spawn ${program}`);
  throw Object.assign(error, { code: 'EMFILE', syscall: 'spawn', path: program });
}) as typeof spawn;
