import fs from 'node:fs';

/**
 * Random bytes of the kernel (random(4)) as hexadecimal digits, two a byte. Not from node:crypto: loading it takes 2 ms, which
 * commands that make a container have no other use for.
 */
export function randomHex(bytes: number): string {
  const content = Buffer.allocUnsafe(bytes);
  const file = fs.openSync('/dev/urandom', 'r');
  try {
    // Up to 256 bytes come whole (random(4)).
    fs.readSync(file, content);
  } finally {
    fs.closeSync(file);
  }
  return content.toString('hex');
}
