import type { ChalkInstance } from 'chalk';
import { widthOf } from '../../syscalls/text/columns.ts';
import type { Language } from '../text/language.ts';
import type { Border, Figure, Tone } from './figure.ts';
import { layout } from './layout.ts';
import type { Metrics, PlacedArrow, PlacedBox, PlacedText } from './scene.ts';

const metrics: Metrics = {
  measure: ({ text }) => widthOf(text),
  line: 1,
  side: 2,
  top: 1,
  bottom: 1,
  least: 3,
  title: { x: 3, y: 0, after: 3 },
  gap: { x: 2, y: 0 },
  beforeInside: 0,
  cells: 2,
  label: { across: 1, down: 2 },
  // It stays with the word before.
  changed: '\u00a0◀',
};

type Paint = (text: string) => string;

/** What stands in one column of one line; the second half of a wide character is empty. */
interface Cell {
  char: string;
  paint?: Paint;
}

/** A figure in box-drawing characters, as lines of at most `width` columns where its longest word allows that. */
export function drawFigure(
  figure: Figure,
  language: Language,
  options: { width: number; chalk: ChalkInstance; natural?: boolean },
): string[] {
  const { chalk } = options;
  const scene = layout(figure, language, options.width, metrics);
  const grid: Cell[][] = Array.from({ length: scene.height }, () =>
    Array.from({ length: scene.width }, () => ({ char: ' ' })),
  );
  const put = (x: number, y: number, char: string, paint?: Paint) => {
    const cell = grid[y]?.[x];
    if (cell) Object.assign(cell, { char, paint });
  };
  for (const box of scene.boxes) drawBox(box, tonePaint(chalk, box.tone), put);
  for (const arrow of scene.arrows)
    drawArrow(arrow, tonePaint(chalk, arrow.tone), put, (x, y) => grid[y]?.[x]?.char ?? ' ');
  for (const text of scene.texts) drawText(text, chalk, put);
  return grid.map(row => {
    let line = '';
    for (let i = 0; i < row.length; ) {
      const { paint } = row[i]!;
      let part = '';
      for (; i < row.length && row[i]!.paint === paint; i++) part += row[i]!.char;
      line += paint ? paint(part) : part;
    }
    return line.trimEnd();
  });
}

const borders: Record<Border, string> = {
  solid: '┌─┐│└┘',
  dashed: '┌╌┐╎└┘',
  double: '╔═╗║╚╝',
  heavy: '┏━┓┃┗┛',
};

type Put = (x: number, y: number, char: string, paint?: Paint) => void;

function drawBox({ x, y, w, h, border }: PlacedBox, paint: Paint, put: Put): void {
  const [topLeft, across, topRight, down, bottomLeft, bottomRight] = [...borders[border]] as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  for (let i = 1; i < w - 1; i++) for (const row of [y, y + h - 1]) put(x + i, row, across, paint);
  for (let i = 1; i < h - 1; i++) for (const column of [x, x + w - 1]) put(column, y + i, down, paint);
  put(x, y, topLeft, paint);
  put(x + w - 1, y, topRight, paint);
  put(x, y + h - 1, bottomLeft, paint);
  put(x + w - 1, y + h - 1, bottomRight, paint);
}

const crossings: Record<string, string> = {
  '│': '┼',
  '╎': '┼',
  '║': '╫',
  '┃': '╂',
  '─': '┼',
  '╌': '┼',
  '═': '╪',
  '━': '┿',
};

function drawArrow({ points, ends }: PlacedArrow, paint: Paint, put: Put, at: (x: number, y: number) => string): void {
  const [across, down] = ends === 'cut' ? ['╌', '╎'] : ['─', '│'];
  for (const [i, to] of points.slice(1).entries()) {
    const from = points[i]!;
    const [dx, dy] = [Math.sign(to[0] - from[0]), Math.sign(to[1] - from[1])];
    const isLast = i === points.length - 2;
    // A point is the edge between two cells: the line fills the cells between two edges.
    const cells: [number, number][] = [];
    if (dx !== 0) {
      const [low, high] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
      for (let x = low; x < high; x++) cells.push([x, from[1]]);
      if (dx < 0) cells.reverse();
    } else {
      const [low, high] = [Math.min(from[1], to[1]), Math.max(from[1], to[1])];
      for (let y = low; y < high; y++) cells.push([from[0], y]);
      if (dy < 0) cells.reverse();
    }
    for (const [x, y] of cells) put(x, y, crossings[at(x, y)] ?? (dx !== 0 ? across : down), paint);
    if (i > 0) {
      const before = points[i - 1]!;
      put(from[0], from[1], corner(Math.sign(from[0] - before[0]), Math.sign(from[1] - before[1]), dx, dy), paint);
    }
    const tip = dx > 0 ? '▶' : dx < 0 ? '◀' : dy > 0 ? '▼' : '▲';
    if (isLast && ends !== 'cut') put(...cells.at(-1)!, tip, paint);
    const tail = dx > 0 ? '◀' : dx < 0 ? '▶' : dy > 0 ? '▲' : '▼';
    if (ends === 'both' && i === 0) put(...cells[0]!, tail, paint);
  }
}

/** The character that joins a line that came by (ax, ay) and goes on by (bx, by). */
function corner(ax: number, ay: number, bx: number, by: number): string {
  const joins = (dx: number, dy: number) => (-ax === dx && -ay === dy) || (bx === dx && by === dy);
  const up = joins(0, -1);
  const left = joins(-1, 0);
  return up ? (left ? '┘' : '└') : left ? '┐' : '┌';
}

function drawText({ x, y, runs, role, tone, mark }: PlacedText, chalk: ChalkInstance, put: Put): void {
  let at = x;
  if (role === 'title') put(x - 1, y, ' ');
  for (const run of runs) {
    const paint = paintOf(chalk, role === 'line' ? undefined : tonePaint(chalk, tone), run, mark);
    for (const char of run.text) {
      const width = widthOf(char);
      if (width === 0) continue;
      put(at, y, char === '\u00a0' ? ' ' : char, paint);
      if (width === 2) put(at + 1, y, '', paint);
      at += width;
    }
  }
  if (role === 'title') put(at, y, ' ');
}

function paintOf(
  chalk: ChalkInstance,
  base: Paint | undefined,
  { code, strong }: { code?: boolean; strong?: boolean },
  mark: PlacedText['mark'],
): Paint | undefined {
  if (mark === 'changed') return text => chalk.bold.yellow(text);
  if (mark === 'danger') return text => chalk.red(text);
  if (mark === 'good') return text => chalk.green(text);
  if (mark === 'dim') return text => chalk.dim(text);
  if (strong) return text => chalk.bold(base ? base(text) : text);
  return base ?? (code ? text => chalk.cyan(text) : undefined);
}

function tonePaint(chalk: ChalkInstance, tone: Tone): Paint {
  const colours: Record<Tone, Paint> = {
    host: chalk.blue,
    container: chalk.green,
    process: chalk.white,
    kernel: chalk.magenta,
    files: chalk.yellow,
    network: chalk.cyan,
    danger: chalk.red,
    plain: chalk.dim,
  };
  return colours[tone];
}
