import { padTo, widthOf } from '../../syscalls/text/columns.ts';
import { type Span, wrap } from './width.ts';

/** One cell: styled text, wrapped within its column. */
export type Cell = readonly Span[];

/** A cell of plain text. */
export function cell(text: string, paint?: (text: string) => string): Cell {
  return [{ text, paint }];
}

const GAP = 2;
const NARROWEST = 8;

/**
 * Rows in aligned columns, the first row being the head, ruled off by a line. Columns shrink, widest first, until the
 * table fits `width`; cells wrap.
 */
export function renderTable(
  rows: readonly (readonly Cell[])[],
  width: number,
  rule = (text: string) => text,
): string[] {
  const widths = columnWidths(rows, width);
  const out: string[] = [];
  for (const [index, row] of rows.entries()) {
    const cells = row.map((content, i) => wrap(content, widths[i]!));
    const height = Math.max(...cells.map(lines => lines.length));
    for (let line = 0; line < height; line++)
      out.push(
        cells
          .map((lines, i) => (i === cells.length - 1 ? (lines[line] ?? '') : padTo(lines[line] ?? '', widths[i]!)))
          .join(' '.repeat(GAP))
          .trimEnd(),
      );
    if (index === 0) out.push(rule(widths.map(columns => '─'.repeat(columns)).join('─'.repeat(GAP))));
  }
  return out;
}

function columnWidths(rows: readonly (readonly Cell[])[], width: number): number[] {
  const count = Math.max(...rows.map(row => row.length));
  const widths = Array.from({ length: count }, (_, i) => Math.max(1, ...rows.map(row => cellWidth(row[i] ?? []))));
  const room = width - GAP * (count - 1);
  while (widths.reduce((sum, columns) => sum + columns, 0) > room) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= NARROWEST) break;
    widths[widest]!--;
  }
  return widths;
}

function cellWidth(content: Cell): number {
  return widthOf(content.map(span => span.text).join(''));
}
