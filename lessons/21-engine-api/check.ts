import { frame } from '../../src/api/frames.ts';
import type { Exercise, Finding, Mine } from '../../src/workshop/exercise/types.ts';
import type { Text } from '../../src/workshop/text/language.ts';

interface Frame {
  readonly stream: number;
  readonly content: Buffer;
}

interface Values {
  /** A stream as a daemon sends it. */
  readonly frames: readonly Frame[];
  /** One that is short enough to be given byte by byte. */
  readonly few: readonly Frame[];
  /** Where a chunk ends: in the second header, and in the second content. */
  readonly inHeader: number;
  readonly inContent: number;
}

const kinds = ['stdin', 'stdout', 'stderr'] as const;
const bytesOf = (frames: readonly Frame[]) =>
  Buffer.concat(frames.map(({ stream, content }) => frame(kinds[stream]!, content)));

/** What somebody has made of a stream; a text where the function returned something else. */
type Found = { readonly frames: readonly Frame[]; readonly rest: Buffer } | string;

/** Gives the chunks to the learner's function, one after the other, each with what the call before has left. */
function feed(mine: Mine, chunks: readonly Buffer[]): Found {
  const frames: Frame[] = [];
  let rest: Uint8Array = new Uint8Array();
  for (const chunk of chunks) {
    const cut: unknown = mine.readFrames!(rest, new Uint8Array(chunk));
    if (!isCut(cut)) return cut === undefined ? 'nothing' : (JSON.stringify(cut)?.slice(0, 60) ?? String(cut));
    frames.push(...cut.frames.map(({ stream, content }) => ({ stream, content: Buffer.from(content) })));
    rest = cut.rest;
  }
  return { frames, rest: Buffer.from(rest) };
}

function isCut(value: unknown): value is { frames: { stream: number; content: Uint8Array }[]; rest: Uint8Array } {
  if (typeof value !== 'object' || value === null) return false;
  const { frames, rest } = value as Record<string, unknown>;
  return (
    rest instanceof Uint8Array &&
    Array.isArray(frames) &&
    frames.every(one => typeof one?.stream === 'number' && one.content instanceof Uint8Array)
  );
}

const isSame = (found: Found, expected: readonly Frame[]) =>
  typeof found !== 'string' &&
  found.rest.length === 0 &&
  found.frames.length === expected.length &&
  found.frames.every(
    ({ stream, content }, i) => stream === expected[i]!.stream && content.equals(expected[i]!.content),
  );

/** What is wrong with the frames of a stream that came in one piece. */
function hintOf(found: Found, expected: readonly Frame[]): Text {
  if (typeof found === 'string')
    return {
      en: `it returns ${found}: expected is { frames: [{ stream, content }, …], rest }, both contents as Uint8Array`,
      zh: `它返回 ${found}：应当返回 { frames: [{ stream, content }, …], rest }，内容都是 Uint8Array`,
    };
  const at = expected.findIndex(
    ({ stream, content }, i) => stream !== found.frames[i]?.stream || !content.equals(found.frames[i].content),
  );
  const [should, is] = [expected[at], found.frames[at]];
  if (should === undefined)
    return {
      en: `${found.rest.length} bytes are left, and all frames are whole: what is used up does not belong into rest`,
      zh: `剩下 ${found.rest.length} 个字节，可是所有帧都完整：用掉的字节不该留在 rest 里`,
    };
  const { length } = should.content;
  if (is === undefined && at === 1)
    return {
      en: 'it returns one frame and leaves the rest: a chunk may hold several frames, and a daemon that is silent from now on sends no further one',
      zh: '它只返回一帧，其余的留着：一次可能收到好几帧，而守护进程此后若不再发送，就不会有下一次调用',
    };
  if (is === undefined && length > 0 && length < 1 << 16)
    return {
      en: `the frame of ${length} bytes is not found, and ${found.rest.length} bytes are left: is its length read as big-endian, from bytes 4 to 7?`,
      zh: `没有找到 ${length} 字节的那一帧，剩下 ${found.rest.length} 个字节：长度是按大端序从第 4 到 7 字节读出的吗？`,
    };
  if (is !== undefined && is.content.length < length)
    return {
      en: `a frame of ${length} bytes has only ${is.content.length}: the length has four bytes, and all of them count`,
      zh: `${length} 字节的一帧只有 ${is.content.length} 个字节：长度有四个字节，每个都算数`,
    };
  if (is !== undefined && is.stream === should.stream)
    return {
      en: 'the content is other bytes: it is no text, a frame may end in the middle of a character, and decoding puts U+FFFD there',
      zh: '内容的字节变了：它不是文本，一帧可能在字符中间结束，一解码就会变成 U+FFFD',
    };
  return {
    en: `frame ${at + 1} is not found: expected are stream ${should.stream} and ${length} bytes`,
    zh: `没有找到第 ${at + 1} 帧：应当是流 ${should.stream}，${length} 个字节`,
  };
}

