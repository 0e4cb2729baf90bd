import fs from 'node:fs';

/** setTimeout(3) of Node takes no more. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * What the keeper sleeps on. It rings when a supervisor or a command truncates the keeper's lock file (inotify(7)), and
 * when a job of the keeper itself says so. Rings are counted, so that one that comes while its listener works is not lost:
 * read `count`, work, then wait with `after(count)`.
 */
export class Bell {
  count = 0;
  readonly #watcher: fs.FSWatcher;
  readonly #sleepers = new Set<() => void>();

  constructor(file: string) {
    this.#watcher = fs.watch(file, () => this.ring());
    this.#watcher.on('error', () => this.ring());
  }

  ring(): void {
    this.count++;
    for (const wake of this.#sleepers) wake();
  }

  /** Resolves with the first ring after the given count, or when `milliseconds` are over. */
  async after(count: number, milliseconds = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.count !== count || milliseconds <= 0) return;
    await new Promise<void>(resolve => {
      const wake = () => {
        this.#sleepers.delete(wake);
        clearTimeout(timer);
        resolve();
      };
      const timer =
        milliseconds === Number.POSITIVE_INFINITY ? undefined : setTimeout(wake, Math.min(milliseconds, LONGEST_MS));
      this.#sleepers.add(wake);
    });
  }

  close(): void {
    this.#watcher.close();
  }
}
