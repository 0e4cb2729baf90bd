import { spawn } from 'node:child_process';

/**
 * Node's `spawn`, with an error at once where descriptors run out: `spawn` itself then returns a child without streams
 * and emits the error later. The errors that it throws name the program, as those do that it emits.
 *
 * @throws EMFILE; and ENOMEM, ETXTBSY and what else Node does not emit
 */
export const startProcess = ((program: string, ...rest: never[]) => {
  const child = named(program, () => spawn(program, ...rest));
  if (child.stdio !== undefined) return child;
  child.on('error', () => {});
  const error = new Error(`EMFILE: too many open files, spawn ${program}`);
  throw Object.assign(error, { code: 'EMFILE', syscall: 'spawn', path: program });
}) as typeof spawn;

function named<T>(program: string, start: () => T): T {
  try {
    return start();
  } catch (error) {
    throw Object.assign(error as Error, { path: program });
  }
}
