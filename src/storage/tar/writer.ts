import { isAscii } from '../bytes.ts';
import { type ByteString, blockSize, type EntryType, type TarEntry } from './header.ts';

const flags: Readonly<Record<EntryType, string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

/** Numbers that a field of so many octal digits holds. */
const fits = (value: number, digits: number) => Number.isInteger(value) && value >= 0 && value < 8 ** digits;

/**
 * The header of a member, and before it a PAX header (POSIX.1-2001 pax) with what a ustar header has no room for: long names, large
 * numbers, extended attributes. Times are whole seconds, as Docker writes them. A directory's name gets a slash.
 */
export function memberHeader(entry: TarEntry): Buffer {
  const name = entry.type === 'directory' && !entry.name.endsWith('/') ? `${entry.name}/` : entry.name;
  const mtime = Math.floor(entry.mtime);
  const records = [
    ...(name.length > 100 || !isAscii(name) ? [record('path', name)] : []),
    ...(entry.target.length > 100 || !isAscii(entry.target) ? [record('linkpath', entry.target)] : []),
    ...(fits(entry.size, 11) ? [] : [record('size', String(entry.size))]),
    ...(fits(entry.uid, 7) ? [] : [record('uid', String(entry.uid))]),
    ...(fits(entry.gid, 7) ? [] : [record('gid', String(entry.gid))]),
    ...(fits(mtime, 11) ? [] : [record('mtime', String(mtime))]),
    ...[...entry.xattrs].map(([key, value]) => record(`SCHILY.xattr.${key}`, value.toString('latin1'))),
  ];
  const plain = header({ ...entry, name, mtime, flag: flags[entry.type] });
  if (records.length === 0) return plain;
  const content = Buffer.from(records.join(''), 'latin1');
  const base = { ...entry, target: '', uid: 0, gid: 0, mode: 0o644, major: 0, minor: 0 };
  const extended = header({ ...base, name: 'PaxHeaders.0', size: content.length, mtime: 0, flag: 'x' });
  return Buffer.concat([extended, content, Buffer.alloc(padding(content.length)), plain]);
}

/** Bytes of zeros after a file of this size. */
export function padding(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

/** Two empty blocks end an archive. */
export const archiveEnd: Buffer = Buffer.alloc(2 * blockSize);

function header(fields: Omit<TarEntry, 'type' | 'xattrs'> & { flag: string }): Buffer {
  const block = Buffer.alloc(blockSize);
  const octal = (at: number, digits: number, value: number) =>
    block.write(`${(fits(value, digits) ? value : 0).toString(8).padStart(digits, '0')}\0`, at, 'latin1');
  block.write(fields.name.slice(0, 100), 0, 'latin1');
  octal(100, 7, fields.mode);
  octal(108, 7, fields.uid);
  octal(116, 7, fields.gid);
  octal(124, 11, fields.size);
  octal(136, 11, fields.mtime);
  block.write(fields.flag, 156, 'latin1');
  block.write(fields.target.slice(0, 100), 157, 'latin1');
  block.write('ustar\0' + '00', 257, 'latin1');
  octal(329, 7, fields.major);
  octal(337, 7, fields.minor);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits too. */
function record(key: string, value: ByteString): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return `${length}${rest}`;
}
