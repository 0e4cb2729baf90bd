import { inOneLine } from '../print/printable.ts';
import { humanSize } from '../print/size.ts';

/** A progress event of a pull, a push or a load about a layer; sizes are in bytes. */
export interface LayerEvent {
  readonly layer: string;
  readonly phase: string;
  readonly current?: number;
  readonly total?: number;
}

/** While bytes are moving. */
const moving = new Set(['Downloading', 'Extracting', 'Loading layer', 'Compressing', 'Pushing']);

/** Milliseconds between two drawings of a layer's progress. */
const redrawEvery = 50;

/**
 * One line a layer. On a terminal the lines stay where they are and are drawn anew; elsewhere, and where the terminal is
 * lower than the list is long, each change of a layer's phase is a line of its own.
 */
export class LayerList {
  readonly #print: (content: string | Uint8Array) => void;
  readonly #size: { readonly rows: number; readonly columns: number } | undefined;
  readonly #order: string[] = [];
  readonly #last = new Map<string, { phase: string; drawn: number }>();

  constructor(print: (content: string | Uint8Array) => void, size: { rows: number; columns: number } | undefined) {
    this.#print = print;
    this.#size = size;
  }

  show(event: LayerEvent, now = Date.now()): void {
    const { layer, phase } = event;
    const last = this.#last.get(layer);
    const isNews = last?.phase !== phase;
    const isDone = event.total !== undefined && event.current === event.total;
    if (!isNews && !isDone && now - last.drawn < redrawEvery) return;
    if (last === undefined) this.#order.push(layer);
    this.#last.set(layer, { phase, drawn: now });

    if (this.#size === undefined || this.#order.length >= this.#size.rows) {
      if (isNews && !moving.has(phase)) this.#print(`${layer}: ${phase}\n`);
      return;
    }
    const line = inOneLine(`${layer}: ${phase}${bar(event, this.#size.columns)}`).slice(0, this.#size.columns - 1);
    const up = this.#order.length - this.#order.indexOf(layer);
    this.#print(last === undefined ? `${line}\n` : Buffer.from(`\x1b[${up}A\r${line}\x1b[K\x1b[${up}B\r`));
  }
}

/** ` [=====>     ]  1.2MB/3.4MB` while bytes are moving. */
function bar({ phase, current, total }: LayerEvent, columns: number): string {
  if (current === undefined || !moving.has(phase)) return '';
  if (total === undefined || total === 0) return `  ${humanSize(current)}`;
  // Name, phase and the two sizes take up to 52 columns.
  const width = Math.min(50, Math.max(5, columns - 52));
  const filled = Math.min(width, Math.floor((width * current) / total));
  const drawn = filled === width ? '='.repeat(width) : `${'='.repeat(filled)}>`.padEnd(width);
  return ` [${drawn}]  ${humanSize(current)}/${humanSize(total)}`;
}
