import fs from 'node:fs';
import type http from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Layout } from '../../image/layout.ts';
import { blobPath, isDigest } from '../../oci/digest.ts';
import { identity, Refusal } from './replies.ts';

/** Answers GET and HEAD for a blob, whole or one range of it. */
export async function sendBlob(
  layout: Layout,
  digest: string,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  if (!isDigest(digest)) throw new Refusal(400, 'DIGEST_INVALID', 'provided digest is no sha256 digest');
  const file = blobPath(layout.directory, digest);
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new Refusal(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
  const range = parseRange(request.headers.range, size);
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${size}`);
    throw new Refusal(416, 'RANGE_INVALID', 'range lies outside the blob');
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  response.writeHead(range === undefined ? 200 : 206, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': end - start + 1,
    'Accept-Ranges': 'bytes',
    ...(range === undefined ? {} : { 'Content-Range': `bytes ${start}-${end}/${size}` }),
    ...identity(digest),
  });
  if (request.method === 'HEAD' || size === 0) response.end();
  else await pipeline(fs.createReadStream(file, { start, end, highWaterMark: 256 << 10 }), response);
}

/** One range of bytes (RFC 9110, 14.1.2); several at once, or another unit, are ignored, as the RFC allows. */
export function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [first, last] = [match[1]!, match[2]!];
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  return start > end ? 'unsatisfiable' : { start, end };
}
