import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { BuildEvent } from '../../build/events.ts';
import { widthOf } from '../../syscalls/text/columns.ts';
import { BuildScreen } from './build-screen.ts';

/** A terminal of so many columns and rows that knows what the screen sends: CR, LF, cursor up, erase to the end of the line. */
class Terminal {
  lines: string[] = [''];
  row = 0;
  column = 0;

  constructor(
    public columns: number,
    public rows: number,
  ) {}

  readonly write = (content: Uint8Array): void => {
    for (const [part] of Buffer.from(content)
      .toString()
      .matchAll(/\x1b\[\d*[A-Z]|\r|\n|[^\x1b\r\n]+/g)) {
      if (part === '\r') this.column = 0;
      else if (part === '\n') {
        this.row++;
        this.column = 0;
        this.lines[this.row] ??= '';
      } else if (part.endsWith('A') && part.startsWith('\x1b')) this.#up(Number(part.slice(2, -1)));
      else if (part === '\x1b[K') this.lines[this.row] = this.lines[this.row]!.slice(0, this.column);
      else this.#text(part);
    }
  };

  #up(rows: number): void {
    assert.ok(rows < this.rows, `the cursor goes up ${rows} rows on a terminal of ${this.rows}`);
    this.row -= rows;
    assert.ok(this.row >= 0, 'the cursor leaves the screen');
  }

  #text(text: string): void {
    assert.ok(widthOf(text) < this.columns, `too wide for ${this.columns} columns: ${text}`);
    const line = this.lines[this.row]!;
    this.lines[this.row] = line.slice(0, this.column) + text + line.slice(this.column + text.length);
    this.column += text.length;
  }

  get shown(): string {
    return this.lines.join('\n').trimEnd();
  }
}

function screenOf(columns = 60, rows = 20) {
  const terminal = new Terminal(columns, rows);
  let time = 0;
  const screen = new BuildScreen(
    { write: terminal.write, size: () => ({ columns: terminal.columns, rows: terminal.rows }) },
    () => time,
  );
  const tell = (stage: number, event: object) => screen.tell({ stage, ...event } as BuildEvent);
  const step = (stage: number, number: number, text: string, name?: string) =>
    tell(stage, { kind: 'step', number, total: 7, text, ...(name && { name }) });
  const output = (stage: number, text: string) =>
    tell(stage, { kind: 'output', stream: 'stdout', chunk: Buffer.from(text) });
  const pass = (milliseconds: number) => {
    time += milliseconds;
    screen.draw();
  };
  return { terminal, screen, tell, step, output, pass };
}

/** A line of a screen of 60 columns. */
const line = (left: string, right: string) => left.padEnd(59 - right.length) + right;

test('steps that run show their time and last lines; one that is done is a single line', () => {
  const { terminal, screen, tell, step, output, pass } = screenOf();
  step(0, 1, 'RUN make', 'one');
  step(1, 4, 'RUN test');
  output(0, Array.from({ length: 9 }, (_, i) => `line ${i}\n`).join(''));
  output(1, '\x1b[31mred\x1b[0m\x1b]0;title\x07 10%\r\x1b[2K20%\rab\tc');
  pass(1500);
  assert.is(
    terminal.shown,
    [
      'Building 1.5s, 0 of 7 steps done',
      line(' -> [one 1/7] RUN make', '1.5s'),
      ...[4, 5, 6, 7, 8].map(number => `    | line ${number}`),
      line(' -> [4/7] RUN test', '1.5s'),
      '    | ab    c',
    ].join('\n'),
  );
  tell(0, { kind: 'done', image: 'x' });
  step(0, 2, 'COPY a b', 'one');
  tell(0, { kind: 'cached' });
  tell(0, { kind: 'done', image: 'x' });
  step(2, 6, 'RUN long', 'other');
  output(2, 'not said any more\n');
  tell(1, { kind: 'failed' });
  // The terminal shows the keys of an interrupt where the cursor is.
  terminal.write(Buffer.from('^C'));
  screen.end(true);
  assert.is(
    terminal.shown,
    [
      line(' => [one 1/7] RUN make', '1.5s'),
      line(' => [one 2/7] COPY a b', 'CACHED'),
      line(' => [4/7] RUN test', 'ERROR'),
      '    | ab    c',
      line(' => [other 6/7] RUN long', 'CANCELED'),
    ].join('\n'),
  );
});

test('what is drawn anew is never higher than the terminal, nor wider', () => {
  for (const rows of [2, 3, 4, 6, 10])
    for (const columns of [8, 20, 40]) {
      const { terminal, screen, tell, step, output, pass } = screenOf(columns, rows);
      for (let stage = 0; stage < 5; stage++) {
        step(stage, stage, `RUN ${'日本'.repeat(30)}`);
        output(stage, `${'x'.repeat(200)}\n`.repeat(20));
      }
      pass(100);
      for (let stage = 0; stage < 5; stage++) tell(stage, { kind: 'done', image: 'x' });
      screen.end(false);
      assert.is(terminal.shown.split('\n').length, 5, `${columns} × ${rows}`);
    }
});

test('lines that a narrower terminal broke are found again', () => {
  const { terminal, screen, step, output, pass } = screenOf(60, 20);
  step(0, 1, 'RUN make');
  output(0, 'short\n');
  pass(100);
  // As terminals do it: the line of 58 columns takes two of 40.
  terminal.columns = 40;
  const [head, long, short] = terminal.lines;
  terminal.lines = [head!, long!.slice(0, 40), long!.slice(40), short!, ''];
  terminal.row = 4;
  pass(100);
  assert.is(
    terminal.shown,
    ['Building 0.2s, 0 of 7 steps done', ' -> [1/7] RUN make                 0.2s', '    | short'].join('\n'),
  );
  screen.end(false);
  assert.is(terminal.shown, '');
});

test.run();
