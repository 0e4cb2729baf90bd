import type { Output } from './output.ts';
import { inOneLine } from './printable.ts';

/** Prints an error that somebody can do something about: one line, and what to do. */
export function printError(output: Output, { message, fix }: { message: string; fix?: string | undefined }): void {
  output.err(`minidock: ${inOneLine(message)}\n`);
  if (fix !== undefined) output.err(`  fix: ${inOneLine(fix)}\n`);
}

/** Prints what may be of interest and keeps nothing from being done. */
export function printWarning(output: Output, message: string): void {
  output.err(`minidock: warning: ${inOneLine(message)}\n`);
}
