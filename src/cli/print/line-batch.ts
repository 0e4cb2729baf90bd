import type { Output } from './output.ts';

const batchBytes = 64 * 1024;

/**
 * Writes lines many at a time: a million small writes would take seconds. What was added is written at the latest when
 * the event loop comes round, so that `logs -f` shows lines as they come.
 */
export class LineBatch {
  readonly #output: Output;
  #stream: 'stdout' | 'stderr' = 'stdout';
  #lines: Buffer[] = [];
  #bytes = 0;
  #scheduled = false;

  constructor(output: Output) {
    this.#output = output;
  }

  add(stream: 'stdout' | 'stderr', line: Buffer): void {
    if (stream !== this.#stream) this.flush();
    this.#stream = stream;
    this.#lines.push(line);
    this.#bytes += line.length;
    if (this.#bytes >= batchBytes) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
  }

  flush(): void {
    if (this.#lines.length === 0) return;
    const content = Buffer.concat(this.#lines);
    this.#lines = [];
    this.#bytes = 0;
    if (this.#stream === 'stderr') this.#output.err(content);
    else this.#output.out(content);
  }
}
