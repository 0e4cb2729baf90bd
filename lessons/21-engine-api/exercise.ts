import { todo } from '../../src/workshop/exercise/todo.ts';

/** What a process wrote to one of its streams: 1 is stdout, 2 is stderr. 进程写到某个流的内容：1 是 stdout，2 是 stderr。 */
interface Frame {
  readonly stream: number;
  readonly content: Uint8Array;
}

/** The whole frames, and the bytes of the one that is not whole yet. 完整的帧，以及还不完整的那一帧已到的字节。 */
interface Cut {
  readonly frames: Frame[];
  readonly rest: Uint8Array;
}

/**
 * Cuts what came on an attached connection into frames. `rest` is what the last call left (empty at first), `chunk` what
 * read(2) has returned now: it may end in the middle of a frame, even of its header, and may hold several.
 * 把 attach 的连接上收到的内容切成帧。`rest` 是上次调用剩下的（开始时为空），`chunk` 是这次 read(2) 返回的：
 * 它可能在一帧中间结束，甚至在帧头中间，也可能含有好几帧。
 */
export const readFrames = (rest: Uint8Array, chunk: Uint8Array): Cut => {
  // A frame is eight bytes of header and its content:
  //   byte 0      the stream
  //   bytes 1–3   nothing
  //   bytes 4–7   how many bytes of content follow, the most significant first (big-endian); it may be 0
  // Return every frame that is whole, in order, and what is left. The content is bytes: it may be half a character.
  // 一帧是八个字节的帧头，加上内容：
  //   第 0 字节      流
  //   第 1–3 字节    没有含义
  //   第 4–7 字节    后面有多少字节的内容，高位在前（大端序）；可以是 0
  // 按顺序返回所有完整的帧，以及剩下的字节。内容是字节：可能只是半个字符。
  return todo();
};
