import { defaultPath } from '../../oci/default-path.ts';
import type { Command, Stage } from '../lesson.ts';

/** The line by which a process says that it has printed everything and now holds still until its input is closed. */
export const READY = '-- ready --';

/** For processes of lessons, whatever the caller's own is. */
export const PATH = `PATH=${defaultPath}`;

/** Where a program of a lesson happens; its process runs the script `inside`. */
export function stageOf(scratch: string, inside: string): Stage {
  return { scratch, command: scriptCommand(inside, scratch) };
}

/** Prints what it sees, then holds still until its input is closed: so long the kernel can be asked about it. */
function scriptCommand(script: string, scratch: string): Command {
  return {
    path: '/bin/sh',
    argv: ['sh', '-c', `${script}\necho '${READY}'\nread _ || true`],
    env: [PATH, 'LC_ALL=C', `LESSON=${scratch}`],
  };
}
