import type { LogEntry } from '../../../container/logging/parse.ts';
import { readLog } from '../../../container/logging/read.ts';
import { observe } from '../../../container/observe.ts';
import { flocks } from '../../../host/locks.ts';
import { containerPaths, type Roots } from '../../../state/paths.ts';
import type { LogOptions } from '../../nouns/containers.ts';

/**
 * Reads a container's log. With `follow` it goes on until the current run ends: as with Docker a restart ends it, however soon
 * the next run begins.
 */
export async function* readLogs(
  roots: Roots,
  id: string,
  { abort, ...selection }: LogOptions,
): AsyncGenerator<LogEntry[]> {
  const startOfRun = () => {
    const seen = observe(roots, id, flocks);
    return seen.kind === 'running' ? seen.running.startedAt : undefined;
  };
  const followed = selection.follow ? startOfRun() : undefined;
  let next: string | undefined;
  const ended = () => {
    if (abort?.aborted === true) return true;
    const now = startOfRun();
    if (now !== followed) next = now;
    return now === undefined || now !== followed;
  };
  for await (const entries of readLog(containerPaths(roots, id).log, { ...selection, ended })) {
    // The next run may have begun between the last question and this read.
    if (selection.follow) ended();
    yield next === undefined ? entries : entries.filter(({ time }) => Date.parse(time) < Date.parse(next!));
  }
}
