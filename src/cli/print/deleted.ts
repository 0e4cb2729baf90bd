import type { Removal } from '../../image/remove.ts';
import type { Output } from './output.ts';

/** `Deleted Volumes:`, a line each, and an empty one; nothing where there are none. */
export function printDeleted(output: Output, what: string, lines: readonly string[]): void {
  if (lines.length > 0) output.out(`Deleted ${what}:\n${lines.map(line => `${line}\n`).join('')}\n`);
}

/** `untagged: name`, `deleted: id`, as the prune commands print them. */
export function removalLines(removal: Removal): string[] {
  return removal.map(line => ('untagged' in line ? `untagged: ${line.untagged}` : `deleted: ${line.deleted}`));
}
