import fs from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { errnoOf } from '../../errors.ts';

/**
 * A program of its own, dist/pack-log.mjs, which the supervisor starts when it has rotated a log: makes FILE.gz of FILE, which is
 * open as descriptor 3. Until it ends it holds the lock of the log that is written meanwhile, by a descriptor that it inherits.
 * The time of the log stays: `logs -f` knows by it what it has read. Where anything fails (the disk is full, the container was
 * removed meanwhile) the file stays as it is, and is as good to read.
 */
const file = process.argv[2]!;
const packed = `${file}.gz`;
const made = `${packed}.new`;
try {
  const { atime, mtime } = fs.fstatSync(3);
  const input = fs.createReadStream('', { fd: 3, autoClose: false, start: 0 });
  await pipeline(input, createGzip(), fs.createWriteStream(made, { mode: 0o640 }));
  fs.utimesSync(made, atime, mtime);
  fs.renameSync(made, packed);
  fs.unlinkSync(file);
} catch (error) {
  fs.rmSync(made, { force: true });
  if (errnoOf(error) === undefined) throw error;
}
