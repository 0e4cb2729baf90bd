import type { Border, Ends, Mark, Tone } from './figure.ts';
import type { Measure, Run } from './words.ts';

/** A figure with positions, in the medium's units: columns and lines, or pixels. The origin is the upper left corner. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  /** Outermost first. */
  readonly boxes: readonly PlacedBox[];
  readonly texts: readonly PlacedText[];
  readonly arrows: readonly PlacedArrow[];
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface PlacedBox extends Rect {
  readonly tone: Tone;
  readonly border: Border;
  readonly name?: string;
}

/** One line of text; `h` is a line's height, `w` what it takes by the metrics. */
export interface PlacedText extends Rect {
  readonly runs: readonly Run[];
  readonly role: 'title' | 'line' | 'label';
  /** Of the box or arrow that it belongs to. */
  readonly tone: Tone;
  readonly mark?: Mark;
}

export interface PlacedArrow {
  /** From tail to tip, each part horizontal or vertical. */
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly tone: Tone;
  readonly ends: Ends;
}

/** What a medium needs of the layout. */
export interface Metrics {
  readonly measure: Measure;
  /** Height of a line of text. */
  readonly line: number;
  /** From a box's border to what it holds: beside it, above it (the title included) and below it. */
  readonly side: number;
  readonly top: number;
  readonly bottom: number;
  /** A box is at least so high. */
  readonly least: number;
  /** Where a title begins within its box, and what must stay free behind it. */
  readonly title: { readonly x: number; readonly y: number; readonly after: number };
  /** Between neighbours. */
  readonly gap: { readonly x: number; readonly y: number };
  /** Between a box's lines and the boxes below them. */
  readonly beforeInside: number;
  /** Between cells of a line. */
  readonly cells: number;
  /** Free beside the label of an arrow: one that runs across, and one that runs down. */
  readonly label: { readonly across: number; readonly down: number };
  /** Stands behind a line that changed. */
  readonly changed: string;
}
