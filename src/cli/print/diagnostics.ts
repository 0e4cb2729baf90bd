import type { Output } from './output.ts';

/** Prints an error that somebody can do something about: one line, and what to do. */
export function printError(output: Output, { message, fix }: { message: string; fix?: string | undefined }): void {
  output.err(`minidock: ${message}\n`);
  if (fix !== undefined) output.err(`  fix: ${fix}\n`);
}
