import fs from 'node:fs';
import { MinidockError } from '../errors.ts';
import { humanBytes } from './bytes.ts';

/** Bytes that a layer may have unpacked whatever its size: zeros shrink to a thousandth, and that is no attack. */
const freeBytes = 1 << 30;
/** Beyond them, so many bytes for each compressed one. Real layers have 2 to 10; gzip cannot exceed 1032, zstd can. */
const maxRatio = 200;
/** What unpacking leaves to the rest of the machine, of disk and of inodes. */
const reservedBytes = 64 << 20;
const reservedInodes = 1000;
/** Asking is cheap beside writing so much. */
const askEvery = 32 << 20;

export interface BombLimits {
  freeBytes?: number;
  maxRatio?: number;
  reservedBytes?: number;
}

/**
 * Watches what comes out of a decompressor (CVE-2017-14992): it may not swell without measure, nor fill the disk that
 * containers, logs and the store itself live on.
 */
export class BombGuard {
  readonly #size: () => number;
  readonly #directory: string;
  readonly #name: string;
  readonly #limits: Required<BombLimits>;
  #given = 0;
  #asked = 0;

  /** @param size compressed bytes, so far where they come as a stream  @param directory on the disk that is written to */
  constructor(size: () => number, directory: string, name: string, limits: BombLimits = {}) {
    this.#size = size;
    this.#directory = directory;
    this.#name = name;
    this.#limits = { freeBytes, maxRatio, reservedBytes, ...limits };
  }

  /** @throws {MinidockError} `hostile-layer`, `no-space` */
  count(bytes: number): void {
    this.#given += bytes;
    const { freeBytes, maxRatio } = this.#limits;
    if (this.#given > freeBytes && this.#given > this.#size() * maxRatio) {
      throw new MinidockError(
        'hostile-layer',
        `${this.#name} is refused: its ${humanBytes(this.#size())} unpack to more than ${humanBytes(this.#given - bytes)}`,
        { fix: 'this is how a decompression bomb looks: do not use the image' },
      );
    }
    if (this.#given - this.#asked >= askEvery) this.checkDisk();
  }

  /** @param wanted bytes that are about to be written  @throws {MinidockError} `no-space` */
  checkDisk(wanted = 0): void {
    this.#asked = this.#given;
    const { bavail, bsize, ffree, files } = fs.statfsSync(this.#directory);
    const isFull = bavail * bsize - wanted < this.#limits.reservedBytes;
    if (!isFull && (files === 0 || ffree > reservedInodes)) return;
    throw new MinidockError('no-space', `no space left on device while unpacking ${this.#name}`, {
      fix: `${isFull ? 'free some space' : 'remove some files: the disk has no inodes left'}, or choose another disk with --root`,
    });
  }
}
