import type { Socket } from 'node:net';
import { type SectionName, sectionNames } from './step.ts';
import type { PatientSocket } from './waiting/socket.ts';

/** The shim's side is native/protocol.h, which has a diagram of the messages. */
const FRAME_SIZE = 8;
/** The most that one INPUT or OUTPUT carries, in bytes. */
export const CHUNK = 32768;

/** A report of the interpreter about a step. */
export interface Report {
  type: 'trace' | 'before' | 'failed' | 'attempt' | 'sync';
  section: SectionName;
  /** The tag that the program was encoded with. */
  tag: number;
  index: number;
  /** The syscall's result; a negative errno where it failed. */
  result: number;
  /** For expect: the bytes that were there, as a little-endian number. */
  seen: bigint;
}

export type Message =
  | { kind: 'report'; report: Report }
  | { kind: 'malformed'; line: number }
  | { kind: 'pid'; pid: number }
  | { kind: 'output'; stream: 'stdout' | 'stderr'; chunk: Buffer }
  | { kind: 'accepted' }
  | { kind: 'exited'; code: number };

const reportTypes: Record<string, Report['type']> = {
  T: 'trace',
  B: 'before',
  F: 'failed',
  A: 'attempt',
  S: 'sync',
};

/** Cuts a stream into messages. Feed it chunks as they come; it keeps the rest of a partial frame. */
export class Decoder {
  private rest: Buffer = Buffer.alloc(0);

  *push(chunk: Buffer): Generator<Message> {
    this.rest = this.rest.length ? Buffer.concat([this.rest, chunk]) : chunk;
    while (this.rest.length >= FRAME_SIZE) {
      const length = numbersIn(this.rest).getUint32(4, true);
      if (this.rest.length < FRAME_SIZE + length) return;
      const message = decodeFrame(this.rest[0]!, this.rest[1]!, this.rest.subarray(FRAME_SIZE, FRAME_SIZE + length));
      this.rest = this.rest.subarray(FRAME_SIZE + length);
      yield message;
    }
  }
}

function decodeFrame(type: number, detail: number, payload: Buffer): Message {
  const letter = String.fromCharCode(type);
  const reportType = reportTypes[letter];
  const numbers = numbersIn(payload);
  if (reportType !== undefined)
    return {
      kind: 'report',
      report: {
        type: reportType,
        section: sectionNames[detail] ?? 'host',
        index: numbers.getUint32(0, true),
        tag: numbers.getUint32(4, true),
        result: Number(numbers.getBigInt64(8, true)),
        seen: numbers.getBigUint64(16, true),
      },
    };
  switch (letter) {
    case 'M':
      return { kind: 'malformed', line: numbers.getUint32(0, true) };
    case 'P':
      return { kind: 'pid', pid: Number(numbers.getBigInt64(8, true)) };
    case 'O':
      return { kind: 'output', stream: detail === 2 ? 'stderr' : 'stdout', chunk: Buffer.from(payload) };
    case 'I':
      return { kind: 'accepted' };
    case 'X':
      return { kind: 'exited', code: numbers.getUint32(0, true) };
    default:
      throw new Error(`the shim sent a frame of unknown type ${type}; expected one of T B F A S M P O I X`);
  }
}

function frame(type: string, detail: number, payload?: Uint8Array): Buffer {
  const length = payload?.length ?? 0;
  const bytes = Buffer.alloc(FRAME_SIZE + length);
  bytes[0] = type.charCodeAt(0);
  bytes[1] = detail;
  numbersIn(bytes).setUint32(4, length, true);
  if (payload !== undefined) bytes.set(payload, FRAME_SIZE);
  return bytes;
}

/** V8's own way to them: of a Buffer's each is a function that Node compiles when it is first called. */
const numbersIn = ({ buffer, byteOffset, length }: Uint8Array) => new DataView(buffer, byteOffset, length);

/** One side of a conversation with a supervisor: the launcher's, or one that connected to its socket. */
export class SupervisorClient {
  private readonly queue: Buffer[] = [];
  private readonly waiting: (() => void)[] = [];
  private awaitingAccept = false;
  private ending = false;
  private ended = false;
  private endsInput = true;
  /** It asked for output, and gives no input. */
  takesOnlyOutput = false;

  constructor(private readonly socket: Socket | PatientSocket) {
    socket.on('close', () => this.letGo());
  }

  /**
   * Asks for streams. A client that asks before "go" gets all output. The process's input ends with this client's, or when
   * it goes away; without `endsInput` it stays open (Docker's StdinOnce).
   */
  attach(streams: { stdin: boolean; stdout: boolean; stderr: boolean }, endsInput = true): void {
    this.endsInput = endsInput;
    const wanted = (streams.stdin ? 1 : 0) | (streams.stdout ? 2 : 0) | (streams.stderr ? 4 : 0);
    this.takesOnlyOutput = wanted !== 0 && !streams.stdin;
    const bits = wanted | (streams.stdin && endsInput ? 8 : 0);
    this.send(frame('a', bits));
  }

  /**
   * Input for the process; chunks of any size, delivered in order. Resolves when it may have more: it took all so far, or has ended
   * and takes no more.
   */
  write(chunk: Buffer): Promise<void> {
    if (this.socket.destroyed) return Promise.resolve();
    for (let at = 0; at < chunk.length; at += CHUNK) this.queue.push(chunk.subarray(at, at + CHUNK));
    const taken = new Promise<void>(resolve => this.waiting.push(resolve));
    this.pump();
    return taken;
  }

  /** End of file on its input, after what was written. */
  end(): void {
    this.ending = true;
    this.pump();
  }

  /** Called when the supervisor took the last input: sends the next. */
  accepted(): void {
    this.awaitingAccept = false;
    this.pump();
  }

  signal(number: number): void {
    const payload = new Uint8Array(4);
    numbersIn(payload).setUint32(0, number, true);
    this.send(frame('k', 0, payload));
  }

  resize(size: { rows: number; columns: number }): void {
    const payload = new Uint8Array(8);
    const numbers = numbersIn(payload);
    numbers.setUint16(0, size.rows, true);
    numbers.setUint16(2, size.columns, true);
    this.send(frame('w', 0, payload));
  }

  /** Promises (or takes back) that this side cleans up after the exit, so that no keeper is started. */
  cleansUp(yes: boolean): void {
    this.send(frame('c', yes ? 1 : 0));
  }

  private pump(): void {
    if (this.awaitingAccept) return;
    const chunk = this.queue.shift();
    if (chunk !== undefined) {
      this.awaitingAccept = true;
      this.send(frame('i', 0, chunk));
      return;
    }
    for (const resolve of this.waiting.splice(0)) resolve();
    if (this.ending && this.endsInput && !this.ended) {
      this.ended = true;
      this.send(frame('e', 0));
    }
  }

  /** Nobody is there any more to take what waits. */
  private letGo(): void {
    this.queue.length = 0;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private send(bytes: Buffer): void {
    if (this.socket.writable) this.socket.write(bytes);
  }
}
