import { BPF, BPF_MAXINSNS } from './bpf.ts';

/** What the kernel hands to a filter, without the instruction pointer. */
export interface SeccompData {
  nr: number;
  arch: number;
  args?: readonly bigint[];
}

/**
 * Runs a filter as the kernel does, after its checks: every jump stays inside and every path ends in a return. For tests, and
 * for lessons that show which rule decided; `onInstruction` sees each index that is executed.
 */
export function runFilter(code: Uint8Array, data: SeccompData, onInstruction?: (index: number) => void): number {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const length = code.byteLength / 8;
  if (!Number.isInteger(length) || length > BPF_MAXINSNS) throw new Error(`a filter of ${length} instructions`);
  const input = new DataView(new ArrayBuffer(64));
  input.setInt32(0, data.nr, true);
  input.setUint32(4, data.arch, true);
  for (const [i, value] of data.args?.entries() ?? []) input.setBigUint64(16 + 8 * i, BigInt.asUintN(64, value), true);

  let accumulator = 0;
  for (let at = 0; at < length; at++) {
    onInstruction?.(at);
    const k = view.getUint32(8 * at + 4, true);
    const jumpIf = (holds: boolean) => view.getUint8(8 * at + (holds ? 2 : 3));
    const opcode = view.getUint16(8 * at, true);
    if (opcode === BPF.RET) return k;
    if (opcode === BPF.LD) accumulator = input.getUint32(k, true);
    else if (opcode === BPF.AND) accumulator = (accumulator & k) >>> 0;
    else if (opcode === BPF.JA) at += k;
    else if (opcode === BPF.JEQ) at += jumpIf(accumulator === k);
    else if (opcode === BPF.JGT) at += jumpIf(accumulator > k);
    else if (opcode === BPF.JGE) at += jumpIf(accumulator >= k);
    else if (opcode === BPF.JSET) at += jumpIf((accumulator & k) !== 0);
    else throw new Error(`unknown opcode ${opcode} at ${at}`);
  }
  throw new Error('the filter ends without a verdict');
}
