import fs from 'node:fs';
import { MinidockError } from '../errors.ts';
import { freeSpace } from '../host/trouble.ts';
import { humanBytes } from './bytes.ts';

/** The free space and inodes that large writes leave for containers, their logs and the store. */
const reservedBytes = 64_000_000;
const reservedInodes = 1000;
/** How much is written, or how many files are made, between two looks at the disk. */
const askEvery = 32 << 20;
const askEveryFiles = 500;

/** Keeps large writes from filling a disk that containers, logs and the store use as well. */
export class DiskGuard {
  readonly #directory: string;
  readonly #action: string;
  readonly #reserved: number;
  /** Written since the last look at the disk. */
  #bytes = 0;
  #files = 0;
  #written = 0;

  /** @param directory on the disk that is written to  @param action for errors: `unpacking layer sha256:…` */
  constructor(directory: string, action: string, reserved = reservedBytes) {
    this.#directory = directory;
    this.#action = action;
    this.#reserved = reserved;
  }

  /**
   * Before `bytes` are written, or `files` are made; asks when it is time to.
   *
   * @throws {MinidockError} `no-space`
   */
  count(bytes: number, files = 0): void {
    this.#bytes += bytes;
    this.#files += files;
    if (this.#bytes >= askEvery || this.#files >= askEveryFiles) this.checkDisk(bytes);
    this.#written += bytes;
  }

  /**
   * Before the first byte, where it is known how many there are: a large file is refused before it is read.
   *
   * @throws {MinidockError} `no-space`
   */
  expect(bytes: number): void {
    if (bytes >= askEvery) this.checkDisk(bytes);
  }

  /** @param wanted bytes that are about to be written  @throws {MinidockError} `no-space` */
  checkDisk(wanted = 0): void {
    this.#bytes = 0;
    this.#files = 0;
    const { bavail, bsize, ffree, files } = fs.statfsSync(this.#directory);
    const free = bavail * bsize;
    if (free - wanted < this.#reserved) throw this.#noSpace(wanted, humanBytes(free), humanBytes(this.#reserved));
    if (files !== 0 && ffree <= reservedInodes) throw this.#noSpace(0, `${ffree} inodes`, `${reservedInodes} of them`);
  }

  #noSpace(wanted: number, free: string, reserved: string): MinidockError {
    const need = this.#written + wanted;
    const numbers = [
      ...(need > 0 ? [`it needs at least ${humanBytes(need)}`] : []),
      `${free} are free`,
      `${reserved} are kept free for containers, their logs and the store`,
    ];
    return new MinidockError('no-space', `no space left on device while ${this.#action}: ${numbers.join(', ')}`, {
      fix: `${freeSpace}; or choose another disk with --root`,
    });
  }
}
