import chalk from 'chalk';
import { renderMarkdown } from './text/markdown.ts';
import { widthOf, wrapText } from './text/width.ts';

const WIDEST = 100;
const INDENT = '  ';

/** What the learner did at a prompt. */
export type Key = 'enter' | 'continue' | 'quit' | { digit: number };

/** Quit at a prompt. Ends the lesson after its clean-up. */
export class Quit extends Error {
  constructor(readonly exitCode: number) {
    super('the learner quit');
  }
}

/** The learner's terminal: indented lines, prompts that wait only where somebody can answer. */
export class Terminal {
  /** Whether a learner can answer: standard input and output are a terminal. */
  readonly interactive = Boolean(process.stdin.isTTY && process.stdout.isTTY);

  /** Columns for text, without the indent. */
  get width(): number {
    return Math.min(process.stdout.columns || 80, WIDEST) - 2 * INDENT.length;
  }

  line(text = ''): void {
    process.stdout.write(text === '' ? '\n' : `${INDENT}${text}\n`);
  }

  lines(lines: readonly string[]): void {
    for (const text of lines) this.line(text);
  }

  /** A paragraph, wrapped. */
  paragraph(text: string, paint: (line: string) => string = line => line): void {
    for (const line of wrapText(text, this.width)) this.line(paint(line));
  }

  /** Running text with Markdown's emphasis and code. */
  prose(text: string): void {
    this.lines(renderMarkdown(text, { width: this.width, chalk }).trimEnd().split('\n'));
  }

  /** A rule with a title: the parts of a lesson. */
  part(title: string): void {
    const rest = Math.max(3, this.width - widthOf(title) - 4);
    this.line();
    this.line(`${chalk.cyan('──')} ${chalk.bold(title)} ${chalk.cyan('─'.repeat(rest))}`);
    this.line();
  }

  /** Waits for one of the keys that `accepts` takes. Ctrl-C, q and a vanished terminal are Quit. */
  async key(accepts: (key: Key) => boolean): Promise<Key> {
    for (;;) {
      const key = await readKey();
      if (key === 'quit') throw new Quit(0);
      if (key !== undefined && accepts(key)) return key;
    }
  }
}

async function readKey(): Promise<Key | undefined> {
  const { stdin } = process;
  stdin.setRawMode(true);
  stdin.resume();
  try {
    const text = await new Promise<string>(resolve => {
      const onData = (chunk: Buffer) => finish(chunk.toString('utf8'));
      const onEnd = () => finish('\x03');
      const finish = (answer: string) => {
        stdin.off('data', onData);
        stdin.off('end', onEnd);
        resolve(answer);
      };
      stdin.on('data', onData);
      stdin.on('end', onEnd);
    });
    return keyOf(text);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}

function keyOf(text: string): Key | undefined {
  if (text.startsWith('\x03') || text.startsWith('\x04')) throw new Quit(130);
  const char = text[0]?.toLowerCase();
  if (char === '\r' || char === '\n' || char === ' ') return 'enter';
  if (char === 'c') return 'continue';
  if (char === 'q') return 'quit';
  return char !== undefined && /[1-9]/.test(char) ? { digit: Number(char) } : undefined;
}
