import { breakLine, visible } from '../../syscalls/print.ts';
import { wrapText } from '../../syscalls/text/width.ts';
import { inOneLine, painted } from './printable.ts';

const styles = {
  head: '36',
  group: '0',
  call: '1',
  answer: '32',
  tolerated: '33',
  refusal: '1;31',
  lesson: '35',
  why: '2',
} as const;

/** A piece of an entry and what it is; one without text is left out. */
export type Part = readonly [Exclude<keyof typeof styles, 'head'>, string | undefined];

/**
 * An entry of a trace: the head, what was done with the answer, its lesson, its reason below. On a terminal of so many
 * columns the lesson stands at the right, lines are broken to fit, and each part has its colour.
 */
export function layOut(head: string, parts: readonly Part[], columns?: number): string {
  const colours = columns !== undefined && !process.env.NO_COLOR;
  const paint = (kind: keyof typeof styles, text: string) => (colours ? painted(styles[kind], text) : inOneLine(text));
  const indent = ' '.repeat(head.length);
  const width = Math.max((columns ?? Infinity) - indent.length, 20);
  const lines: string[] = [];
  for (const [kind, text] of parts) {
    if (text === undefined) continue;
    const shown = kind === 'lesson' ? `[${text}]` : text;
    const last = lines.at(-1);
    const gap = kind === 'lesson' ? 2 : 1;
    const room = last === undefined ? -1 : width - visible(last) - gap - shown.length;
    if (kind !== 'why' && room >= 0) {
      const right = kind === 'lesson' && columns !== undefined ? room : 0;
      lines[lines.length - 1] = last + ' '.repeat(gap + right) + paint(kind, shown);
    } else {
      const own = kind === 'lesson' && columns !== undefined ? ' '.repeat(Math.max(width - shown.length, 0)) : '';
      const broken = kind === 'why' ? wrapText(shown, width) : breakLine(shown, width);
      for (const line of broken) lines.push(own + paint(kind, line));
    }
  }
  return `${lines.map((line, i) => `${i === 0 ? paint('head', head) : indent}${line}\n`).join('')}`;
}
