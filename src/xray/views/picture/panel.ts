import type { Text } from '../../../syscalls/text/language.ts';
import type { Tone } from '../../../syscalls/text/palette.ts';
import { type Canvas, lineHeight, type Style, widthOf } from './canvas.ts';

/** A row of a panel: texts at the left, one after the other in columns of given widths, and one at the right edge. */
export interface Row {
  readonly left: readonly (string | (Style & { readonly text: string; readonly width?: number }))[];
  readonly right?: string;
  readonly dim?: boolean;
}

/** A box with a title and rows. */
export interface Panel {
  readonly tone: Tone;
  readonly title: string;
  /** At the right of the title. */
  readonly note?: string;
  readonly rows: readonly (Row | string)[];
  readonly dashed?: boolean;
}

const side = 16;
const head = 42;
const foot = 12;

/** Pixels that a panel takes, from top to bottom. */
export const heightOf = ({ rows }: Pick<Panel, 'rows'>) => head + rows.length * lineHeight + foot;

/** The middle of a row, for what leads there. */
export const middleOf = (top: number, row: number) => top + head + row * lineHeight + lineHeight / 2 - 1;

/** Draws it; `height` may be more than it needs. Returns the y below it. */
export function drawPanel(
  canvas: Canvas,
  panel: Panel,
  x: number,
  y: number,
  w: number,
  height = heightOf(panel),
): number {
  const { tone, title, note, rows, dashed = false } = panel;
  canvas.rect({ x, y, w, h: height }, tone, { dashed });
  drawHead(canvas, { tone, title, note }, x, y, w);
  drawRows(canvas, rows, x, y + head, w);
  return y + height;
}

/** Rows alone, in a box that is there. */
export function drawRows(canvas: Canvas, rows: Panel['rows'], x: number, y: number, w: number): void {
  for (const [i, row] of rows.entries()) drawRow(canvas, row, x + side, y + i * lineHeight, w - 2 * side);
}

/** The first line of a box. */
export function drawHead(
  canvas: Canvas,
  { tone, title, note }: { tone: Tone; title: string; note?: string | undefined },
  x: number,
  y: number,
  w: number,
  size = 18,
): void {
  const room = w - 2 * side;
  const taken =
    note === undefined ? 0 : canvas.text(note, x + w - side, y + 11, room * 0.66, { size: 15, dim: true, right: true });
  canvas.text(title, x + side, y + 9, room - taken - (taken > 0 ? 12 : 0), { size, strong: true, tone });
}

function drawRow(canvas: Canvas, row: Row | string, x: number, y: number, w: number): void {
  const { left, right, dim = false } = typeof row === 'string' ? { left: [row], right: undefined } : row;
  const taken =
    right === undefined ? 0 : canvas.text(right, x + w, y, w * 0.6, { size: 15, dim: true, right: true }) + 12;
  let at = x;
  for (const [i, cell] of left.entries()) {
    const { text, width, ...style } = typeof cell === 'string' ? { text: cell, width: undefined } : cell;
    const rest = x + w - taken - at;
    const room = width === undefined || i === left.length - 1 ? rest : Math.min(width - 8, rest);
    canvas.text(text, at, y, room, { ...style, ...(dim && { dim }) });
    at += width ?? widthOf(text, style) + 8;
  }
}

/** At most so many of `rows`; the last then says how many there are beside. */
export function capped<T>(rows: readonly T[], most: number, more: (count: number) => T): T[] {
  return rows.length <= most ? [...rows] : [...rows.slice(0, most - 1), more(rows.length - most + 1)];
}

/** The row that says how many there are beside. */
export const more =
  (say: (text: Text) => string) =>
  (count: number): Row => ({ left: [say({ en: `… ${count} more`, zh: `……另有 ${count} 个` })], dim: true });
