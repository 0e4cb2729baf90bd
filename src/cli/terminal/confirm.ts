import { readSync } from 'node:fs';
import type { Output } from '../print/output.ts';

/** Prints a warning and asks whether to go on; nothing but a `y` does. */
export function confirm(output: Output, warning: string): boolean {
  output.out(`${warning}Are you sure you want to continue? [y/N] `);
  const answer = Buffer.alloc(16);
  try {
    return /^y$/i.test(answer.toString('utf8', 0, readSync(0, answer)).trim());
  } catch {
    return false;
  }
}
