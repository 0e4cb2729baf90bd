import { TarError } from './error.ts';
import type { TarEntry } from './header.ts';
import { parseMap, type SparseMap } from './sparse.ts';

/** Records of a PAX extended header (POSIX.1-2001 pax, "pax Header Block"): keyword to bytes, as a byte string. */
export type PaxRecords = Map<string, string>;

const xattrPrefix = 'SCHILY.xattr.';

/**
 * Reads `"%d %s=%s\n"` records: length of the whole record, keyword, value. Values are bytes: a capability is binary.
 * GNU's sparse format 0.0 repeats two keywords, which are joined to format 0.1's one.
 */
export function parsePax(content: Buffer): PaxRecords {
  const records: PaxRecords = new Map();
  const map: string[] = [];
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const digits = space === -1 ? '' : content.toString('latin1', at, space);
    const length = /^[0-9]{1,10}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = content.indexOf(0x3d, space);
    if (length < 5 || end > content.length || content[end - 1] !== 0x0a || equals === -1 || equals >= end) {
      throw new TarError('an extended header is malformed');
    }
    const keyword = content.toString('latin1', space + 1, equals);
    const value = content.toString('latin1', equals + 1, end - 1);
    if (keyword === 'GNU.sparse.offset' || keyword === 'GNU.sparse.numbytes') map.push(value);
    records.set(keyword, value);
    at = end;
  }
  if (map.length > 0) records.set('GNU.sparse.map', map.join(','));
  return records;
}

/** Puts what extended headers say over what the plain header said. An empty value takes a keyword back. */
export function applyPax(entry: TarEntry, records: PaxRecords): void {
  for (const [keyword, value] of records) {
    if (value === '' && !keyword.startsWith(xattrPrefix)) continue;
    if (keyword.startsWith(xattrPrefix)) {
      entry.xattrs.set(keyword.slice(xattrPrefix.length), Buffer.from(value, 'latin1'));
    } else if (keyword === 'path') entry.name = withoutNul(value);
    else if (keyword === 'linkpath') entry.target = withoutNul(value);
    else if (keyword === 'size') entry.size = decimal(value);
    else if (keyword === 'uid') entry.uid = decimal(value);
    else if (keyword === 'gid') entry.gid = decimal(value);
    else if (keyword === 'mtime') entry.mtime = seconds(value);
  }
}

/** GNU's sparse formats 0.0, 0.1 and 1.0: the map, or `'in data'` where it stands before the file's bytes. */
export function applySparse(entry: TarEntry, records: PaxRecords): SparseMap | 'in data' | undefined {
  const size = records.get('GNU.sparse.realsize') ?? records.get('GNU.sparse.size');
  const map = records.get('GNU.sparse.map');
  const inData = records.get('GNU.sparse.major') === '1' && records.get('GNU.sparse.minor') === '0';
  if (map === undefined && !inData) return undefined;
  if (size === undefined) throw new TarError('a sparse file has no size');
  entry.size = decimal(size);
  const name = records.get('GNU.sparse.name');
  if (name !== undefined) entry.name = withoutNul(name);
  return inData ? 'in data' : parseMap(map!.split(',').map(decimal), entry.size);
}

function withoutNul(value: string): string {
  if (value.includes('\0')) throw new TarError('a name holds a NUL byte');
  return value;
}

function decimal(value: string): number {
  const result = Number(value);
  if (!/^[0-9]+$/.test(value) || !Number.isSafeInteger(result)) {
    throw new TarError(`${JSON.stringify(value)} is no number`);
  }
  return result;
}

function seconds(value: string): number {
  if (!/^-?[0-9]+(\.[0-9]*)?$/.test(value)) throw new TarError(`${JSON.stringify(value)} is no time`);
  return Number(value);
}
