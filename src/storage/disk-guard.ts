import fs from 'node:fs';
import { MinidockError } from '../errors.ts';

/** What writing a lot leaves to the rest of the machine, of disk and of inodes. */
const reservedBytes = 64 << 20;
const reservedInodes = 1000;
/** Asking is cheap beside writing so much, or making so many files. */
const askEvery = 32 << 20;
const askEveryFiles = 500;

/** Watches what is written to a disk that containers, logs and the store itself live on: it never fills. */
export class DiskGuard {
  readonly #directory: string;
  readonly #action: string;
  readonly #reserved: number;
  #bytes = 0;
  #files = 0;

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
  }

  /** @param wanted bytes that are about to be written  @throws {MinidockError} `no-space` */
  checkDisk(wanted = 0): void {
    this.#bytes = 0;
    this.#files = 0;
    const { bavail, bsize, ffree, files } = fs.statfsSync(this.#directory);
    const isFull = bavail * bsize - wanted < this.#reserved;
    if (!isFull && (files === 0 || ffree > reservedInodes)) return;
    throw new MinidockError('no-space', `no space left on device while ${this.#action}`, {
      fix: `${isFull ? 'free some space' : 'remove some files: the disk has no inodes left'}, or choose another disk with --root`,
    });
  }
}
