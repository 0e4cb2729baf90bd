import fs from 'node:fs';
import path from 'node:path';

/** Editors write a file in several steps; so long nothing must have happened, in milliseconds. */
const QUIET = 120;

/**
 * Yields once, and then after each change of the file, until `ended`. Changes during the work of the caller are one. The folder
 * is watched, because many editors put a new file in the place of the old one.
 */
export async function* watchFile(file: string, ended: AbortSignal): AsyncGenerator<void> {
  let changed: () => void = () => {};
  let pending = false;
  let timer: NodeJS.Timeout | undefined;
  const watcher = fs.watch(path.dirname(file), (_event, name) => {
    if (name !== path.basename(file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      pending = true;
      changed();
    }, QUIET);
  });
  ended.addEventListener('abort', () => changed());
  try {
    while (!ended.aborted) {
      yield;
      await new Promise<void>(resolve => {
        changed = resolve;
        if (pending || ended.aborted) resolve();
      });
      pending = false;
    }
  } finally {
    clearTimeout(timer);
    watcher.close();
  }
}
