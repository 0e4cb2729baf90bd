import { createHash } from 'node:crypto';
import { todo } from '../../src/workshop/exercise/todo.ts';

/** A file that COPY puts into a layer. COPY 要放进层里的一个文件。 */
interface Member {
  readonly entry: {
    readonly type: 'file' | 'directory' | 'symlink';
    /** `app/main.js` */
    readonly name: string;
    /** What a symbolic link says; empty for everything else. 符号链接的内容；其他类型为空。 */
    readonly target: string;
    readonly mode: number;
    readonly uid: number;
    readonly gid: number;
    /** Seconds since 1970. 自 1970 年起的秒数。 */
    readonly mtime: number;
  };
  /** Of a file. 只有文件才有。 */
  readonly content?: Uint8Array;
}

/**
 * The key of a step, of all that its result depends on. It will be the name of a file in the cache.
 * 一步的键，由它的结果所依赖的一切得出。它会成为缓存里的文件名。
 */
export const keyOf = (parts: readonly unknown[]): string => {
  // The sha256 of the parts, in hex. The parts are texts, numbers and lists of them. Whatever differs in any part, also in
  // where one part ends and the next begins, must give another key: JSON says where a text ends.
  // 各部分的 sha256，写成十六进制。各部分是文本、数字，或它们的列表。任何一处不同，包括前一部分到哪里结束、
  // 后一部分从哪里开始，键都必须不同：JSON 能表示文本在哪里结束。
  // createHash('sha256').update(text).digest('hex')
  return todo();
};

/**
 * What the cache knows a COPY by: one digest of all its files, and a digest of each by its name, to tell which one has changed.
 * 缓存据以识别一次 COPY 的东西：全部文件的一个摘要，以及按名字排列的每个文件的摘要，用来说明变的是哪一个。
 */
export const digestOf = (members: Iterable<Member>): { digest: string; files: Record<string, string> } => {
  // Everything of a member that ends up in the layer counts, except for its time: a `git clone` sets that anew.
  // `keyOf` is of use here. A Uint8Array in JSON is a long story: hash the content first.
  // 成员里凡是会进层的都算，时间除外：`git clone` 会把时间全部更新。
  // 这里可以用 `keyOf`。Uint8Array 写成 JSON 又长又乱：先把内容算成摘要。
  return todo();
};
