import type { Language } from '../text/language.ts';
import { widestChunk } from '../text/width.ts';
import { type Arrow, type Box, boxesOf, type Group, type Item, type Line, type Mark, type Tone } from './figure.ts';
import type { Metrics, PlacedBox, PlacedText, Rect } from './scene.ts';
import { type Run, runsOf, widthOfRuns, wrapRuns } from './words.ts';

/** The place between two neighbours, where arrows run. */
export interface Gap extends Rect {
  readonly axis: 'x' | 'y';
  /** Names of the boxes on either side. */
  readonly before: ReadonlySet<string>;
  readonly after: ReadonlySet<string>;
}

/** An item whose size is known and whose place is not. */
interface Sized {
  readonly w: number;
  readonly h: number;
  /** Narrower than this a word would be cut. */
  readonly min: number;
  place(at: Rect): void;
}

/** Finds sizes from the inside out, then places from the outside in. */
export class Sizer {
  readonly boxes: PlacedBox[] = [];
  readonly texts: PlacedText[] = [];
  readonly gaps: Gap[] = [];

  /** @param told arrows that are words and not lines */
  constructor(
    private readonly metrics: Metrics,
    private readonly language: Language,
    private readonly arrows: readonly Arrow[],
    private readonly told: ReadonlyMap<Arrow, string>,
  ) {}

  size(item: Item, max: number, tone: Tone = 'plain'): Sized {
    if (item.kind === 'box') return this.box(item, max);
    if (item.kind === 'note') return this.lines(item.lines, max, tone);
    return item.kind === 'row' ? this.row(item, max, tone) : this.column(item, max, tone);
  }

  /** Places the outermost item in the upper left corner. */
  place(item: Sized, width: number): void {
    item.place({ x: 0, y: 0, w: width, h: item.h });
  }

  private box(box: Box, max: number): Sized {
    const { metrics } = this;
    const { side, title } = metrics;
    const runs = runsOf(box.title, this.language, true);
    const heads = wrapRuns(runs, max - title.x - title.after, metrics.measure);
    const top = metrics.top + (heads.length - 1) * metrics.line;
    const lines = this.lines(box.lines ?? [], max - 2 * side, box.tone);
    const inside = box.inside && this.size(box.inside, max - 2 * side, box.tone);
    const space = inside && lines.h > 0 ? metrics.beforeInside : 0;
    const headWidth = Math.max(...heads.map(head => widthOfRuns(head, metrics.measure))) + title.x + title.after;
    return {
      w: Math.ceil(Math.max(headWidth, Math.max(lines.w, inside?.w ?? 0) + 2 * side)),
      h: Math.max(metrics.least, top + lines.h + space + (inside?.h ?? 0) + metrics.bottom),
      min: Math.max(
        widestChunk(runs, metrics.measure) + title.x + title.after,
        Math.max(lines.min, inside?.min ?? 0) + 2 * side,
      ),
      place: ({ x, y, w, h }) => {
        this.boxes.push({ x, y, w, h, tone: box.tone, border: box.border ?? 'solid', name: box.name });
        for (const [i, head] of heads.entries())
          this.text(head, x + title.x, y + title.y + i * metrics.line, 'title', box.tone);
        const inner = { x: x + side, w: w - 2 * side };
        lines.place({ ...inner, y: y + top, h: lines.h });
        const below = y + top + lines.h + space;
        inside?.place({ ...inner, y: below, h: y + h - metrics.bottom - below });
      },
    };
  }

  private row(group: Group, max: number, tone: Tone): Sized {
    const { metrics } = this;
    const gaps = this.between(group, (arrows, n) =>
      Math.max(metrics.gap.x, ...arrows.map(arrow => this.labelWidth(arrow) + (n > 1 ? 4 : 2) * metrics.label.across)),
    );
    const room = max - gaps.reduce((total, gap) => total + gap, 0);
    const widths = share(
      group.items.map(item => this.size(item, Number.POSITIVE_INFINITY, tone)),
      room,
    );
    if (widths === undefined) return this.column(group, max, tone);
    const items = group.items.map((item, i) => this.size(item, widths[i]!, tone));
    const labels = this.between(group, arrows => this.arrowsHeight(arrows));
    return {
      w: items.reduce((total, item) => total + item.w, 0) + max - room,
      h: Math.max(...items.map(item => item.h), ...labels),
      min: Math.max(...items.map(item => item.min)),
      place: ({ x, y, w, h }) => {
        const widths = level(
          items.map(item => item.w),
          w - (max - room),
        );
        let left = x;
        for (const [i, item] of items.entries()) {
          const width = widths[i]!;
          item.place({ x: left, y, w: width, h });
          left += width;
          const gap = gaps[i];
          if (gap === undefined) continue;
          this.gaps.push({ axis: 'x', x: left, y, w: gap, h, ...this.sides(group, i) });
          left += gap;
        }
      },
    };
  }

