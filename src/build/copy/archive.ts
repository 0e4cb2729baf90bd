import fs from 'node:fs';
import { decompress } from '../../storage/compression/decompress.ts';
import { blockSize, decodeHeader, type TarEntry } from '../../storage/tar/header.ts';
import { type TarHandler, TarReader } from '../../storage/tar/reader.ts';
import { memberHeader, padding } from '../../storage/tar/writer.ts';
import type { Ownership } from './members.ts';

/** Whether a file is a tar archive, compressed or not: ADD unpacks what its first header says to be one, whatever its name. */
export async function isArchive(open: () => number): Promise<boolean> {
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of decompress(bytes(open), 'the file')) {
      head = Buffer.concat([head, chunk]);
      if (head.length >= blockSize) break;
    }
    decodeHeader(head.subarray(0, blockSize));
    return head.length >= blockSize && head.some(byte => byte !== 0);
  } catch {
    return false;
  }
}

/** The members of an archive as members of a layer, below `prefix`, without the archive's end. */
export async function* repack(open: () => number, prefix: string, { owner }: Ownership): AsyncGenerator<Buffer> {
  const chunks: Buffer[] = [];
  let written = 0;
  const within = (name: string) => [prefix, name.replace(/^(\.?\/)+/, '')].filter(part => part !== '').join('/');
  const isTop = ({ name, type }: TarEntry) => type === 'directory' && /^(\.?\/)*\.?$/.test(name);
  const handler: TarHandler = {
    entry(entry: TarEntry) {
      // The destination is as the image has it, or as other directories that are made: so Docker reads an archive's own top.
      if (isTop(entry)) return;
      written = 0;
      const isLink = entry.type === 'link';
      chunks.push(
        memberHeader({
          ...entry,
          ...owner,
          name: within(entry.name),
          ...(isLink && { target: within(entry.target) }),
        }),
      );
    },
    data(chunk, position) {
      if (position > written) chunks.push(Buffer.alloc(position - written));
      chunks.push(Buffer.from(chunk));
      written = position + chunk.length;
    },
    end(entry) {
      if (entry.type !== 'file') return;
      // A sparse file may end in a hole.
      if (written < entry.size) chunks.push(Buffer.alloc(entry.size - written));
      if (padding(entry.size) > 0) chunks.push(Buffer.alloc(padding(entry.size)));
    },
  };
  const reader = new TarReader(handler);
  for await (const chunk of decompress(bytes(open), 'the archive')) {
    reader.write(chunk);
    yield* chunks.splice(0);
  }
  reader.finish();
  yield* chunks.splice(0);
}

function bytes(open: () => number): AsyncIterable<Buffer> {
  return fs.createReadStream('', { fd: open(), autoClose: true, highWaterMark: 256 << 10 });
}
