import type { Language } from '../text/language.ts';
import type { Arrow } from './figure.ts';
import type { Metrics, PlacedArrow, PlacedBox, PlacedText, Rect } from './scene.ts';
import type { Gap } from './size.ts';
import { type Run, runsOf, widthOfRuns, wrapRuns } from './words.ts';

interface Way {
  readonly arrow: Arrow;
  readonly gap: Gap;
  readonly boxes: readonly PlacedBox[];
  readonly texts: readonly PlacedText[];
  /** Which of how many arrows between the same two boxes. */
  readonly nth: number;
  readonly count: number;
  readonly metrics: Metrics;
  readonly language: Language;
}

interface Routed {
  readonly arrow: PlacedArrow;
  readonly label: readonly PlacedText[];
}

/** The way of an arrow through the gap between its boxes, or undefined where something stands in it. */
export function route(way: Way): Routed | undefined {
  const [first, second] = way.gap.before.has(way.arrow.from)
    ? [way.arrow.from, way.arrow.to]
    : [way.arrow.to, way.arrow.from];
  const from = way.boxes.find(box => box.name === first)!;
  const to = way.boxes.find(box => box.name === second)!;
  const found = way.gap.axis === 'x' ? across(way, from, to) : down(way, from, to);
  if (found === undefined) return undefined;
  const { points, label } = found;
  const isFree =
    segments(points).every(segment => isClear(way, segment, from, to)) && label.every(text => fits(way, text));
  if (!isFree) return undefined;
  const forward = first === way.arrow.from;
  return {
    arrow: {
      points: forward ? points : [...points].reverse(),
      tone: way.arrow.tone ?? 'plain',
      ends: way.arrow.ends ?? 'one',
    },
    label,
  };
}

/** How far before its end an arrow bends, as a multiple of the space beside labels. */
const BEND = 3;

type Path = { points: [number, number][]; label: PlacedText[] };

/** From left to right: straight where the boxes face each other, else with a bend before the second. */
function across(way: Way, from: Rect, to: Rect): Path {
  const { gap, metrics } = way;
  const [start, end] = [from.x + from.w, to.x];
  const [top, bottom] = [Math.max(from.y, to.y), Math.min(from.y + from.h, to.y + to.h)];
  const lines = labelOf(way, Number.POSITIVE_INFINITY);
  const width = Math.max(0, ...lines.map(line => line.w));
  const share = Math.floor(((way.nth + 1) * (bottom - top)) / (way.count + 1));
  const isStraight = bottom - top >= 2 * metrics.line;
  const y = isStraight ? top + share : Math.floor(from.y + from.h / 2);
  const bend = gap.x + gap.w - BEND * metrics.label.across;
  const points: [number, number][] = isStraight
    ? [
        [start, y],
        [end, y],
      ]
    : [
        [start, y],
        [bend, y],
        [bend, Math.floor(to.y + to.h / 2)],
        [end, Math.floor(to.y + to.h / 2)],
      ];
  const room = isStraight ? gap.w : gap.w - BEND * metrics.label.across;
  const left = gap.x + Math.floor((room - width) / 2);
  return {
    points,
    label: lines.map((line, i) =>
      place(way, line, left + Math.floor((width - line.w) / 2), aboveLine(way, y, i, lines)),
    ),
  };
}

/** On a terminal a line fills its row; on paper it is thin, and its label stands right above it. */
function aboveLine({ metrics }: Way, y: number, i: number, lines: readonly unknown[]): number {
  return y - (lines.length - i) * metrics.line - (metrics.line > 1 ? 3 : 0);
}

/** From top to bottom, where the boxes stand above each other; the label is on the right. */
function down(way: Way, from: Rect, to: Rect): Path | undefined {
  const { gap, metrics } = way;
  const [left, right] = [Math.max(from.x, to.x), Math.min(from.x + from.w, to.x + to.w)];
  const width = Math.floor((right - left) / way.count);
  if (width < 4 * metrics.label.down) return undefined;
  const lines = labelOf(way, width - 4 * metrics.label.down);
  const label = Math.max(0, ...lines.map(line => line.w));
  const side = lines.length > 0 ? metrics.label.down + label : 0;
  const start = left + way.nth * width;
  // In the middle, so that arrows on one way stand on one line; further left where the label needs it.
  const x = Math.min(start + Math.floor(width / 2), start + width - side - 2 * metrics.label.down);
  const free = gap.h - lines.length * metrics.line - (metrics.line === 1 ? 1 : 0);
  if (free < 0) return undefined;
  const top = gap.y + Math.floor(free / 2);
  return {
    points: [
      [x, from.y + from.h],
      [x, to.y],
    ],
    label: lines.map((line, i) => place(way, line, x + metrics.label.down, top + i * metrics.line)),
  };
}

type LabelLine = { runs: Run[]; w: number };

function labelOf({ arrow, metrics, language }: Way, max: number): LabelLine[] {
  if (arrow.label === undefined) return [];
  const lines = wrapRuns(runsOf(arrow.label, language), max, metrics.measure);
  return lines.map(runs => ({ runs, w: Math.ceil(widthOfRuns(runs, metrics.measure)) }));
}

function place({ arrow, metrics }: Way, { runs, w }: LabelLine, x: number, y: number): PlacedText {
  return { x, y, w, h: metrics.line, runs, role: 'label', tone: arrow.tone ?? 'plain' };
}

function segments(points: readonly (readonly [number, number])[]): Rect[] {
  return points.slice(1).map(([x, y], i) => {
    const [px, py] = points[i]!;
    return { x: Math.min(x, px), y: Math.min(y, py), w: Math.abs(x - px), h: Math.abs(y - py) };
  });
}

/** Whether a line touches no text and no box other than its own and those around them. */
function isClear({ boxes, texts }: Way, line: Rect, from: Rect, to: Rect): boolean {
  const own = (box: Rect) => contains(box, from) || contains(box, to);
  return boxes.every(box => own(box) || !touches(box, line)) && texts.every(text => !touches(text, line));
}

function fits({ boxes, texts, gap }: Way, label: PlacedText): boolean {
  const around = (box: Rect) => contains(box, label);
  const clearOfBoxes = boxes.every(box => around(box) || !touches(box, label));
  return clearOfBoxes && texts.every(text => !touches(text, label)) && label.y >= gap.y;
}

function contains(outer: Rect, inner: Rect): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.w >= inner.x + inner.w &&
    outer.y + outer.h >= inner.y + inner.h
  );
}

function touches(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + Math.max(b.h, 0.5) && b.y < a.y + a.h;
}
