import fs from 'node:fs';

/** How many files are remembered, before all are forgotten. */
const most = 1024;

/**
 * What files said that are only ever replaced as a whole, for a process that reads the same ones again and again: one that is still the
 * same is not read anew. The first time costs nothing more than reading. What is given is shared: nobody may change it.
 */
export class Remembered<T> {
  readonly #known = new Map<string, { readonly stats: fs.Stats; readonly content: T } | undefined>();

  get(file: string, read: () => T): T {
    if (!this.#known.has(file)) {
      if (this.#known.size >= most) this.#known.clear();
      this.#known.set(file, undefined);
      return read();
    }
    const known = this.#known.get(file);
    // Before it is read: who replaces it meanwhile is seen the next time.
    const stats = fs.statSync(file, { throwIfNoEntry: false });
    if (stats !== undefined && known !== undefined && isSame(stats, known.stats)) return known.content;
    this.#known.delete(file);
    const content = read();
    this.#known.set(file, stats && { stats, content });
    return content;
  }
}

/** An inode may be another file's by now: its times tell. */
const isSame = (a: fs.Stats, b: fs.Stats) =>
  a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