  private column(group: Group, max: number, tone: Tone): Sized {
    const { metrics } = this;
    const items = group.items.map(item => this.size(item, max, tone));
    const words = this.between(group, (_drawn, _n, told) => this.tell(told, max));
    const gaps = this.between(group, (arrows, _n, told) =>
      Math.max(
        metrics.gap.y,
        ...arrows.map(arrow => (this.labelHeight(arrow) || metrics.line) + metrics.line),
        told.length > 0 ? this.tell(told, max).h + metrics.gap.y : 0,
      ),
    );
    return {
      w: Math.max(...items.map(item => item.w), ...words.map(item => item.w)),
      h: [...items.map(item => item.h), ...gaps].reduce((total, height) => total + height, 0),
      min: Math.max(...items.map(item => item.min)),
      place: ({ x, y, w, h }) => {
        const natural = [...items.map(item => item.h), ...gaps].reduce((total, height) => total + height, 0);
        const extra = spread(h - natural, items.length);
        let top = y;
        for (const [i, item] of items.entries()) {
          const height = item.h + extra[i]!;
          item.place({ x, y: top, w, h: height });
          top += height;
          const gap = gaps[i];
          if (gap === undefined) continue;
          this.gaps.push({ axis: 'y', x, y: top, w, h: gap, ...this.sides(group, i) });
          words[i]!.place({ x, y: top + (gap - words[i]!.h) / 2, w, h: gap });
          top += gap;
        }
      },
    };
  }

  /** Lines of text; cells of lines that follow each other stand in columns. */
  private lines(lines: readonly Line[], max: number, tone: Tone): Sized {
    const { measure, line: height, cells: space } = this.metrics;
    const given = lines.map(line => this.cellsOf(line));
    const blocks: { dx: number; runs: Run[]; mark?: Mark; row: number }[] = [];
    let [w, row, min] = [0, 0, 0];
    for (const [i, { cells, mark }] of given.entries()) {
      const columns = columnsAround(given, i).map(column =>
        Math.ceil(Math.max(...column.map(runs => widthOfRuns(runs, measure)))),
      );
      const before = columns.slice(0, -1).reduce((total, width) => total + width + space, 0);
      const last = cells.at(-1)!;
      const least = before + widestChunk(last, measure);
      min = Math.max(min, cells.length > 1 ? least : Math.max(0, ...cells.map(runs => widestChunk(runs, measure))));
      if (cells.length > 1 && least > max) {
        // No room for columns: the cells follow each other.
        const joined = cells.flatMap((runs, n) => (n === 0 ? runs : [{ text: ' ' }, ...runs]));
        for (const runs of wrapRuns(joined, max, measure)) blocks.push({ dx: 0, runs, mark, row: row++ });
      } else {
        for (const [n, runs] of cells.slice(0, -1).entries())
          blocks.push({ dx: columns.slice(0, n).reduce((sum, width) => sum + width + space, 0), runs, mark, row });
        for (const runs of wrapRuns(last, max - before, measure)) blocks.push({ dx: before, runs, mark, row: row++ });
      }
    }
    for (const { dx, runs } of blocks) w = Math.max(w, dx + widthOfRuns(runs, measure));
    return {
      w: Math.ceil(w),
      h: row * height,
      min,
      place: ({ x, y }) => {
        for (const { dx, runs, mark, row: at } of blocks) this.text(runs, x + dx, y + at * height, 'line', tone, mark);
      },
    };
  }

  private cellsOf(line: Line): { cells: Run[][]; mark?: Mark } {
    const marked = typeof line === 'object' && ('cells' in line || 'text' in line);
    const mark = marked ? line.mark : undefined;
    const words = marked ? ('cells' in line ? line.cells : [line.text]) : [line];
    const cells = words.map(word => runsOf(word, this.language));
    if (mark === 'changed' && this.metrics.changed !== '') cells.at(-1)!.push({ text: this.metrics.changed });
    return { cells, mark };
  }

