/** Takes what a process writes. Where it gives a promise, it has no room for more until that resolves. */
export type OutputListener = (stream: 'stdout' | 'stderr', chunk: Buffer) => Promise<void> | void;

/** How much waits here for a listener that comes later, in bytes. */
const mostEarly = 1 << 20;

/**
 * Hands output that comes over a connection to its listener, and stops reading while that has no room: what is not taken
 * waits with who sends it. What was read already, at most 64 KiB, is handed over nevertheless.
 */
export class OutputFlow {
  /** Resolves when a listener has no room for the first time. */
  readonly heldUp: Promise<void>;
  #tellHeldUp = () => {};
  #listener: OutputListener | undefined;
  readonly #early: (readonly [stream: 'stdout' | 'stderr', chunk: Buffer])[] = [];
  #earlyBytes = 0;
  /** Chunks that the listener has taken and has no room behind. */
  #full = 0;

  constructor(private readonly connection: { pause(): unknown; resume(): unknown }) {
    this.heldUp = new Promise(resolve => {
      this.#tellHeldUp = resolve;
    });
  }

  give(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    if (this.#listener !== undefined) {
      this.#hand(this.#listener, stream, chunk);
      return;
    }
    this.#early.push([stream, chunk]);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes > mostEarly) this.connection.pause();
  }

  /** What came before is handed over at once. */
  listen(listener: OutputListener): void {
    this.#listener = listener;
    for (const [stream, chunk] of this.#early.splice(0)) this.#hand(listener, stream, chunk);
    if (this.#full === 0) this.connection.resume();
  }

  #hand(listener: OutputListener, stream: 'stdout' | 'stderr', chunk: Buffer): void {
    const room = listener(stream, chunk);
    if (room === undefined) return;
    this.#full++;
    this.connection.pause();
    this.#tellHeldUp();
    void room.then(() => {
      if (--this.#full === 0) this.connection.resume();
    });
  }
}
