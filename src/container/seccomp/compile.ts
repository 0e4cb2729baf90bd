import { MinidockError } from '../../errors.ts';
import type { Seccomp, SeccompAction, SeccompRule } from '../../oci/runtime-spec.ts';
import { type Architecture, syscallNames } from '../../syscalls/uapi/numbers.ts';
import { BackwardAssembler, BPF, BPF_MAXINSNS, offsetOf, putCondition } from './bpf.ts';
import { i386Names } from './i386.ts';

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
  const decisions = decide(profile);
  const kill = code.put(BPF.RET, SECCOMP_RET.KILL_PROCESS);
  let foreign = kill;
  if (arch === 'x64' && profile.architectures.includes('SCMP_ARCH_X86')) {
    putCalls(code, i386Names(), decisions, profile);
    foreign = code.jump(BPF.JEQ, AUDIT_ARCH.i386, code.put(BPF.LD, offsetOf.nr), kill);
  }
  let native = putCalls(code, syscallNames(arch), decisions, profile);
  if (arch === 'x64') {
    const enosys = code.put(BPF.RET, SECCOMP_RET.ERRNO | ENOSYS);
    native = code.jump(BPF.JGE, x32Bit, enosys, native);
  }
  code.jump(BPF.JEQ, AUDIT_ARCH[arch], code.put(BPF.LD, offsetOf.nr), foreign);
  code.put(BPF.LD, offsetOf.arch);
}

/** What happens to a system call: the first of `rules` whose arguments match decides, else `verdict`, else the profile's default. */
interface Decision {
  verdict: number | undefined;
  rules: SeccompRule[] | undefined;
}

/** By the names of the calls, for all architectures: names are looked up once for each number, and there are fewer of those. */
function decide(profile: Seccomp): Map<string, Decision> {
  const decisions = new Map<string, Decision>();
  for (const rule of profile.syscalls) {
    const { names, action, errnoRet, args } = rule;
    const verdict = verdictOf(action, errnoRet);
    const plain: Decision = { verdict, rules: undefined };
    // By index: these are hundreds of names, and `for … of` makes an object of each.
    for (let i = 0; i < names.length; i++) {
      const known = decisions.get(names[i]!);
      if (args === undefined || args.length === 0) {
        if (known === undefined) decisions.set(names[i]!, plain);
        else known.verdict ??= verdict;
      } else if (known?.rules === undefined) decisions.set(names[i]!, { verdict: known?.verdict, rules: [rule] });
      else known.rules.push(rule);
    }
  }
  return decisions;
}

/** The calls of one architecture, whose names are in the order of their numbers; the index of the first instruction. */
function putCalls(
  code: BackwardAssembler,
  names: readonly (string | undefined)[],
  decisions: ReadonlyMap<string | undefined, Decision>,
  profile: Seccomp,
): number {
  const otherwise = verdictOf(profile.defaultAction, profile.defaultErrnoRet);
  let end = names.length;
  while (end > 0 && !decisions.has(names[end - 1])) end--;
  // The system calls from each of these numbers up to the next are treated alike.
  const firsts: number[] = [];
  const alike: Decision[] = [];
  let previous: Decision | undefined;
  const nothing: Decision = { verdict: otherwise, rules: undefined };
  for (let number = 0; number < end; number++) {
    const decision = decisions.get(names[number]) ?? nothing;
    if (decision === previous) continue;
    if (previous !== undefined && !decision.rules && !previous.rules && decision.verdict === previous.verdict) continue;
    previous = decision;
    firsts.push(number);
    alike.push(decision);
  }
  const permissive = otherwise === SECCOMP_RET.ALLOW || otherwise === SECCOMP_RET.LOG;
  firsts.push(end);
  alike.push(permissive ? nothing : { verdict: SECCOMP_RET.ERRNO | ENOSYS, rules: undefined });
  return putTable(code, firsts, alike, otherwise, 0, firsts.length);
}

/** A binary search for the number, which is in the accumulator; its index. */
function putTable(
  code: BackwardAssembler,
  firsts: readonly number[],
  alike: readonly Decision[],
  otherwise: number,
  from: number,
  to: number,
): number {
  if (to - from === 1) {
    const { verdict = otherwise, rules } = alike[from]!;
    const last = code.put(BPF.RET, verdict);
    return rules === undefined ? last : putRules(code, rules, last);
  }
  const middle = (from + to) >> 1;
  const above = putTable(code, firsts, alike, otherwise, middle, to);
  const below = putTable(code, firsts, alike, otherwise, from, middle);
  return code.jump(BPF.JGE, firsts[middle]!, above, below);
}

/** The first rule whose arguments match; `otherwise` is where none does. */
function putRules(code: BackwardAssembler, rules: readonly SeccompRule[], otherwise: number): number {
  let next = otherwise;
  for (let i = rules.length - 1; i >= 0; i--) {
    const { action, errnoRet, args = [] } = rules[i]!;
    let fits = code.put(BPF.RET, verdictOf(action, errnoRet));
    for (let j = args.length - 1; j >= 0; j--) {
      putCondition(code, args[j]!, fits, next);
      fits = code.here;
    }
    next = code.here;
  }
  return next;
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
