import fs from 'node:fs';
import os from 'node:os';
import { errnoOf, MinidockError } from '../errors.ts';
import { version } from '../version.ts';
import type { CaptureListener, ListeningPoint } from './capture.ts';
import { packetComment, pointComment } from './comments.ts';
import { enhancedPacket, interfaceDescription, interfaceStatistics, option, sectionHeader } from './format/pcapng.ts';
import type { Walk } from './model.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Writes a capture as one pcapng, an interface block a point, packets of all points in the order of their times. Each write ends
 * with a whole block: the file can be read at any moment, also after SIGKILL.
 */
export class Recorder implements Pick<CaptureListener, 'begins' | 'walk' | 'settled'> {
  private readonly existed: boolean;
  private readonly fd: number;
  private waiting: { readonly time: bigint; readonly block: Buffer }[] = [];
  private received: number[] = [];
  private begun = false;

  /** Opens the file, and changes nothing in it before the capture begins. Throws `invalid-output`. */
  constructor(
    private readonly file: string,
    private readonly filter: string,
    private readonly snapLength: number,
  ) {
    this.existed = file === '-' || fs.existsSync(file);
    try {
      this.fd = file === '-' ? 1 : fs.openSync(file, fs.constants.O_WRONLY | fs.constants.O_CREAT, 0o600);
    } catch (error) {
      throw cannotWrite(file, error);
    }
  }

  begins(points: readonly ListeningPoint[], { targets }: Surroundings): void {
    const names = targets.map(({ name }) => name).join(', ');
    this.begun = true;
    this.received = points.map(() => 0);
    const blocks = points.map(point =>
      interfaceDescription({
        linkType: point.linkType,
        snapLength: this.snapLength,
        name: point.name,
        description: describe(point),
        filter: this.filter,
        comment: pointComment(point),
      }),
    );
    if (this.file !== '-' && fs.fstatSync(this.fd).isFile()) this.guard(() => fs.ftruncateSync(this.fd, 0));
    this.write([
      sectionHeader([
        [option.comment, `The way of the packets of ${names}`],
        [option.shb_os, `${os.type()} ${os.release()}`],
        [option.shb_userappl, `minidock ${version}`],
      ]),
      ...blocks,
    ]);
  }

  walk(walk: Walk): void {
    for (const [at, { frame }] of walk.visits.entries()) {
      this.received[frame.point]!++;
      const block = enhancedPacket(frame.point, frame, packetComment(walk, at));
      this.waiting.push({ time: frame.time, block });
    }
  }

  settled(time: bigint): void {
    const ready = this.waiting.filter(one => one.time < time);
    if (ready.length === 0) return;
    this.waiting = this.waiting.filter(one => one.time >= time);
    ready.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    this.write(ready.map(({ block }) => block));
  }

  /** Writes what still waits, and what the kernel had no room for. */
  end(dropped: readonly number[]): void {
    if (!this.begun) return;
    this.settled(1n << 63n);
    const now = BigInt(Date.now()) * 1_000_000n;
    this.write(dropped.map((lost, point) => interfaceStatistics(point, now, this.received[point]! + lost, lost)));
  }

  /** Closes the file. One that was made for a capture that never began is taken away. */
  close(): void {
    if (this.file === '-') return;
    fs.closeSync(this.fd);
    if (!this.begun && !this.existed) fs.rmSync(this.file, { force: true });
  }

  private write(blocks: readonly Buffer[]): void {
    const all = Buffer.concat(blocks);
    this.guard(() => {
      for (let at = 0; at < all.length; ) at += fs.writeSync(this.fd, all, at);
    });
  }

  private guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      throw cannotWrite(this.file, error);
    }
  }
}

const places = {
  host: 'interface of the host',
  bridge: 'bridge of the host',
  veth: 'host end of the veth pair',
  container: 'interface in the container',
} as const;

/** `veth1a2b3c4: host end of the veth pair of web`. */
function describe({ role, interface: name, container }: ListeningPoint): string {
  return `${name}: ${places[role]}${container === undefined ? '' : ` ${role === 'veth' ? 'of ' : ''}${container}`}`;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such directory',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EPIPE: 'nobody reads it any more',
  ENOTDIR: 'not a directory',
};

/** @returns `invalid-output` with the reason */
export function cannotWrite(file: string, error: unknown): MinidockError {
  const errno = errnoOf(error);
  const reason = (errno && reasons[errno]) ?? errno ?? String(error);
  return new MinidockError('invalid-output', `cannot write ${file === '-' ? 'standard output' : file}: ${reason}`, {
    fix: 'give a path that can be written to, in a directory that exists',
    cause: error,
  });
}
