/**
 * Extended BPF, as far as a device program needs it: eleven 64-bit registers, loads from the context, arithmetic, forward jumps
 * and an exit with r0 as the verdict. See Documentation/bpf/standardization/instruction-set.rst in the kernel's source.
 */
export const EBPF = {
  /** dst = *(u32 *)(src + offset). */
  LDX_W: 0x61,
  MOV_K: 0xb7,
  MOV_X: 0xbf,
  AND_K: 0x57,
  RSH_K: 0x77,
  /** Skips `offset` instructions; so do the comparisons of dst with a constant below, where they hold. */
  JA: 0x05,
  /** Whether dst and the constant have a bit in common. */
  JSET_K: 0x45,
  JNE_K: 0x55,
  EXIT: 0x95,
} as const;

/** The kernel's limit on a program of an unprivileged loader, and of everyone before Linux 5.2, in instructions. */
export const BPF_MAXINSNS = 4096;

/** Bytes of one instruction, struct bpf_insn: u8 code; u8 dst:4, src:4; s16 offset; s32 imm. */
export const INSTRUCTION = 8;

export interface Instruction {
  code: number;
  dst?: number;
  src?: number;
  offset?: number;
  imm?: number;
}

/** The array of struct bpf_insn, little-endian as both architectures of minidock are. */
export function assemble(instructions: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(INSTRUCTION * instructions.length));
  for (const [i, { code, dst = 0, src = 0, offset = 0, imm = 0 }] of instructions.entries()) {
    const at = INSTRUCTION * i;
    view.setUint8(at, code);
    view.setUint8(at + 1, dst | (src << 4));
    view.setInt16(at + 2, offset, true);
    view.setInt32(at + 4, imm, true);
  }
  return new Uint8Array(view.buffer);
}
