import fs from 'node:fs';
import { errnoOf, MinidockError } from '../errors.ts';
import { parseComment, parsePoint, type ReadComment } from './comments.ts';
import { readPcapng } from './format/read-pcapng.ts';
import type { Point, Visit, Walk } from './model.ts';
import { decode } from './packet/decode.ts';

/** Largest file that is read, in bytes: its packets are held in memory. */
const largest = 512 * 1024 * 1024;

export interface Recorded {
  readonly points: readonly Point[];
  readonly walks: readonly Walk[];
  /** Whoever wrote it was killed. */
  readonly cutOff: boolean;
}

/**
 * The walks of a file that a capture has written: from its packets, and from the comments that say what belongs together.
 *
 * @throws {MinidockError} `no-such-file`, `broken-capture`
 */
export function readCapture(file: string): Recorded {
  const { interfaces, packets, application, cutOff } = readPcapng(file, contentOf(file));
  const points = interfaces.map(({ name, comment, resolution }) =>
    resolution === 9 ? parsePoint(name, comment) : undefined,
  );
  if (points.length === 0 || points.some(point => point === undefined))
    throw new MinidockError(
      'broken-capture',
      `${file}: it was written by ${application || 'another program'}: its interfaces are not points of minidock`,
      {
        fix: 'open it in Wireshark; --read shows what `minidock capture --write FILE` wrote',
      },
    );
  const found = new Map<number, { comment: ReadComment; visit: Visit }[]>();
  for (const { interface: point, time, length, bytes, comment } of packets) {
    const parsed = parseComment(comment);
    if (parsed === undefined) continue;
    const packet = decode(interfaces[point]!.linkType, bytes, length);
    const parts = found.get(parsed.walk) ?? [];
    parts.push({ comment: parsed, visit: { frame: { point, time, length, bytes }, packet } });
    found.set(parsed.walk, parts);
  }
  const walks = [...found].sort(([a], [b]) => a - b).map(([number, parts]) => walkOf(number, parts));
  return { points: points as Point[], walks, cutOff };
}

function walkOf(number: number, parts: readonly { comment: ReadComment; visit: Visit }[]): Walk {
  const ordered = [...parts].sort((a, b) => a.comment.visit - b.comment.visit);
  const { heading, conversation } = ordered[0]!.comment;
  const end = ordered.at(-1)!.comment.end;
  // Points may be missing of the last walks of a file whose writer was killed.
  const rewrites = ordered.flatMap(({ comment }) =>
    comment.rewrites.map(rewrite => ({ ...rewrite, at: placeOf(rewrite.at, ordered) })),
  );
  return { number, visits: ordered.map(({ visit }) => visit), rewrites, heading, conversation, ...(end && { end }) };
}

/** 0 stays 0, what lies behind the last point stays there. */
function placeOf(at: number, ordered: readonly { comment: ReadComment }[]): number {
  const index = ordered.findIndex(({ comment }) => comment.visit >= at);
  return index < 0 ? ordered.length : index;
}

function contentOf(file: string): Buffer {
  try {
    const { size } = fs.statSync(file);
    if (size > largest)
      throw new MinidockError('broken-capture', `${file}: ${size} bytes are more than can be shown (${largest})`, {
        fix: 'open it in Wireshark, or cut it with editcap -c',
      });
    return fs.readFileSync(file);
  } catch (error) {
    if (error instanceof MinidockError) throw error;
    const errno = errnoOf(error);
    const reason = { ENOENT: 'no such file', EISDIR: 'it is a directory', EACCES: 'permission denied' }[errno ?? ''];
    throw new MinidockError('no-such-file', `cannot read ${file}: ${reason ?? errno ?? error}`, { cause: error });
  }
}