  private tell(arrows: readonly Arrow[], max: number): Sized {
    const { measure, line: height } = this.metrics;
    const rows = arrows.flatMap(arrow =>
      wrapRuns(runsOf(this.told.get(arrow)!, this.language), max - 1, measure).map(runs => ({
        runs,
        tone: arrow.tone ?? 'plain',
      })),
    );
    return {
      w: Math.max(0, ...rows.map(({ runs }) => widthOfRuns(runs, measure))),
      h: rows.length * height,
      min: 0,
      place: ({ x, y }) => {
        for (const [i, { runs, tone }] of rows.entries()) this.text(runs, x + 1, y + i * height, 'label', tone);
      },
    };
  }

  private text(runs: readonly Run[], x: number, y: number, role: PlacedText['role'], tone: Tone, mark?: Mark): void {
    if (runs.length === 0) return;
    const w = Math.ceil(widthOfRuns(runs, this.metrics.measure));
    this.texts.push({ x, y, w, h: this.metrics.line, runs, role, tone, mark });
  }

  /** A value for each gap of a group, of the arrows that cross it. */
  private between<T>(group: Group, value: (drawn: Arrow[], count: number, told: Arrow[]) => T): T[] {
    return group.items.slice(1).map((_, i) => {
      const { before, after } = this.sides(group, i);
      const crossing = this.arrows.filter(
        ({ from, to }) => (before.has(from) && after.has(to)) || (before.has(to) && after.has(from)),
      );
      const drawn = crossing.filter(arrow => !this.told.has(arrow));
      return value(
        drawn,
        drawn.length,
        crossing.filter(arrow => this.told.has(arrow)),
      );
    });
  }

  private sides(group: Group, i: number): Pick<Gap, 'before' | 'after'> {
    const names = (item: Item) => new Set(boxesOf(item).flatMap(({ name }) => name ?? []));
    return { before: names(group.items[i]!), after: names(group.items[i + 1]!) };
  }

  private arrowsHeight(arrows: readonly Arrow[]): number {
    const label = Math.max(0, ...arrows.map(arrow => this.labelHeight(arrow)));
    if (arrows.length < 2) return 2 * label;
    return (arrows.length + 1) * (label + this.metrics.line);
  }

  private labelLines(arrow: Arrow): Run[][] {
    if (arrow.label === undefined) return [];
    return wrapRuns(runsOf(arrow.label, this.language), Number.POSITIVE_INFINITY, this.metrics.measure);
  }

  private labelWidth(arrow: Arrow): number {
    return Math.ceil(Math.max(0, ...this.labelLines(arrow).map(runs => widthOfRuns(runs, this.metrics.measure))));
  }

  private labelHeight(arrow: Arrow): number {
    return this.labelLines(arrow).length * this.metrics.line;
  }
}

/** Widths for items side by side in `room`: as wide as they like, or the widest shrunk; undefined where a word would be cut. */
function share(items: readonly Sized[], room: number): number[] | undefined {
  let open = items.map((_, i) => i);
  let left = room;
  // Who is content with an equal share takes what it needs; the others share the rest.
  for (;;) {
    const content = open.filter(i => items[i]!.w <= left / open.length);
    if (content.length === 0) break;
    for (const i of content) left -= items[i]!.w;
    open = open.filter(i => !content.includes(i));
    if (open.length === 0) break;
  }
  const widths = items.map((item, i) => (open.includes(i) ? Math.floor(left / open.length) : item.w));
  return items.every((item, i) => item.min <= widths[i]!) ? widths : undefined;
}

/** `widths` made wider until they fill `room`, the narrowest first. */
function level(widths: readonly number[], room: number): number[] {
  const order = widths.map((_, i) => i).sort((a, b) => widths[b]! - widths[a]!);
  const out = [...widths];
  let left = room;
  for (const [n, i] of order.entries()) {
    out[i] = Math.max(widths[i]!, Math.ceil(left / (order.length - n)));
    left -= out[i]!;
  }
  return out;
}

/** `extra` in `count` whole parts. */
function spread(extra: number, count: number): number[] {
  const each = Math.floor(extra / count);
  return Array.from({ length: count }, (_, i) => each + (i < extra - each * count ? 1 : 0));
}

/** The cells above and below a line that has as many, by column. */
function columnsAround(lines: readonly { cells: Run[][] }[], at: number): Run[][][] {
  const { length } = lines[at]!.cells;
  let [first, last] = [at, at];
  while (lines[first - 1]?.cells.length === length) first--;
  while (lines[last + 1]?.cells.length === length) last++;
  const block = lines.slice(first, last + 1);
  return Array.from({ length }, (_, column) => block.map(({ cells }) => cells[column]!));
}
