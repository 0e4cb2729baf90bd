import { beforeLine, type LogDetails } from '../../api/shapes/container/log-line.ts';
import type { LogEntry } from '../../container/logging/parse.ts';
import type { Output } from './output.ts';

/** Writes lines to their own streams, neighbours together: a million small writes would take seconds. */
export function writeLogLines(output: Output, entries: readonly LogEntry[], shown: LogDetails): void {
  for (let at = 0; at < entries.length; ) {
    const { stream } = entries[at]!;
    const lines: string[] = [];
    for (; entries[at]?.stream === stream; at++) lines.push(beforeLine(entries[at]!, shown), entries[at]!.line);
    const content = Buffer.from(lines.join(''), 'latin1');
    if (stream === 'stderr') output.err(content);
    else output.out(content);
  }
}
