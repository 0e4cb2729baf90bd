import fs from 'node:fs';
import type { Readable } from 'node:stream';
import { MinidockError } from '../../errors.ts';

/** A file of ours, or bytes, as a stream to the daemon. Throws as the engine does that reads the file itself. */
export function open(source: string | Readable, what: 'load' | 'import'): Readable {
  if (typeof source !== 'string') return source;
  const stat = fs.statSync(source, { throwIfNoEntry: false });
  if (what === 'import' && !stat?.isFile())
    throw new MinidockError('no-such-file', `cannot import ${JSON.stringify(source)}: no such file`);
  if (stat === undefined) throw new MinidockError('no-such-file', `open ${source}: no such file or directory`);
  if (stat.isDirectory()) throw new MinidockError('no-such-file', `read ${source}: is a directory`);
  return fs.createReadStream(source, { highWaterMark: 256 << 10 });
}
