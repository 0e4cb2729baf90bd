import { StringDecoder } from 'node:string_decoder';
import type { BuildEvent } from '../../build/events.ts';
import { cutTo, padTo, widthOf } from '../../syscalls/text/columns.ts';
import { inOneLine } from '../print/printable.ts';
import { humanSize } from '../print/size.ts';
import { explained } from './explained.ts';

/** A terminal; its size is asked for at each drawing, because it may change. */
export interface Screen {
  write(content: Uint8Array): void;
  size(): { rows: number; columns: number };
}

/** A step that runs. */
interface Running {
  readonly title: string;
  /** Milliseconds. */
  readonly since: number;
  isCached: boolean;
  /** Lines for `--explain`, below the step once it is done. */
  readonly notes: string[];
  /** The last lines that it printed. */
  readonly output: string[];
  /** What it printed after them, without an end of line. */
  rest: string;
  readonly decoder: StringDecoder;
  /** Layers that are fetched. */
  readonly layers: Map<string, string>;
}

/** Milliseconds between two drawings that show more output. */
const leastPause = 50;
/** Lines of output that are kept of a running step, for the case that it fails. */
const kept = 20;
/** Of these so many are shown while it runs, where the terminal is high enough. */
const shownLines = 6;

/**
 * A build on a terminal. Steps that run stand at the bottom, each with its time and the last lines of its output, and are drawn
 * anew; one that is done becomes a single line above them, which stays. All lines fit the terminal, and all that is drawn anew
 * is lower than it, so that it can be found again.
 */
export class BuildScreen {
  readonly #running = new Map<number, Running>();
  /** Width of each line of the last drawing. */
  #drawn: number[] = [];
  readonly #since: number;
  #drawnAt = 0;
  #count = 0;
  #total = 0;

  constructor(
    private readonly screen: Screen,
    private readonly now: () => number = Date.now,
  ) {
    this.#since = now();
  }

  readonly tell = (event: BuildEvent): void => {
    const step = this.#running.get(event.stage);
    if (event.kind === 'step') {
      const { number, total, name, text } = event;
      this.#total = total;
      this.#running.set(event.stage, begin(`[${name ? `${name} ` : ''}${number}/${total}] ${text}`, this.now()));
    } else if (event.kind === 'warning') this.#leave([`   [Warning] ${event.message}`]);
    else if (event.kind === 'triggers')
      this.#leave([`   ${event.count} build trigger${event.count === 1 ? '' : 's'} of the image`]);
    else if (step !== undefined) this.#about(event, step);
    const isMore = event.kind === 'output' || event.kind === 'pull';
    if (!isMore || this.now() - this.#drawnAt >= leastPause) this.draw();
  };

  #about(event: BuildEvent, step: Running): void {
    if (event.kind === 'cached') step.isCached = true;
    else if (event.kind === 'output') takeOutput(step, event.chunk);
    else if (event.kind === 'pull' && event.event.kind === 'layer') takeLayer(step, event.event);
    else if (event.kind === 'missed' || event.kind === 'made') step.notes.push(...explained(event));
    else if (event.kind === 'done') this.#finish(event.stage, step, step.isCached ? 'CACHED' : undefined);
    else if (event.kind === 'failed') this.#finish(event.stage, step, 'ERROR');
  }

  /** Draws the running steps anew: their times go on, the terminal may be another size. */
  draw(): void {
    this.#put([], this.#live());
  }

  /** Takes away what is drawn anew. The steps that a failure ended in the middle stay as lines. */
  end(failed: boolean): void {
    const ended = failed ? this.#inOrder().map(step => this.#line(' => ', step.title, 'CANCELED')) : [];
    this.#running.clear();
    this.#put(ended, []);
  }

