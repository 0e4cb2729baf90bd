import fs from 'node:fs';

/** How much is read at once: up to 256 bytes come whole (random(4)). */
const MOST = 256;

/** What was read and not given out yet: a command that makes a container wants eight small ones. */
let left: Buffer = Buffer.alloc(0);

/**
 * Random bytes of the kernel (random(4)) as hexadecimal digits, two a byte; at most 256 bytes. Not from node:crypto: loading it takes
 * 2 ms, which commands that make a container have no other use for.
 */
export function randomHex(bytes: number): string {
  if (left.length < bytes) left = readRandom();
  const given = left.toString('hex', 0, bytes);
  left = left.subarray(bytes);
  return given;
}

function readRandom(): Buffer {
  const content = Buffer.alloc(MOST);
  const file = fs.openSync('/dev/urandom', 'r');
  try {
    fs.readSync(file, content);
  } finally {
    fs.closeSync(file);
  }
  return content;
}
