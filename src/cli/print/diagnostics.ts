import type { Output } from './output.ts';
import { inOneLine } from './printable.ts';

interface Told {
  message: string;
  excerpt?: string | undefined;
  fix?: string | undefined;
}

/** Prints an error that somebody can do something about: one line, the place in a file where it has one, and what to do. */
export function printError(output: Output, { message, excerpt, fix }: Told): void {
  output.err(`minidock: ${inOneLine(message)}\n`);
  if (excerpt !== undefined) output.err(`${excerpt}\n`);
  if (fix !== undefined) output.err(`  fix: ${inOneLine(fix)}\n`);
}

/** Prints what may be of interest and keeps nothing from being done. */
export function printWarning(output: Output, message: string): void {
  output.err(`minidock: warning: ${inOneLine(message)}\n`);
}
