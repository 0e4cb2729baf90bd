import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import { Socket } from 'node:net';
import { errnoOf } from '../../errors.ts';

/** The most that one read takes, in bytes: what Node's sockets take. */
const MOST = 65536;

/**
 * One of our ends of a shim's sockets, by its descriptor: what Shim uses of a `net.Socket`. As long as answers come soon it is
 * read where it is waited for, since to load and run Node's sockets takes longer than most commands in a container. From
 * `handOver` on it is one of Node's.
 */
export class PatientSocket extends EventEmitter {
  #socket: Socket | undefined;
  #isOpen = true;

  constructor(private readonly fd: number) {
    super();
  }

  get destroyed(): boolean {
    return this.#socket?.destroyed ?? !this.#isOpen;
  }

  get writable(): boolean {
    return this.#socket?.writable ?? this.#isOpen;
  }

  /** Whether it is one of Node's. */
  get isHandedOver(): boolean {
    return this.#socket !== undefined;
  }

  /** Of a shim that is gone the end tells. */
  write(bytes: Uint8Array | string): void {
    if (this.#socket !== undefined) this.#socket.write(bytes);
    else if (this.#isOpen) ignoreGone(() => writeAll(this.fd, typeof bytes === 'string' ? Buffer.from(bytes) : bytes));
  }

  /**
   * Waits for what comes next, at most as long as the socket has patience (native/launch.c), and tells of it: 'data', or 'end'
   * and 'close'. Returns false where nothing came.
   */
  read(): boolean {
    const buffer = Buffer.allocUnsafe(MOST);
    let length = 0;
    try {
      length = fs.readSync(this.fd, buffer);
    } catch (error) {
      const reason = errnoOf(error);
      // A signal is handled first (signal(7): a socket with a time limit is not read on).
      if (reason === 'EAGAIN' || reason === 'EINTR') return false;
      if (reason !== 'ECONNRESET') throw error;
    }
    if (length > 0) this.emit('data', buffer.subarray(0, length));
    else {
      this.emit('end');
      this.destroy();
    }
    return true;
  }

  /** From here on Node's event loop reads it. */
  handOver(): void {
    if (!this.#isOpen || this.#socket !== undefined) return;
    this.#socket = new Socket({ fd: this.fd });
    for (const event of ['data', 'end', 'close', 'error']) this.#socket.on(event, value => this.emit(event, value));
  }

  pause(): void {
    this.handOver();
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  end(): void {
    if (this.#socket !== undefined) this.#socket.end();
    else this.destroy();
  }

  destroy(): void {
    if (this.#socket !== undefined) return void this.#socket.destroy();
    if (!this.#isOpen) return;
    this.#isOpen = false;
    fs.closeSync(this.fd);
    // Not by process.nextTick: Node compiles a dozen functions for the first one.
    void Promise.resolve().then(() => this.emit('close'));
  }

  unref(): void {
    this.#socket?.unref();
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done);
}

function ignoreGone(action: () => void): void {
  try {
    action();
  } catch (error) {
    const reason = errnoOf(error);
    if (reason !== 'EPIPE' && reason !== 'ECONNRESET') throw error;
  }
}
