import type { OutputListener } from '../syscalls/output.ts';
import type { Attachment, Streams } from './nouns/streams.ts';

/**
 * One connection to a process for several clients: each gets the output that it asked for, from the first byte on, and the input of
 * all goes in, a chunk of one after a chunk of another. It is let go of with the last of them.
 *
 * As with Docker output is read no faster than the slowest of them takes it; one that hangs up keeps nobody waiting.
 */
export function shareOut(connection: Attachment, wanted: readonly Streams[]): Attachment[] {
  if (wanted.length === 1) return [connection];
  const clients = wanted.map(
    streams => new Client(connection, streams, { listens: () => begin(), leaves: () => leave() }),
  );
  let begun = false;
  const begin = () => {
    if (begun || !clients.every(client => client.isReady)) return;
    begun = true;
    connection.onOutput((stream, chunk) => {
      const full = clients.flatMap(client => client.take(stream, chunk) ?? []);
      return full.length === 0 ? undefined : Promise.all(full).then(() => {});
    });
  };
  const leave = () => {
    begin();
    if (clients.every(client => client.isGone)) connection.detach();
  };
  return clients;
}

class Client implements Attachment {
  readonly exited: Promise<number>;
  isGone = false;
  #listener: OutputListener | undefined;
  /** Ends the waiting for room of a client that hangs up. */
  #hangUp = () => {};
  readonly #hungUp = new Promise<void>(resolve => {
    this.#hangUp = resolve;
  });

  constructor(
    private readonly connection: Attachment,
    private readonly streams: Streams,
    private readonly says: { readonly listens: () => void; readonly leaves: () => void },
  ) {
    this.exited = connection.exited;
  }

  /** Whether output may be read as far as it is concerned: what it wants would be lost before it listens. */
  get isReady(): boolean {
    return this.isGone || this.#listener !== undefined || !(this.streams.stdout || this.streams.stderr);
  }

  take(stream: 'stdout' | 'stderr', chunk: Buffer): Promise<void> | undefined {
    if (this.isGone || !this.streams[stream]) return undefined;
    const room = this.#listener?.(stream, chunk);
    return room ? Promise.race([room, this.#hungUp]) : undefined;
  }

  onOutput(listener: OutputListener): void {
    this.#listener = listener;
    this.says.listens();
  }

  write(chunk: Buffer): Promise<void> {
    return this.connection.write(chunk);
  }

  endInput(): void {
    this.connection.endInput();
  }

  /** The process's input ends with who gives some, as if it were connected by itself. */
  detach(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.#hangUp();
    if (this.streams.stdin) this.connection.endInput();
    this.says.leaves();
  }
}
