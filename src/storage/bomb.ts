import { MinidockError } from '../errors.ts';
import { humanBytes } from './bytes.ts';
import { DiskGuard } from './disk-guard.ts';

/** Bytes that a layer may have unpacked whatever its size: zeros shrink to a thousandth, and that is no attack. */
const freeBytes = 1 << 30;
/** Beyond them, so many bytes for each compressed one. Real layers have 2 to 10; gzip cannot exceed 1032, zstd can. */
const maxRatio = 200;

export interface BombLimits {
  freeBytes?: number;
  maxRatio?: number;
  reservedBytes?: number;
}

/**
 * Limits the output of a decompressor (CVE-2017-14992), by its ratio to the input and by the free space of the disk.
 */
export class BombGuard extends DiskGuard {
  readonly #size: () => number;
  readonly #name: string;
  readonly #limits: Required<Omit<BombLimits, 'reservedBytes'>>;
  #given = 0;

  /** @param size compressed bytes, so far where they come as a stream  @param directory on the disk that is written to */
  constructor(size: () => number, directory: string, name: string, limits: BombLimits = {}) {
    super(directory, `unpacking ${name}`, limits.reservedBytes);
    this.#size = size;
    this.#name = name;
    this.#limits = { freeBytes, maxRatio, ...limits };
  }

  /** @throws {MinidockError} `hostile-layer`, `no-space` */
  override count(bytes: number): void {
    this.#given += bytes;
    const { freeBytes, maxRatio } = this.#limits;
    if (this.#given > freeBytes && this.#given > this.#size() * maxRatio) {
      throw new MinidockError(
        'hostile-layer',
        `${this.#name} is refused: its ${humanBytes(this.#size())} unpack to more than ${humanBytes(this.#given - bytes)}`,
        { fix: 'this is how a decompression bomb looks: do not use the image' },
      );
    }
    super.count(bytes);
  }
}