/** What is wrong with a stream that came in several pieces, where it is well in one. */
function hintOfPieces(found: Found, expected: readonly Frame[]): Text {
  if (typeof found === 'string') return hintOf(found, expected);
  const bytes = (frames: readonly Frame[]) => frames.reduce((sum, { content }) => sum + content.length, 0);
  const broken = found.frames.some(({ content }, i) => content.length < (expected[i]?.content.length ?? 0));
  if (broken)
    return {
      en: 'a part of a frame was returned as if it were whole: wait for all of its content, and give it back in rest until then',
      zh: '把一帧的一部分当成了整帧：要等内容全部到齐，在那之前放在 rest 里还回来',
    };
  if (bytes(found.frames) < bytes(expected) && found.rest.length === 0)
    return {
      en: 'what was not whole at the end of a chunk is lost: it must come back as rest, and be put before the next chunk',
      zh: '一次收到的末尾不完整的部分丢了：要作为 rest 还回来，下次接在新内容前面',
    };
  return {
    en: `${found.frames.length} frames of ${expected.length} came out, and ${found.rest.length} bytes are left: rest stands before the chunk, header and all`,
    zh: `${expected.length} 帧里只得到 ${found.frames.length} 帧，剩下 ${found.rest.length} 个字节：rest 要接在新内容前面，连同帧头`,
  };
}

function findingsOf(mine: Mine, { frames, few, inHeader, inContent }: Values): Finding[] {
  const [stream, short] = [bytesOf(frames), bytesOf(few)];
  const whole = feed(mine, [stream]);
  const part = feed(mine, [short.subarray(0, 5)]);
  const inTwo = (at: number) => feed(mine, [short.subarray(0, at), short.subarray(at)]);
  const [header, content] = [inTwo(inHeader), inTwo(inContent)];
  const single = feed(
    mine,
    [...short].map(byte => Buffer.from([byte])),
  );
  return [
    {
      ok: isSame(whole, frames),
      what: {
        en: `${frames.length} frames in one chunk, of 0 to ${Math.max(...frames.map(one => one.content.length))} bytes`,
        zh: `一次收到 ${frames.length} 帧，长度从 0 到 ${Math.max(...frames.map(one => one.content.length))} 字节`,
      },
      hint: hintOf(whole, frames),
    },
    {
      ok: typeof part !== 'string' && part.frames.length === 0 && part.rest.equals(short.subarray(0, 5)),
      what: { en: 'five bytes of a header: no frame, and they come back', zh: '只有帧头的五个字节：没有帧，原样还回' },
      hint: hintOfPieces(part, few),
    },
    {
      ok: isSame(header, few),
      what: { en: `cut in a header, after ${inHeader} bytes`, zh: `在帧头中间断开，在 ${inHeader} 字节之后` },
      hint: hintOfPieces(header, few),
    },
    {
      ok: isSame(content, few),
      what: { en: `cut in a content, after ${inContent} bytes`, zh: `在内容中间断开，在 ${inContent} 字节之后` },
      hint: hintOfPieces(content, few),
    },
    {
      ok: isSame(single, few),
      what: { en: `${short.length} bytes, one at a time`, zh: `${short.length} 个字节，每次一个` },
      hint: hintOfPieces(single, few),
    },
  ];
}

