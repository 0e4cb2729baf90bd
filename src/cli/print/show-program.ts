import { printProgram, programToJson } from '../../syscalls/print.ts';
import type { Program } from '../../syscalls/step.ts';
import type { Language } from '../../syscalls/text/language.ts';
import type { Output } from './output.ts';
import { coloured, painted } from './printable.ts';

const styles = { section: '1;36', call: '0', why: '2', lesson: '35' };

/**
 * `--dry-run`: the program folded to a line a group, unfolded, or as data. On a terminal lines are broken to fit and coloured,
 * but for NO_COLOR.
 */
export function showProgram(
  output: Output,
  program: Program,
  form: 'folded' | 'full' | 'json',
  language: Language,
): void {
  if (form === 'json') {
    output.data(`${JSON.stringify(programToJson(program), null, 2)}\n`);
    return;
  }
  const { columns } = output;
  const colours = columns !== undefined && !process.env.NO_COLOR;
  const text = printProgram(program, {
    unfold: form === 'full',
    language,
    columns,
    paint: colours ? (part, text) => painted(styles[part], text) : undefined,
  });
  output.out(colours ? coloured(text) : text);
}
