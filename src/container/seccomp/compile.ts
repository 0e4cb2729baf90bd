import { MinidockError } from '../../errors.ts';
import type { Seccomp, SeccompAction, SeccompRule } from '../../oci/runtime-spec.ts';
import { type Architecture, type SyscallName, syscallNumbers } from '../../syscalls/uapi/numbers.ts';
import { BackwardAssembler, BPF, BPF_MAXINSNS, offsetOf, putCondition } from './bpf.ts';
import { i386Number } from './i386.ts';

/** linux/audit.h: the machine, and whether it counts in 64 bits and little-endian. */
export const AUDIT_ARCH = { x64: 0xc000003e, i386: 0x40000003, arm64: 0xc00000b7 } as const;

/** linux/seccomp.h. */
export const SECCOMP_RET = {
  KILL_PROCESS: 0x80000000,
  KILL_THREAD: 0,
  TRAP: 0x00030000,
  ERRNO: 0x00050000,
  TRACE: 0x7ff00000,
  LOG: 0x7ffc0000,
  ALLOW: 0x7fff0000,
} as const;

const EPERM = 1;
const ENOSYS = 38;
/** Set in the numbers of x32, a third ABI that shares x86_64's AUDIT_ARCH. */
const x32Bit = 0x40000000;

/**
 * The profile as an array of struct sock_filter. Of several rules for one system call those with arguments are tried
 * first, in their order, then the first rule without arguments. Names that an architecture does not have are ignored,
 * as libseccomp does.
 *
 * What the filter says beyond the profile: calls newer than all that the profile names answer ENOSYS, so that libc falls
 * back to older ones (runc does so too), unless the default is to allow; so do all calls of x32, which no distribution's
 * kernel has switched on; a foreign architecture ends the process. Throws `MinidockError` for a profile that it cannot keep to.
 */
export function compileSeccomp(profile: Seccomp, arch: Architecture): Uint8Array {
  const code = new BackwardAssembler();
  try {
    putFilter(code, profile, arch);
    return code.bytes();
  } catch (error) {
    if (error instanceof MinidockError) throw error;
    const reason =
      error instanceof RangeError ? `needs more than ${BPF_MAXINSNS} instructions` : (error as Error).message;
    throw new MinidockError('seccomp', `the seccomp profile cannot be compiled: ${reason}`, {
      cause: error,
    });
  }
}

function putFilter(code: BackwardAssembler, profile: Seccomp, arch: Architecture): void {
  const kill = code.put(BPF.RET, SECCOMP_RET.KILL_PROCESS);
  let foreign = kill;
  if (arch === 'x64' && profile.architectures.includes('SCMP_ARCH_X86')) {
    putTable(code, decide(profile, i386Number));
    foreign = code.jump(BPF.JEQ, AUDIT_ARCH.i386, code.put(BPF.LD, offsetOf.nr), kill);
  }
  const column = arch === 'x64' ? 0 : 1;
  let native = putTable(
    code,
    decide(profile, name => syscallNumbers[name as SyscallName]?.[column]),
  );
  if (arch === 'x64') {
    const enosys = code.put(BPF.RET, SECCOMP_RET.ERRNO | ENOSYS);
    native = code.jump(BPF.JGE, x32Bit, enosys, native);
  }
  code.jump(BPF.JEQ, AUDIT_ARCH[arch], code.put(BPF.LD, offsetOf.nr), foreign);
  code.put(BPF.LD, offsetOf.arch);
}

/** What happens to a system call: the first of `rules` whose arguments match decides, else `verdict`. */
interface Decision {
  verdict: number;
  rules?: SeccompRule[];
}

/** The system calls from number `first` up to the next range are treated alike. */
interface Range extends Decision {
  first: number;
}

function decide(profile: Seccomp, numberOf: (name: string) => number | null | undefined): Range[] {
  // By the number of a call, with holes.
  const plain: number[] = [];
  const conditional: SeccompRule[][] = [];
  for (const rule of profile.syscalls) {
    const verdict = verdictOf(rule.action, rule.errnoRet);
    // By index: these are hundreds of names, and `for … of` makes an object of each.
    for (let i = 0; i < rule.names.length; i++) {
      const number = numberOf(rule.names[i]!);
      if (number === undefined || number === null) continue;
      if (!rule.args?.length) {
        plain[number] ??= verdict;
      } else {
        conditional[number] ??= [];
        conditional[number].push(rule);
      }
    }
  }
  const otherwise = verdictOf(profile.defaultAction, profile.defaultErrnoRet);
  const ranges: Range[] = [];
  let previous: Range | undefined;
  const end = Math.max(plain.length, conditional.length);
  for (let number = 0; number < end; number++) {
    const rules = conditional[number];
    const verdict = plain[number] ?? otherwise;
    if (rules === undefined && previous?.rules === undefined && previous?.verdict === verdict) continue;
    previous = { first: number, verdict, rules };
    ranges.push(previous);
  }
  const permissive = otherwise === SECCOMP_RET.ALLOW || otherwise === SECCOMP_RET.LOG;
  ranges.push({ first: end, verdict: permissive ? otherwise : SECCOMP_RET.ERRNO | ENOSYS });
  return ranges;
}

/** A binary search for the number, which is in the accumulator; its index. */
function putTable(code: BackwardAssembler, ranges: readonly Range[], from = 0, to = ranges.length): number {
  if (to - from === 1) return putDecision(code, ranges[from]!);
  const middle = (from + to) >> 1;
  const above = putTable(code, ranges, middle, to);
  const below = putTable(code, ranges, from, middle);
  return code.jump(BPF.JGE, ranges[middle]!.first, above, below);
}

function putDecision(code: BackwardAssembler, { verdict, rules }: Decision): number {
  code.put(BPF.RET, verdict);
  if (rules === undefined) return code.here;
  for (const { action, errnoRet, args = [] } of rules.toReversed()) {
    const otherwise = code.here;
    let fits = code.put(BPF.RET, verdictOf(action, errnoRet));
    for (const condition of args.toReversed()) {
      putCondition(code, condition, fits, otherwise);
      fits = code.here;
    }
  }
  return code.here;
}

function verdictOf(action: SeccompAction, data = EPERM): number {
  switch (action) {
    case 'SCMP_ACT_ALLOW':
      return SECCOMP_RET.ALLOW;
    case 'SCMP_ACT_ERRNO':
      return SECCOMP_RET.ERRNO | (data & 0xffff);
    case 'SCMP_ACT_TRACE':
      return SECCOMP_RET.TRACE | (data & 0xffff);
    case 'SCMP_ACT_LOG':
      return SECCOMP_RET.LOG;
    case 'SCMP_ACT_TRAP':
      return SECCOMP_RET.TRAP;
    case 'SCMP_ACT_KILL_PROCESS':
      return SECCOMP_RET.KILL_PROCESS;
    case 'SCMP_ACT_KILL':
    case 'SCMP_ACT_KILL_THREAD':
      return SECCOMP_RET.KILL_THREAD;
    default:
      throw new TypeError(`unknown action ${JSON.stringify(action)}`);
  }
}
