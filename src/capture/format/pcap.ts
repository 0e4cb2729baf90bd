/** A packet as a pcap stream has it. */
export interface Captured {
  /** Nanoseconds since the epoch. */
  readonly time: bigint;
  readonly length: number;
  readonly bytes: Uint8Array;
}

const HEADER = 24;
const RECORD = 16;
/** tcpdump writes in the byte order of its machine, which is ours. */
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;
/** Longer than any packet that tcpdump hands out: a stream that says so is out of step. */
const longest = 1 << 20;

/**
 * Cuts what `tcpdump -w -` writes into packets, whatever the chunks are that a pipe delivers
 * (draft-ietf-opsawg-pcap: the format is older than its draft).
 */
export class PcapStream {
  /** Link type, once the header has come. */
  linkType: number | undefined;
  private scale = 1n;
  private rest: Buffer = Buffer.alloc(0);

  /** @throws {Error} where it is no pcap */
  *push(chunk: Buffer): Generator<Captured> {
    this.rest = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    if (this.linkType === undefined) {
      if (this.rest.length < HEADER) return;
      const magic = this.rest.readUInt32LE(0);
      if (magic !== MAGIC_NANOSECONDS && magic !== MAGIC_MICROSECONDS)
        throw new Error(`a pcap begins with ${MAGIC_NANOSECONDS.toString(16)}, this with ${magic.toString(16)}`);
      this.scale = magic === MAGIC_NANOSECONDS ? 1n : 1000n;
      this.linkType = this.rest.readUInt32LE(20) & 0xffff;
      this.rest = this.rest.subarray(HEADER);
    }
    while (this.rest.length >= RECORD) {
      const kept = this.rest.readUInt32LE(8);
      if (kept > longest) throw new Error(`a packet of ${kept} bytes`);
      if (this.rest.length < RECORD + kept) return;
      const time = BigInt(this.rest.readUInt32LE(0)) * 1_000_000_000n + BigInt(this.rest.readUInt32LE(4)) * this.scale;
      const length = this.rest.readUInt32LE(12);
      const bytes = Buffer.from(this.rest.subarray(RECORD, RECORD + kept));
      this.rest = this.rest.subarray(RECORD + kept);
      yield { time, length, bytes };
    }
  }
}
