import { MinidockError } from '../../errors.ts';
import { CommandLineError } from '../exit-codes.ts';

/**
 * What is wrong with a template, in the words of Go's text/template: `template: NAME:1:2: executing "NAME" at <.Foo>: …`.
 * Each of Docker's verbs puts words of its own before it, and has its own exit code.
 */
export class TemplateError extends MinidockError {
  constructor(
    readonly stage: 'parse' | 'execute',
    message: string,
  ) {
    super('template', message);
  }
}

/** A verb's words before what is wrong, and its exit code where the template cannot be parsed; 1 where it does not fit. */
export interface Wording {
  readonly parse: string;
  readonly execute: string;
  readonly exitCode: number;
  /** Of a template that does not fit, where it is not 1. */
  readonly executeExitCode?: number;
}

/** Runs what may end in a TemplateError, and puts it into a verb's words. */
export function inWordsOf<T>({ parse, execute, exitCode, executeExitCode = 1 }: Wording, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const isSyntax = error.stage === 'parse';
    throw new CommandLineError(error.code, (isSyntax ? parse : execute) + error.message, {
      exitCode: isSyntax ? exitCode : executeExitCode,
      cause: error,
    });
  }
}

/** Where in a template something is: lines count from 1, columns (bytes) from 0. */
export function position(source: string, at: number): { line: number; column: number } {
  const lines = source.slice(0, at).split('\n');
  return { line: lines.length, column: Buffer.byteLength(lines.at(-1)!) };
}
