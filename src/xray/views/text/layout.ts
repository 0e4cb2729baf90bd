import { breakLine, shortIds } from '../../../syscalls/print.ts';
import { padTo, widthOf } from '../../../syscalls/text/columns.ts';
import type { Language, Text } from '../../../syscalls/text/language.ts';
import { wrapText } from '../../../syscalls/text/width.ts';
import { tame } from '../words.ts';

/** A part of the text view: what it is about, how a learner sees the same, and lines. */
export interface Section {
  readonly title: Text;
  /** One sentence: what the reader looks at. */
  readonly about?: Text;
  /** Commands of standard tools that show the same. */
  readonly commands: readonly string[];
  readonly lines: readonly Line[];
}

/** A text that is wrapped, or cells that stand below those of the lines around it; only the last cell is wrapped. */
export type Line = string | Cells;

export interface Cells {
  readonly cells: readonly string[];
  readonly style?: Style;
}

export type Style = 'title' | 'command' | 'head' | 'dim' | 'good' | 'bad';
export type Paint = (style: Style, text: string) => string;

const codes: Readonly<Record<Style, string>> = {
  title: '1;36',
  command: '35',
  head: '1',
  dim: '2',
  good: '32',
  bad: '1;31',
};

export const inColours: Paint = (style, text) => `\x1b[${codes[style]}m${text}\x1b[0m`;
export const plain: Paint = (_, text) => text;

const indent = '  ';

/** @param width columns; a single word that is longer is broken */
export function printSection(
  { title, about, commands, lines }: Section,
  language: Language,
  width: number,
  paint: Paint,
): string {
  const inner = width - indent.length;
  return [
    paint('title', title[language]),
    ...(about === undefined ? [] : wrapText(about[language], inner).map(line => indent + paint('dim', line))),
    ...commands.flatMap(command =>
      broken(globbed(command), inner - 2).map(
        (line, i) => indent + paint('command', `${i === 0 ? '$ ' : '  '}${line}`),
      ),
    ),
    ...printLines(lines, inner, paint).map(line => indent + line),
  ]
    .map(line => `${line.trimEnd()}\n`)
    .join('');
}

/** An id in a path as a shell finds it: its first digits and a star. */
const globbed = (command: string) => shortIds(tame(command)).replaceAll('…', '*');

/** Cells of neighbouring lines make columns; a text in between begins others. */
export function printLines(given: readonly Line[], width: number, paint: Paint): string[] {
  const lines = given.map(line =>
    typeof line === 'string' ? shortIds(tame(line)) : { ...line, cells: line.cells.map(cell => shortIds(tame(cell))) },
  );
  const out: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!;
    if (typeof line === 'string') {
      out.push(...(line === '' ? [''] : broken(line, width)));
      at++;
      continue;
    }
    const block: Cells[] = [];
    for (; at < lines.length && typeof lines[at] !== 'string'; at++) block.push(lines[at] as Cells);
    out.push(...printBlock(block, width, paint));
  }
  return out;
}

function printBlock(block: readonly Cells[], width: number, paint: Paint): string[] {
  const columns = Math.max(...block.map(({ cells }) => cells.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...block.map(({ cells }) => (column < cells.length - 1 ? widthOf(cells[column]!) : 0))),
  );
  return block.flatMap(({ cells, style }) => {
    const front = cells
      .slice(0, -1)
      .map((cell, column) => `${padTo(cell, widths[column]!)}  `)
      .join('');
    const room = width - widthOf(front);
    // Where the columns leave too little, the last cell gets lines of its own.
    const own = room < 24;
    const parts = broken(cells.at(-1)!, own ? width - 4 : room);
    const rows = own
      ? [...broken(front.trimEnd(), width), ...parts.map(part => `    ${part}`)]
      : parts.map((part, i) => (i === 0 ? front : ' '.repeat(widthOf(front))) + part);
    return rows.map(row => (style === undefined ? row : paint(style, row)));
  });
}

const wide = /[\u2e80-\uffef]/;

/** Wrapped at blanks; a long word after a separator, or anywhere. Blanks at the beginning stay and indent what follows. */
function broken(text: string, width: number): string[] {
  const [, blanks = '', rest = ''] = /^( *)(.*)$/s.exec(text) ?? [];
  const before = blanks.slice(0, Math.max(width - 16, 0));
  const room = width - before.length;
  const lines = wide.test(rest) ? wrapText(rest, room) : breakLine(rest, room);
  return lines.map(line => before + line);
}
