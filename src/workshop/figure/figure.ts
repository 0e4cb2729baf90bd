import type { Tone } from '../../syscalls/text/palette.ts';
import type { Text } from '../text/language.ts';

/**
 * A picture as data: boxes in boxes, rows and columns of them, arrows between boxes that have names. It says nothing of
 * positions; layout.ts finds them for a terminal and for SVG alike.
 */
export interface Figure {
  readonly title: Text;
  /** What a reader who cannot see it should know; also the alternative text of the image. */
  readonly summary: Text;
  readonly body: Item;
  readonly arrows?: readonly Arrow[];
}

export type Item = Box | Note | Group;

/** The same in both languages, or a text in each. `code` and **strong** are marked as in Markdown; \n begins a line. */
export type Words = string | Text;

export interface Box {
  readonly kind: 'box';
  readonly tone: Tone;
  readonly title: Words;
  /** What arrows call it. */
  readonly name?: string;
  readonly border?: Border;
  readonly lines?: readonly Line[];
  /** Below the lines. */
  readonly inside?: Item;
}

/** Lines without a box around them. */
export interface Note {
  readonly kind: 'note';
  readonly lines: readonly Line[];
}

export interface Group {
  readonly kind: 'row' | 'column';
  readonly items: readonly Item[];
}

export type { Tone };

/** dashed: shared, or not there any more; double: danger; heavy: what just changed. */
export type Border = 'solid' | 'dashed' | 'double' | 'heavy';

/** A text, or cells that stand in columns with those of the lines around it. */
export type Line = Words | { readonly cells: readonly Words[]; readonly mark?: Mark } | Marked;

export interface Marked {
  readonly text: Words;
  readonly mark?: Mark;
}

/** changed: the eye should go there; dim: of less weight; danger: should frighten. */
export type Mark = 'changed' | 'dim' | 'danger' | 'good';

/** From one named box to another that stands beside or below it. Where the picture has no room for it, it is told in words. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label?: Words;
  readonly tone?: Tone;
  readonly ends?: Ends;
}

/** Where an arrow has its tips; `cut` has none and is dashed: a connection that is there no more. */
export type Ends = 'one' | 'both' | 'cut';

export function box(tone: Tone, title: Words, parts: Omit<Box, 'kind' | 'tone' | 'title'> = {}): Box {
  return { kind: 'box', tone, title, ...parts };
}

export function note(...lines: readonly Line[]): Note {
  return { kind: 'note', lines };
}

/** Side by side, equally high; one below the other where that is too wide. */
export function row(...items: readonly Item[]): Group {
  return { kind: 'row', items };
}

/** One below the other, equally wide. */
export function column(...items: readonly Item[]): Group {
  return { kind: 'column', items };
}

export function arrow(from: string, to: string, label?: Words, parts: Pick<Arrow, 'tone' | 'ends'> = {}): Arrow {
  return { from, to, label, ...parts };
}

/** Every box of an item, itself included, outermost first. */
export function boxesOf(item: Item): Box[] {
  if (item.kind === 'note') return [];
  if (item.kind !== 'box') return item.items.flatMap(boxesOf);
  return [item, ...(item.inside ? boxesOf(item.inside) : [])];
}
