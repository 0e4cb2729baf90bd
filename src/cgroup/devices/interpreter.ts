import { BPF_DEVCG, offsetOf } from './compile.ts';
import { BPF_MAXINSNS, EBPF, INSTRUCTION } from './ebpf.ts';

/** What the kernel asks of a device program. */
export interface DeviceAccess {
  kind: 'b' | 'c';
  major: number;
  minor: number;
  /** Out of `r`, `w`, `m`: open(2) asks for "r", "w" or "rw", mknod(2) for "m". */
  access: string;
}

/**
 * Runs a device program as the kernel does: whether the access is allowed. For tests. Throws for what the verifier refuses: an
 * unknown instruction, a jump backward or out of the program, a register that nothing was written to, no exit.
 */
export function runDeviceProgram(code: Uint8Array, { kind, major, minor, access }: DeviceAccess): boolean {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const length = code.byteLength / INSTRUCTION;
  if (!Number.isInteger(length) || length > BPF_MAXINSNS) throw new Error(`a program of ${length} instructions`);
  const asked =
    (access.includes('m') ? BPF_DEVCG.ACC_MKNOD : 0) |
    (access.includes('r') ? BPF_DEVCG.ACC_READ : 0) |
    (access.includes('w') ? BPF_DEVCG.ACC_WRITE : 0);
  const type = kind === 'b' ? BPF_DEVCG.DEV_BLOCK : BPF_DEVCG.DEV_CHAR;
  const fields = new Map<number, number>([
    [offsetOf.accessType, (asked << 16) | type],
    [offsetOf.major, major],
    [offsetOf.minor, minor],
  ]);

  const registers: (bigint | undefined)[] = new Array(11);
  const read = (register: number) => {
    const value = registers[register];
    if (value === undefined) throw new Error(`r${register} is read before it is written`);
    return value;
  };
  for (let at = 0; at < length; at++) {
    const opcode = view.getUint8(INSTRUCTION * at);
    const dst = view.getUint8(INSTRUCTION * at + 1) & 0xf;
    const src = view.getUint8(INSTRUCTION * at + 1) >> 4;
    const offset = view.getInt16(INSTRUCTION * at + 2, true);
    const imm = BigInt.asUintN(64, BigInt(view.getInt32(INSTRUCTION * at + 4, true)));
    const jumpIf = (holds: boolean) => {
      if (offset < 0) throw new Error(`a jump backward at ${at}`);
      if (holds) at += offset;
    };
    if (opcode === EBPF.EXIT) return read(0) === 1n;
    if (opcode === EBPF.LDX_W) {
      if (src !== 1 || !fields.has(offset)) throw new Error(`a load from outside of the context at ${at}`);
      registers[dst] = BigInt(fields.get(offset)!);
    } else if (opcode === EBPF.MOV_K) registers[dst] = imm;
    else if (opcode === EBPF.MOV_X) registers[dst] = read(src);
    else if (opcode === EBPF.AND_K) registers[dst] = read(dst) & imm;
    else if (opcode === EBPF.RSH_K) registers[dst] = read(dst) >> imm;
    else if (opcode === EBPF.JA) jumpIf(true);
    else if (opcode === EBPF.JNE_K) jumpIf(read(dst) !== imm);
    else if (opcode === EBPF.JSET_K) jumpIf((read(dst) & imm) !== 0n);
    else throw new Error(`unknown opcode ${opcode} at ${at}`);
  }
  throw new Error('the program ends without a verdict');
}
