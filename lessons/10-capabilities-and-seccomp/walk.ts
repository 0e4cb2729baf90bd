import { BPF, offsetOf } from '../../src/container/seccomp/bpf.ts';
import { AUDIT_ARCH, compileSeccomp, SECCOMP_RET } from '../../src/container/seccomp/compile.ts';
import { runFilter } from '../../src/container/seccomp/interpreter.ts';
import type { Seccomp } from '../../src/oci/runtime-spec.ts';
import { errnoName } from '../../src/syscalls/uapi/errno.ts';
import { type Architecture, type SyscallName, syscallNumbers } from '../../src/syscalls/uapi/numbers.ts';

/** The instructions of a filter that one system call passes through, one line each, up to the verdict. */
export function walk(profile: Seccomp, name: SyscallName, arch: Architecture): string[] {
  const code = compileSeccomp(profile, arch);
  const nr = syscallNumbers[name][arch === 'x64' ? 0 : 1] ?? -1;
  const way: number[] = [];
  runFilter(code, { nr, arch: AUDIT_ARCH[arch] }, at => way.push(at));
  return way.map((at, i) => `${String(at).padStart(4)}  ${instruction(code, at, way[i + 1])}`);
}

const loads: Record<number, string> = { [offsetOf.nr]: 'nr', [offsetOf.arch]: 'arch' };
const comparisons: Record<number, string> = { [BPF.JEQ]: '==', [BPF.JGT]: '>', [BPF.JGE]: '>=' };

/** One struct sock_filter in words; `next` is the instruction that came after it. */
function instruction(code: Uint8Array, at: number, next: number | undefined): string {
  const view = new DataView(code.buffer, code.byteOffset + 8 * at, 8);
  const [opcode, k] = [view.getUint16(0, true), view.getUint32(4, true)];
  if (opcode === BPF.LD) return `A = ${loads[k] ?? `args[${(k - 16) >> 3}]`}`;
  if (opcode === BPF.RET) return `return ${verdict(k)}`;
  if (opcode === BPF.JA) return 'go on further down';
  const comparison = comparisons[opcode];
  if (comparison === undefined) return `A &= 0x${k.toString(16)}`;
  const yes = next === at + 1 + view.getUint8(2);
  return `A ${comparison} ${k > 0xffff ? `0x${k.toString(16)}` : k} ?  ${yes ? 'yes' : 'no'}`;
}

/** What the kernel does with the call: `ALLOW`, `ERRNO(EPERM)`. */
export function verdict(value: number): string {
  const action = (value & 0xffff0000) >>> 0;
  if (action === SECCOMP_RET.ERRNO) return `ERRNO(${errnoName(value & 0xffff)})`;
  return Object.entries(SECCOMP_RET).find(([, one]) => one === action)?.[0] ?? `0x${value.toString(16)}`;
}
