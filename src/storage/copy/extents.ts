import { call, close, open, store } from '../../syscalls/calls.ts';
import { room } from '../../syscalls/data.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { O, SEEK } from '../../syscalls/uapi/flags.ts';
import { pathData } from '../path-data.ts';
import type { ByteString } from '../tar/header.ts';
import type { SparseMap } from '../tar/sparse.ts';
import { askSteps } from './ask.ts';

/** Steps that a program may have; at 80 bytes each it stays well below what the shim takes. */
const maxSteps = 40_000;
const ENXIO = -6;

/** A file of which only some parts are on disk. */
export interface SparseFile {
  path: ByteString;
  size: number;
}

interface Search extends SparseFile {
  found: { offset: number; length: number }[];
  /** The offset after which nothing is known yet. */
  from: number;
}

/**
 * Where a sparse file has data, by lseek(2)'s SEEK_DATA and SEEK_HOLE, each a step that begins where the one before ended.
 * A file system that cannot tell has data everywhere.
 */
export async function readExtents(files: readonly SparseFile[]): Promise<SparseMap[]> {
  const all: Search[] = files.map(file => ({ ...file, found: [], from: 0 }));
  let unfinished = all.filter(({ size }) => size > 0);
  for (let pairs = 16; unfinished.length > 0; pairs = Math.min(pairs * 8, 8192)) {
    const next: Search[] = [];
    const batch = Math.max(1, Math.floor(maxSteps / (pairs * 4)));
    for (let at = 0; at < unfinished.length; at += batch) {
      const searches = unfinished.slice(at, at + batch);
      const output = await askSteps(searches.flatMap(search => searchSteps(search, pairs)));
      const length = pairs * 16;
      next.push(...searches.filter((search, i) => take(search, output.subarray(i * length, (i + 1) * length))));
    }
    unfinished = next;
  }
  return all.map(({ found }) => found);
}

const dataWhy = { en: 'find the next byte of the file that is stored on disk', zh: '查找文件中下一个存有数据的位置' };
const holeWhy = { en: 'find the end of the data that is stored here', zh: '查找这段数据的结尾' };

function searchSteps({ path, from }: Search, pairs: number): Step[] {
  const about = (why: Text) => ({ why, group: 'where a sparse file has data' });
  const [fd, data, hole] = [slot('fd'), slot('data'), slot('hole')];
  const table = room(pairs * 16, '<extents>');
  const seek = (start: number | typeof hole, whence: number, save: typeof data, at: number): Step[] => [
    call('lseek', [fd, start, whence], {
      ...about(whence === SEEK.SEEK_DATA ? dataWhy : holeWhy),
      tolerate: ['ENXIO', 'EINVAL'],
      save,
    }),
    store(
      save,
      table,
      at,
      'u64',
      about({
        en: 'note the offset in the table, or the error of the kernel',
        zh: '把偏移量记进表里，或记下内核返回的错误',
      }),
    ),
  ];
  return [
    open(pathData(path), O.O_RDONLY | O.O_NONBLOCK, {
      ...about({
        en: 'open the file to ask where it has data; it is not read',
        zh: '打开文件，只查询哪里有数据，并不读取',
      }),
      save: fd,
    }),
    ...Array.from({ length: pairs }, (_, i) => [
      ...seek(i === 0 ? from : hole, SEEK.SEEK_DATA, data, i * 16),
      ...seek(data, SEEK.SEEK_HOLE, hole, i * 16 + 8),
    ]).flat(),
    call(
      'write',
      [1, table, pairs * 16],
      about({ en: 'send the table of offsets to the engine', zh: '把偏移量表送给引擎' }),
    ),
    close(fd, about({ en: 'the table is sent, so the file is closed', zh: '表已送出，关闭文件' })),
  ];
}

/** Returns whether the file may have more extents. */
function take(search: Search, table: Buffer): boolean {
  for (let at = 0; at < table.length; at += 16) {
    const [data, hole] = [Number(table.readBigInt64LE(at)), Number(table.readBigInt64LE(at + 8))];
    if (data === ENXIO) return false;
    const [offset, end] = data < 0 ? [search.from, search.size] : [data, Math.min(hole, search.size)];
    if (end > offset) search.found.push({ offset, length: end - offset });
    search.from = end;
    if (end >= search.size) return false;
  }
  return true;
}
