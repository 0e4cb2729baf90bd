/**
 * The header block of a member of an archive that we write: a file or directory of root's, made at no time (POSIX.1-1988
 * "ustar"). All names of an image archive fit its 100 bytes.
 *
 * @param size bytes; beyond eight gibibytes in GNU's base 256, which Go, Python and GNU tar read
 */
export function tarHeader(name: string, size: number, type: 'file' | 'directory' = 'file'): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long for a tar header`);
  const block = Buffer.alloc(512);
  const octal = (at: number, length: number, value: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  block.write(name, 0);
  octal(100, 8, type === 'directory' ? 0o755 : 0o644);
  octal(108, 8, 0);
  octal(116, 8, 0);
  if (size < 8 ** 11) octal(124, 12, size);
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(size), 128);
  }
  octal(136, 12, 0);
  block.write(type === 'directory' ? '5' : '0', 156);
  block.write('ustar\0' + '00', 257, 'latin1');
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** What fills up the last block of a member. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((512 - (size % 512)) % 512);
}

/** Two empty blocks, and as many as make the archive a multiple of tar's record of 10 KiB where `written` bytes stand before. */
export function tarEnd(written: number): Buffer {
  const record = 20 * 512;
  return Buffer.alloc(1024 + ((record - ((written + 1024) % record)) % record));
}
