import fs from 'node:fs';

/** How much is read at once: up to 256 bytes come whole (random(4)). */
const MOST = 256;

/** The digits of what was read and not given out yet: a command that makes a container wants eight small ones. */
let left = '';

/**
 * Random bytes of the kernel (random(4)) as hexadecimal digits, two a byte; at most 256 bytes. Not from node:crypto: loading it takes
 * 2 ms, which commands that make a container have no other use for.
 */
export function randomHex(bytes: number): string {
  const digits = 2 * bytes;
  if (left.length < digits) left = readRandom();
  const given = left.slice(0, digits);
  left = left.slice(digits);
  return given;
}

function readRandom(): string {
  const content = Buffer.allocUnsafe(MOST);
  const file = fs.openSync('/dev/urandom', 'r');
  try {
    return content.toString('hex', 0, fs.readSync(file, content));
  } finally {
    fs.closeSync(file);
  }
}
