import { printProgram, programToJson } from '../../syscalls/print.ts';
import type { Program } from '../../syscalls/step.ts';

const styles = { section: '1;36', call: '0', why: '2', lesson: '35' };

/**
 * `--dry-run`: the program folded to a line a group, unfolded, or as data.
 *
 * @param columns of the terminal that it is shown on: lines are broken to fit and coloured, but for NO_COLOR
 */
export function showProgram(program: Program, form: 'folded' | 'full' | 'json', columns?: number): string {
  if (form === 'json') return `${JSON.stringify(programToJson(program), null, 2)}\n`;
  const colours = columns !== undefined && !process.env.NO_COLOR;
  return printProgram(program, {
    unfold: form === 'full',
    columns,
    paint: colours ? (part, text) => `\x1b[${styles[part]}m${text}\x1b[0m` : undefined,
  });
}