export const exercise: Exercise<Values> = {
  lesson: 'engine-api',
  task: {
    en: 'Write `readFrames(rest, chunk)`: what every client of Docker’s API does with an attached connection. It gets the bytes as read(2) returns them, cut anywhere, and returns the frames that are whole.',
    zh: '写 `readFrames(rest, chunk)`：Docker API 的每个客户端都要这样处理 attach 的连接。它收到 read(2) 返回的字节，可能在任何地方断开，返回已经完整的帧。',
  },
  pieces: ['readFrames'],
  values: random => {
    const text = (stream: number): Frame => ({ stream, content: Buffer.from(`${random.word()}\n`) });
    const noise = (length: number): Frame => ({
      stream: random.pick([1, 2]),
      content: Buffer.from(Array.from({ length }, () => random.integer(0, 255))),
    });
    const character = Buffer.from('界');
    const few = [text(1), text(2), text(1)] as const;
    const first = 8 + few[0].content.length;
    return {
      frames: [
        text(1),
        text(2),
        { stream: 1, content: character.subarray(0, 1) },
        { stream: 1, content: character.subarray(1) },
        { stream: 2, content: Buffer.alloc(0) },
        noise(random.integer(300, 900)),
        noise(random.integer(66_000, 70_000)),
        text(2),
      ],
      few,
      inHeader: first + random.integer(1, 7),
      inContent: first + 8 + random.integer(1, few[1].content.length - 1),
    };
  },
  judge: findingsOf,
  hints: [
    {
      en: 'Put `rest` and `chunk` together first; then a loop: are there eight bytes? Which length do they say? Are so many bytes there? If one answer is no, all from here on is the new rest.',
      zh: '先把 `rest` 和 `chunk` 接起来，然后循环：够八个字节吗？它们说长度是多少？这么多字节都到了吗？只要有一个回答是否，从这里往后就是新的 rest。',
    },
    {
      en: '`new Uint8Array([...rest, ...chunk])` joins two. `new DataView(bytes.buffer).getUint32(at)` reads four bytes as big-endian; `bytes.slice(from, to)` copies a part.',
      zh: '`new Uint8Array([...rest, ...chunk])` 把两段接起来。`new DataView(bytes.buffer).getUint32(at)` 按大端序读四个字节；`bytes.slice(from, to)` 复制一段。',
    },
    {
      en: '`while (bytes.length - at >= 8) { const end = at + 8 + view.getUint32(at + 4); if (end > bytes.length) break; … at = end; }`, and `rest` is `bytes.slice(at)`.',
      zh: '`while (bytes.length - at >= 8) { const end = at + 8 + view.getUint32(at + 4); if (end > bytes.length) break; … at = end; }`，而 `rest` 就是 `bytes.slice(at)`。',
    },
  ],
  wrong: [
    {
      name: 'little-endian, as this machine has its numbers',
      code: `  const bytes = new Uint8Array([...rest, ...chunk]);
  const view = new DataView(bytes.buffer);
  const frames: Frame[] = [];
  let at = 0;
  while (bytes.length - at >= 8) {
    const end = at + 8 + view.getUint32(at + 4, true);
    if (end > bytes.length) break;
    frames.push({ stream: bytes[at]!, content: bytes.slice(at + 8, end) });
    at = end;
  }
  return { frames, rest: bytes.slice(at) };`,
      hint: /is its length read as big-endian/,
    },
    {
      name: 'only the last byte of the length',
      code: `  const bytes = new Uint8Array([...rest, ...chunk]);
  const frames: Frame[] = [];
  let at = 0;
  while (bytes.length - at >= 8) {
    const end = at + 8 + bytes[at + 7]!;
    if (end > bytes.length) break;
    frames.push({ stream: bytes[at]!, content: bytes.slice(at + 8, end) });
    at = end;
  }
  return { frames, rest: bytes.slice(at) };`,
      hint: /the length has four bytes/,
    },
    {
      name: 'one frame a call',
      code: `  const bytes = new Uint8Array([...rest, ...chunk]);
  if (bytes.length < 8) return { frames: [], rest: bytes };
  const end = 8 + new DataView(bytes.buffer).getUint32(4);
  if (end > bytes.length) return { frames: [], rest: bytes };
  return { frames: [{ stream: bytes[0]!, content: bytes.slice(8, end) }], rest: bytes.slice(end) };`,
      hint: /a chunk may hold several frames/,
    },
    {
      name: 'what is not whole is forgotten',
      code: `  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  const frames: Frame[] = [];
  let at = 0;
  while (chunk.length - at >= 8) {
    const end = at + 8 + view.getUint32(at + 4);
    if (end > chunk.length) break;
    frames.push({ stream: chunk[at]!, content: chunk.slice(at + 8, end) });
    at = end;
  }
  return { frames, rest: new Uint8Array() };`,
      hint: /is lost: it must come back as rest/,
    },
    {
      name: 'a part of the content is taken for all of it',
      code: `  const bytes = new Uint8Array([...rest, ...chunk]);
  const view = new DataView(bytes.buffer);
  const frames: Frame[] = [];
  let at = 0;
  while (bytes.length - at >= 8) {
    const end = Math.min(bytes.length, at + 8 + view.getUint32(at + 4));
    frames.push({ stream: bytes[at]!, content: bytes.slice(at + 8, end) });
    at = end;
  }
  return { frames, rest: bytes.slice(at) };`,
      hint: /as if it were whole/,
    },
    {
      name: 'decoded as text on the way',
      code: `  const bytes = new Uint8Array([...rest, ...chunk]);
  const view = new DataView(bytes.buffer);
  const frames: Frame[] = [];
  let at = 0;
  while (bytes.length - at >= 8) {
    const end = at + 8 + view.getUint32(at + 4);
    if (end > bytes.length) break;
    const text = new TextDecoder().decode(bytes.slice(at + 8, end));
    frames.push({ stream: bytes[at]!, content: new TextEncoder().encode(text) });
    at = end;
  }
  return { frames, rest: bytes.slice(at) };`,
      hint: /a frame may end in the middle of a character/,
    },
  ],
};
