import { once } from 'node:events';
import net from 'node:net';
import { FrameReader, frame } from '../../src/api/frames.ts';
import type { Tell } from '../17-image-format/image.ts';

/** `1.41`: the version that Docker 20.10 speaks. */
const version = 'v1.41';

export interface Head {
  readonly status: number;
  /** `201 Created` */
  readonly line: string;
  /** By their names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
}

/** What one answer is, when all of it is there. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is what the lesson asks
  readonly json: any;
}

/** A connection on which text goes to and fro: HTTP without a library. */
export class Wire {
  /** Bytes that came so far, taken or not. */
  received = 0;
  #buffer: Buffer = Buffer.alloc(0);
  #over = false;
  #news: () => void = () => {};

  private constructor(private readonly socket: net.Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#news();
    });
    for (const event of ['end', 'close', 'error'])
      socket.on(event, () => {
        this.#over = true;
        this.#news();
      });
  }

  /** @param where path of a Unix socket; rejects with what connect(2) says */
  static async open(where: string): Promise<Wire> {
    const socket = net.createConnection({ path: where, allowHalfOpen: true });
    await once(socket, 'connect');
    return new Wire(socket);
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** shutdown(fd, SHUT_WR): nothing more will be sent, and answers are still read. */
  async endSending(): Promise<void> {
    await new Promise<void>(resolve => this.socket.end(() => resolve()));
  }

  /** close(fd): both directions, after what was sent is gone. */
  async close(): Promise<void> {
    await this.endSending();
    this.socket.destroy();
  }

  /** The next bytes, so many as are there; undefined when nothing more will come. */
  async some(): Promise<Buffer | undefined> {
    while (this.#buffer.length === 0) {
      if (this.#over) return undefined;
      await this.#wait();
    }
    return this.#cut(this.#buffer.length);
  }

  /** The head of an answer. */
  async head(): Promise<Head> {
    let end = -1;
    for (;;) {
      end = this.#buffer.indexOf('\r\n\r\n');
      if (end >= 0) break;
      if (this.#over) throw new Error('the daemon closed the connection');
      await this.#wait();
    }
    const [first = '', ...lines] = this.#cut(end + 4)
      .toString()
      .trimEnd()
      .split('\r\n');
    const line = first.replace(/^HTTP\/1\.1 /, '');
    const fields = lines.map((text): [string, string] => {
      const colon = text.indexOf(':');
      return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim()];
    });
    return { status: Number(line.slice(0, 3)), line, fields: new Map(fields) };
  }

  /** What follows a head, to its end (RFC 9112, 6 and 7.1). */
  async body({ status, fields }: Head): Promise<string> {
    if (status === 204 || status === 304) return '';
    const parts: Buffer[] = [];
    if (fields.get('transfer-encoding') !== 'chunked') {
      const length = Number(fields.get('content-length') ?? 0);
      return (await this.#exactly(length)).toString();
    }
    for (;;) {
      const length = Number.parseInt(await this.#line(), 16);
      parts.push(await this.#exactly(length));
      await this.#line();
      if (length === 0) return Buffer.concat(parts).toString();
    }
  }

  async #line(): Promise<string> {
    let end = this.#buffer.indexOf('\r\n');
    for (; end < 0; end = this.#buffer.indexOf('\r\n')) await this.#more();
    return this.#cut(end + 2)
      .toString()
      .trimEnd();
  }

  async #exactly(length: number): Promise<Buffer> {
    while (this.#buffer.length < length) await this.#more();
    return this.#cut(length);
  }

  async #more(): Promise<void> {
    if (this.#over) throw new Error('the daemon closed the connection');
    await this.#wait();
  }

  #cut(length: number): Buffer {
    const cut = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return cut;
  }

  #wait(): Promise<void> {
    return new Promise(resolve => {
      this.#news = resolve;
    });
  }
}

/** What came in frames on a connection, by stream. */
export interface Heard {
  stdout: string;
  stderr: string;
  /** Bytes of the frames with their headers. */
  bytes: number;
}

/** A client of the API that tells what it writes and what it reads. */
export class Client {
  constructor(
    private readonly socket: string,
    private readonly tell: Tell = () => {},
  ) {}

  /** A request and its whole answer. */
  async ask(verb: string, path: string, body?: object): Promise<Answer> {
    const { head, wire } = await this.begin(verb, path, body);
    return this.finish(wire, head);
  }

  /** A request and the head of its answer. */
  async begin(verb: string, path: string, body?: object, fields: readonly string[] = []): Promise<Begun> {
    const wire = await Wire.open(this.socket);
    const text = body === undefined ? '' : JSON.stringify(body);
    const about =
      body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`];
    const lines = [`${verb} /${version}${path} HTTP/1.1`, 'Host: docker', ...fields, ...about];
    this.tell(`→ ${brief(lines[0]!)}`);
    for (const line of fields) this.tell(indent(line));
    if (text !== '') this.tell(indent(brief(text)));
    wire.send(`${lines.join('\r\n')}\r\n\r\n${text}`);
    const head = await wire.head();
    this.tell(`← ${head.line}`);
    return { wire, head };
  }

  /** The rest of an answer. */
  async finish(wire: Wire, head: Head): Promise<Answer> {
    const text = (await wire.body(head)).trimEnd();
    await wire.close();
    if (text !== '') this.tell(`← ${brief(text)}`);
    return { status: head.status, text, json: text.startsWith('{') ? JSON.parse(text) : undefined };
  }

  /** A connection that is no HTTP any more. */
  async attach(id: string, streams: string): Promise<Begun> {
    const upgrade = ['Connection: Upgrade', 'Upgrade: tcp'];
    const begun = await this.begin('POST', `/containers/${id}/attach?${streams}`, undefined, upgrade);
    this.tell(indent(`Content-Type: ${begun.head.fields.get('content-type')}`));
    return begun;
  }

  /** Reads frames to the end, or until one has this in it; each is told with its header in hexadecimal. */
  async frames(wire: Wire, heard: Heard = { stdout: '', stderr: '', bytes: 0 }, until?: string): Promise<Heard> {
    const reader = new FrameReader();
    for (let chunk = await wire.some(); chunk !== undefined; chunk = await wire.some()) {
      heard.bytes += chunk.length;
      for (const { kind, content } of reader.push(chunk)) {
        this.tell(`← ${hex(frame(kind, content).subarray(0, 8))}  ${JSON.stringify(String(content))}`);
        if (kind === 'stdout' || kind === 'stderr') heard[kind] += String(content);
      }
      if (until !== undefined && (heard.stdout + heard.stderr).includes(until)) break;
    }
    return heard;
  }
}

export interface Begun {
  readonly wire: Wire;
  readonly head: Head;
}

const hex = (bytes: Buffer) => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(' ');

/** Ids as users type them. */
const brief = (text: string) => text.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1…');
const indent = (text: string) => `${'\u00a0'.repeat(4)}${text}`;
