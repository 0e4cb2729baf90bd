import { spawn } from 'node:child_process';

/**
 * Node's `spawn`, which for want of descriptors returns a child without streams and says so later, to nobody.
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