  #finish(stage: number, step: Running, word: string | undefined): void {
    this.#running.delete(stage);
    this.#count++;
    const failed = word === 'ERROR';
    const output = [...step.output, ...(step.rest === '' ? [] : [plain(step.rest)])];
    const below = [...step.notes.map(note => `      ${note}`), ...(failed ? output.map(line => `    | ${line}`) : [])];
    this.#leave([this.#line(' => ', step.title, word ?? seconds(this.now() - step.since)), ...below]);
  }

  /** Lines that stay, above what is drawn anew. */
  #leave(lines: readonly string[]): void {
    this.#put(lines, this.#live());
  }

  /** Steps that run, in the order of the file. */
  #inOrder(): Running[] {
    return [...this.#running.entries()].sort(([a], [b]) => a - b).map(([, step]) => step);
  }

  #live(): string[] {
    const steps = this.#inOrder();
    if (steps.length === 0) return [];
    const room = Math.max(this.screen.size().rows - 2, 1);
    const shown = steps.slice(0, Math.max(room - 1, 1));
    const each = Math.min(shownLines, Math.floor((room - shown.length) / shown.length));
    const hidden = steps.length - shown.length;
    const head = `Building ${seconds(this.now() - this.#since)}, ${this.#count} of ${this.#total} steps done`;
    return [
      ...(room > shown.length ? [hidden > 0 ? `${head}, ${hidden} more at work` : head] : []),
      ...shown.flatMap(step => [
        this.#line(' -> ', step.title, seconds(this.now() - step.since)),
        ...tail(step, Math.max(each - 1, 0)).map(line => `    | ${line}`),
      ]),
    ];
  }

  /** What it is at the left, its time at the right; of a long one the beginning. */
  #line(mark: string, title: string, right: string): string {
    const columns = this.screen.size().columns - 1;
    const room = columns - right.length - 2;
    if (room < mark.length + 8) return mark + title;
    return `${padTo(cutTo(mark + title, room), room)}  ${right}`;
  }

  /** One write: takes the last drawing away, and puts these lines in its place. */
  #put(stay: readonly string[], live: readonly string[]): void {
    this.#drawnAt = this.now();
    const { columns } = this.screen.size();
    const fit = (line: string) => cutTo(line, Math.max(columns - 1, 1));
    // A terminal that was made narrower has broken the lines that it showed.
    const up = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / Math.max(columns, 1))), 0);
    const shown = live.map(fit);
    const lines = [...stay.map(fit), ...shown];
    this.#drawn = shown.map(widthOf);
    if (up === 0 && lines.length === 0) return;
    // Line by line: some terminals keep a copy of a screen that is cleared from its top.
    const left = Math.max(up - lines.length, 0);
    const drawn = [...lines, ...Array<string>(left).fill('')].map(line => `${line}\x1b[K\n`).join('');
    // Below it a terminal may have shown the keys of an interrupt.
    this.screen.write(Buffer.from(`\r${moveUp(up)}${drawn}\x1b[K${moveUp(left)}`));
  }
}

const moveUp = (rows: number): string => (rows > 0 ? `\x1b[${rows}A` : '');

function begin(title: string, since: number): Running {
  const decoder = new StringDecoder('utf8');
  return { title: plain(title), since, isCached: false, notes: [], output: [], rest: '', decoder, layers: new Map() };
}

function takeOutput(step: Running, chunk: Buffer): void {
  const lines = (step.rest + step.decoder.write(chunk)).split('\n');
  // Of a line without an end only so much can be shown.
  step.rest = lines.pop()!.slice(-4000);
  step.output.push(...lines.slice(-kept).map(plain));
  step.output.splice(0, step.output.length - kept);
}

function takeLayer(step: Running, event: { layer: string; phase: string; current?: number; total?: number }): void {
  const { layer, phase, current, total } = event;
  const size = current !== undefined && total ? ` ${humanSize(current)}/${humanSize(total)}` : '';
  step.layers.set(layer, `${layer}: ${phase}${size}`);
}

function tail({ output, rest, layers }: Running, count: number): string[] {
  const lines = layers.size > 0 ? [...layers.values()].map(plain) : [...output, ...(rest === '' ? [] : [plain(rest)])];
  return count === 0 ? [] : lines.slice(-count);
}

/** Colours and movements of the cursor are left out; of a line that was written over and over the last form counts. */
function plain(text: string): string {
  const last = text.replace(/\r+$/, '').split('\r').at(-1)!;
  return inOneLine(
    last.replace(/\x1b(?:\[[\d;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9])/g, '').replace(/\t/g, '    '),
  );
}

/** `0.3s`, `75.0s`. */
const seconds = (milliseconds: number): string => `${(Math.max(milliseconds, 0) / 1000).toFixed(1)}s`;
