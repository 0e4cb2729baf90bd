import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryFolder } from '../support/cleanup.ts';
import { checkout, findProgram } from '../support/requires.ts';

/**
 * Builds what runs a command as Linux 3.10 would: CentOS 7, in whose classrooms minidock is taught. Every later syscall answers
 * ENOSYS, and the kernel calls itself 3.10: see test/support/linux-3.10.c. Undefined where no compiler is.
 *
 * @returns the beginning of a command line
 */
export function linux310(): string[] | undefined {
  const gcc = findProgram('gcc');
  if (gcc === undefined) return undefined;
  const [folder, source] = [temporaryFolder('linux-3.10'), join(checkout, 'test/support/linux-3.10.c')];
  const [program, library] = [join(folder, 'linux-3.10'), join(folder, 'uname.so')];
  for (const args of [
    ['-o', program],
    ['-DPRELOAD', '-shared', '-fPIC', '-o', library],
  ]) {
    const { status, stderr } = spawnSync(gcc, [...args, source], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${source} does not compile: ${stderr}`);
  }
  return [program, library];
}
