/**
 * Classic BPF, the instruction set of seccomp filters: one 32-bit accumulator, loads from `struct seccomp_data`, forward
 * jumps, and a return that is the verdict. See Documentation/userspace-api/seccomp_filter.rst in the kernel's source.
 */
export const BPF = {
  /** Accumulator = the 32-bit word at offset k of seccomp_data. */
  LD: 0x20,
  /** Accumulator &= k. */
  AND: 0x54,
  /** Skips k instructions; the conditional jumps reach no further than 255. */
  JA: 0x05,
  JEQ: 0x15,
  JGT: 0x25,
  JGE: 0x35,
  /** Whether any bit of k is set; minidock has no use for it, libseccomp does. */
  JSET: 0x45,
  RET: 0x06,
} as const;

/** struct seccomp_data: int nr; u32 arch; u64 instruction_pointer; u64 args[6]. */
export const offsetOf = { nr: 0, arch: 4, argument: (index: number) => 16 + 8 * index };

/** The kernel's limit on one filter, in instructions. */
export const BPF_MAXINSNS = 4096;

/**
 * Assembles a filter from its last instruction to its first. Jumps only go forward, so the target of a jump exists already and
 * its distance is known: neither labels nor a second pass are needed.
 */
export class BackwardAssembler {
  /** Two words an instruction, as they lie in the memory of both processors, which are little-endian. */
  private readonly words = new Uint32Array(2 * BPF_MAXINSNS);
  /** Index of the first instruction so far: the fall-through target of the next one. */
  here = BPF_MAXINSNS;

  /** How many instructions there are. */
  get length(): number {
    return BPF_MAXINSNS - this.here;
  }

  /**
   * Prepends one instruction (struct sock_filter: u16 code, u8 jt, u8 jf, u32 k) and returns its index. Throws `RangeError`
   * when full.
   */
  put(code: number, k: number, jt = 0, jf = 0): number {
    this.here -= 1;
    // A negative index would be ignored.
    if (this.here < 0) throw new RangeError('no room');
    this.words[2 * this.here] = code | (jt << 16) | (jf << 24);
    this.words[2 * this.here + 1] = k;
    return this.here;
  }

  /**
   * Prepends a comparison that jumps to `yes` where it holds and to `no` elsewhere; both are indexes of existing instructions.
   */
  jump(code: number, k: number, yes: number, no: number): number {
    // 254, not 255: the long jump of one target moves the other further away by one.
    const then = yes - this.here <= 254 ? yes : this.put(BPF.JA, yes - this.here);
    const otherwise = no - this.here <= 254 ? no : this.put(BPF.JA, no - this.here);
    return this.put(code, k, then - this.here, otherwise - this.here);
  }

  /** The array of struct sock_filter. */
  bytes(): Uint8Array {
    return new Uint8Array(this.words.buffer, 8 * this.here);
  }
}

/** A comparison of one argument. `value` is the mask of MASKED_EQ, and `valueTwo` what must be left under it. */
export interface Condition {
  index: number;
  op: string;
  value: number;
  valueTwo?: number;
}

/** How the low halves are compared where the high ones are equal, and whether what holds is the opposite. */
const comparisons = new Map<string, readonly [code: number, isNegated: boolean]>([
  ['SCMP_CMP_EQ', [BPF.JEQ, false]],
  ['SCMP_CMP_MASKED_EQ', [BPF.JEQ, false]],
  ['SCMP_CMP_NE', [BPF.JEQ, true]],
  ['SCMP_CMP_GT', [BPF.JGT, false]],
  ['SCMP_CMP_GE', [BPF.JGE, false]],
  ['SCMP_CMP_LE', [BPF.JGT, true]],
  ['SCMP_CMP_LT', [BPF.JGE, true]],
]);

/**
 * Prepends a 64-bit comparison. The accumulator has 32 bits: the high halves decide, and where they are equal the low ones.
 * Throws for an operator that the runtime spec does not know.
 */
export function putCondition(
  code: BackwardAssembler,
  { index, op, value, valueTwo }: Condition,
  yes: number,
  no: number,
): void {
  const comparison = comparisons.get(op);
  if (comparison === undefined) throw new TypeError(`unknown comparison ${JSON.stringify(op)}`);
  const [compare, isNegated] = comparison;
  const isMasked = op === 'SCMP_CMP_MASKED_EQ';
  const wanted = isMasked ? (valueTwo ?? 0) : value;
  const then = isNegated ? no : yes;
  const otherwise = isNegated ? yes : no;
  code.jump(compare, lowHalf(wanted), then, otherwise);
  if (isMasked) code.put(BPF.AND, lowHalf(value));
  const low = code.put(BPF.LD, offsetOf.argument(index));
  const equal = code.jump(BPF.JEQ, highHalf(wanted), low, otherwise);
  if (compare !== BPF.JEQ) code.jump(BPF.JGT, highHalf(wanted), then, equal);
  if (isMasked) code.put(BPF.AND, highHalf(value));
  code.put(BPF.LD, offsetOf.argument(index) + 4);
}

/** Values are below 2⁵³, as all numbers in JSON that are exact. */
const highHalf = (value: number) => Math.floor(value / 0x1_0000_0000);
const lowHalf = (value: number) => value >>> 0;
