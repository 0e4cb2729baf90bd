import fs from 'node:fs';

/** The longest delay that Node's setTimeout accepts. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * What wakes the keeper: a supervisor or a command that truncates its lock file (inotify(7)), or a job of the keeper itself.
 * Rings are counted, so that one that comes while the waiting job works is not lost: read `count`, work, then wait with
 * `after(count)`.
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
