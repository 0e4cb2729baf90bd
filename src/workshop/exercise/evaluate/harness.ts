import fs from 'node:fs';
import { fromWire, toWire } from '../../../syscalls/foreign/wire.ts';

/** The descriptor on which answers go out: 1 and 2 are the learner's own. */
export const ANSWERS = 9;

/** What is asked: call this function with these arguments (a wire document of a list). */
export interface Question {
  readonly name: string;
  readonly args: string;
}

/** What comes back, one line each. Whoever reads it believes none of it: it is written by a process that is not trusted. */
export type Answer =
  | { readonly kind: 'loaded'; readonly exports: readonly string[] }
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'todo' }
  | { readonly kind: 'threw'; readonly name: string; readonly message: string; readonly stack: string };

/**
 * Runs in the cage, in one module with the learner's code: reads questions from standard input, a line each, and answers
 * on a descriptor of its own. Nothing in here is secret or has a right: a learner who forges answers has only written
 * a program by other means.
 */
export function serve(mine: Readonly<Record<string, unknown>>): void {
  answer({ kind: 'loaded', exports: Object.keys(mine) });
  for (const line of linesOf(0)) answer(reply(mine, JSON.parse(line) as Question));
  process.exit(0);
}

function reply(mine: Readonly<Record<string, unknown>>, { name, args }: Question): Answer {
  try {
    const piece = mine[name];
    if (typeof piece !== 'function') throw new TypeError(`exercise.ts exports no function ${name}`);
    return {
      kind: 'value',
      value: toWire((piece as (...given: unknown[]) => unknown)(...(fromWire(args) as unknown[]))),
    };
  } catch (error) {
    const { name: kind, message, stack } = (error ?? {}) as Partial<Error>;
    if (kind === 'Todo') return { kind: 'todo' };
    return {
      kind: 'threw',
      name: String(kind ?? 'Error'),
      message: String(message ?? error),
      stack: String(stack ?? ''),
    };
  }
}

function answer(what: Answer): void {
  const bytes = Buffer.from(`${JSON.stringify(what)}\n`);
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(ANSWERS, bytes, at);
}

function* linesOf(fd: number): Generator<string> {
  const chunk = Buffer.alloc(65536);
  let rest: Buffer = Buffer.alloc(0);
  for (;;) {
    const end = rest.indexOf(10);
    if (end >= 0) {
      yield rest.toString('utf8', 0, end);
      rest = rest.subarray(end + 1);
      continue;
    }
    const length = fs.readSync(fd, chunk);
    if (length === 0) return;
    rest = Buffer.concat([rest, chunk.subarray(0, length)]);
  }
}
