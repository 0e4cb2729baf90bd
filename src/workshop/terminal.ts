import chalk from 'chalk';
import { widthOf } from '../syscalls/text/columns.ts';
import { readKey } from './key.ts';
import type { Language } from './text/language.ts';
import { renderMarkdown } from './text/markdown.ts';
import { wrapText } from './text/width.ts';
import { words } from './text/words.ts';

const WIDEST = 100;
const INDENT = '  ';

/** What the learner did at a prompt. */
export type Key = 'enter' | 'continue' | 'shell' | 'quit' | { digit: number };

/** Quit at a prompt. Ends the lesson after its clean-up. */
export class Quit extends Error {
  constructor(readonly exitCode: number) {
    super('the learner quit');
  }
}

/**
 * The learner's terminal: indented lines, and prompts that wait only where somebody can answer. Where it is `paged`, nothing
 * scrolls by unread: a part stops before the next, and what is longer than the terminal waits (`settle`) for a key after each
 * page.
 */
export class Terminal {
  /** Whether a learner can answer: standard input and output are a terminal. */
  readonly interactive = Boolean(process.stdin.isTTY && process.stdout.isTTY);
  /** Whether long output waits, page by page. Who sets it calls `settle` at the end. */
  paged = false;
  /** Rows written since the learner last pressed a key. */
  private unread = 0;
  /** Lines that found no room on this page. */
  private waiting: string[] = [];

  constructor(private readonly language: Language) {}

  /** Columns for text, without the indent. */
  get width(): number {
    return Math.min(process.stdout.columns || 80, WIDEST) - 2 * INDENT.length;
  }

  line(text = ''): void {
    for (const part of text.split('\n')) this.put(part === '' ? '' : `${INDENT}${part}`);
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

  /** The title of a lesson. */
  title(text: string): void {
    const lines = wrapText(text, this.width);
    this.line();
    for (const line of lines) this.line(chalk.bold.cyan(line));
    this.line(chalk.cyan('━'.repeat(Math.max(...lines.map(widthOf)))));
    this.line();
  }

  /** A part of a lesson begins, on a terminal when the learner has read what is above. */
  async part(title: string): Promise<void> {
    await this.pause();
    this.heading(title);
  }

  /** A rule with a title. */
  heading(title: string): void {
    const lines = wrapText(title.replaceAll('`', ''), this.width - 4);
    const rest = this.width - widthOf(lines.at(-1)!) - 4;
    this.line();
    for (const [i, line] of lines.entries()) {
      const end = i === lines.length - 1 && rest > 0 ? ` ${chalk.cyan('─'.repeat(rest))}` : '';
      this.line(`${i === 0 ? chalk.cyan('──') : '  '} ${chalk.bold(line)}${end}`);
    }
    this.line();
  }

  /** Waits until the learner has read what is there; does not where they just pressed a key. */
  async pause(): Promise<void> {
    await this.settle();
    if (!this.interactive || !this.paged || this.unread === 0) return;
    await this.askToGoOn(words.goOn[this.language]);
    this.fresh();
  }

  /** A new screen; what was on this one goes to the terminal's history. */
  fresh(): void {
    if (this.interactive && process.env.TERM !== 'dumb')
      process.stdout.write(`${'\n'.repeat(process.stdout.rows || 24)}\x1b[H`);
    this.unread = 0;
  }

  /**
   * Waits for one of the keys that `accepts` takes. Ctrl-C, q and a vanished terminal are Quit; an aborted signal takes the
   * question back.
   */
  async key(accepts: (key: Key) => boolean, signal?: AbortSignal): Promise<Key> {
    await this.settle();
    for (;;) {
      const key = await readKey(signal);
      signal?.throwIfAborted();
      if (key === 'quit') throw new Quit(0);
      if (key === 'interrupt') throw new Quit(130);
      if (key === undefined || !accepts(key)) continue;
      this.unread = 0;
      return key;
    }
  }

  /** What follows belongs to the key just pressed: it is no reason to wait before the next part. */
  taken(): void {
    this.unread = 0;
  }

  /** Shows what waits for room, a page for each key. */
  async settle(): Promise<void> {
    while (this.waiting.length > 0) {
      await this.askToGoOn(words.more[this.language]);
      const lines = this.waiting;
      this.waiting = [];
      for (const line of lines) this.put(line);
    }
  }

  /** Shows all that waits, at once: nobody will press a key any more. */
  flush(): void {
    for (const line of this.waiting) process.stdout.write(`${line}\n`);
    this.waiting = [];
  }

  /** A prompt that disappears once it is answered. */
  private async askToGoOn(prompt: string): Promise<void> {
    const plain = process.env.TERM === 'dumb';
    process.stdout.write(`${INDENT}${chalk.yellow(prompt)}${plain ? '\n' : ''}`);
    const { waiting } = this;
    this.waiting = [];
    try {
      await this.key(key => key === 'enter' || key === 'continue');
      this.waiting = waiting;
    } finally {
      process.stdout.write(plain ? '' : '\r\x1b[K');
    }
  }

  private put(line: string): void {
    const rows = Math.max(1, Math.ceil(widthOf(line) / (process.stdout.columns || 80)));
    // One row is the prompt's.
    const room = Math.max(3, (process.stdout.rows || 24) - 1);
    if (this.interactive && this.paged && (this.waiting.length > 0 || this.unread + rows > room))
      this.waiting.push(line);
    else {
      process.stdout.write(`${line}\n`);
      this.unread += rows;
    }
  }
}
