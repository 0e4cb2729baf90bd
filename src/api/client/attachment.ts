import type { Duplex } from 'node:stream';
import type { Attachment } from '../../engine/nouns/streams.ts';
import { MinidockError } from '../../errors.ts';
import { OutputFlow, type OutputListener } from '../../syscalls/output.ts';
import { FrameReader, frame } from '../frames.ts';
import { readError } from '../plain.ts';

/** A connection to the streams of a process that another minidock has. */
export class RemoteAttachment implements Attachment {
  readonly exited: Promise<number>;
  /** Resolves when nothing more will come. */
  readonly ended: Promise<void>;
  readonly #output: OutputFlow;
  /** Input that was sent and is not confirmed. */
  readonly #sent: (() => void)[] = [];
  #isClosed = false;

  constructor(private readonly socket: Duplex) {
    const reader = new FrameReader();
    this.#output = new OutputFlow(socket);
    this.exited = new Promise((resolve, reject) => {
      socket.on('data', (chunk: Buffer) => {
        for (const { kind, content } of reader.push(chunk))
          if (kind === 'taken') this.#sent.shift()?.();
          else if (kind === 'stdout' || kind === 'stderr') this.#output.give(kind, content);
          else if (kind === 'end') {
            const { exitCode, error } = JSON.parse(content.toString());
            if (error === undefined) resolve(exitCode);
            else reject(readError(error));
          }
      });
      socket.on('error', error => reject(cutOff(error.message)));
      socket.on('close', () => reject(cutOff('it was closed')));
    });
    this.exited.catch(() => {});
    this.ended = new Promise(resolve => {
      socket.on('close', () => {
        this.#isClosed = true;
        for (const done of this.#sent.splice(0)) done();
        resolve();
      });
      socket.on('end', () => socket.end());
    });
  }

  onOutput(listener: OutputListener): void {
    this.#output.listen(listener);
  }

  write(chunk: Buffer): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise(resolve => {
      this.#sent.push(resolve);
      this.socket.write(frame('stdin', chunk));
    });
  }

  endInput(): void {
    if (!this.#isClosed) this.socket.write(frame('end'));
  }

  detach(): void {
    this.socket.destroy();
  }
}

const cutOff = (why: string) => new MinidockError('cut-off', `the connection to the daemon broke: ${why}`);
