import { createHash } from 'node:crypto';
import type { Digest } from '../../src/oci/digest.ts';

/**
 * Whether a value from somebody else's JSON is a digest. It will be the name of a file: `blobs/sha256/<64 digits>`.
 * 别人的 JSON 里来的值是不是摘要。它会成为文件名：`blobs/sha256/<64 位>`。
 */
export const isDigest = (value: unknown): value is Digest => {
  //> `sha256:` and exactly 64 digits of 0-9 and a-f, nothing before and nothing after. The value may be of any type.
  //> `sha256:` 加恰好 64 位 0-9 和 a-f，前后都不能有别的。value 可能是任何类型。
  return typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value);
  //<
};

/**
 * The chain ID of each layer, bottom first, of diff IDs in the same order.
 * 由各层的 diff ID 得出各层的链 ID，两者都是最下面的在前。
 */
export const chainIds = (diffIds: readonly Digest[]): Digest[] => {
  //> The lowest layer's chain ID is its diff ID. Of each other it is the digest of the text `BELOW DIFF`: the chain ID below, one
  //> space, its own diff ID, both with `sha256:`, no line break.
  //> 最下面一层的链 ID 就是它的 diff ID。其他每一层的，是文本 `BELOW DIFF` 的摘要：下面的链 ID、一个空格、自己的 diff ID，
  //> 两者都带 `sha256:`，没有换行。
  //> createHash('sha256').update(text).digest('hex')
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    const text = `${below} ${diffId}`;
    chain.push(below === undefined ? diffId : `sha256:${createHash('sha256').update(text).digest('hex')}`);
  }
  return chain;
  //<
};
