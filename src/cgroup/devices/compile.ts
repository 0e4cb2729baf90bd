import { MinidockError } from '../../errors.ts';
import type { DeviceRule } from '../../oci/runtime-spec.ts';
import { assemble, BPF_MAXINSNS, EBPF, type Instruction } from './ebpf.ts';

/** linux/bpf.h: the kinds of device and of access in a `struct bpf_cgroup_dev_ctx`. */
export const BPF_DEVCG = { DEV_BLOCK: 1, DEV_CHAR: 2, ACC_MKNOD: 1, ACC_READ: 2, ACC_WRITE: 4 } as const;

/** Its fields, 32 bits each. `accessType` holds the kind in its lower half and the access in its upper. */
export const offsetOf = { accessType: 0, major: 4, minor: 8 } as const;

const kinds = { b: BPF_DEVCG.DEV_BLOCK, c: BPF_DEVCG.DEV_CHAR } as const;
const accesses: Record<string, number> = {
  m: BPF_DEVCG.ACC_MKNOD,
  r: BPF_DEVCG.ACC_READ,
  w: BPF_DEVCG.ACC_WRITE,
};
const everyAccess = BPF_DEVCG.ACC_MKNOD | BPF_DEVCG.ACC_READ | BPF_DEVCG.ACC_WRITE;

/** r0 is the verdict and r1 the context, as in every program. */
const verdict = 0;
const context = 1;
const kind = 2;
/** The accesses that are asked for and not yet decided; there is always one. */
const pending = 3;
const number = 4;

/**
 * The rules as a program of type BPF_PROG_TYPE_CGROUP_DEVICE, an array of struct bpf_insn; undefined where they refuse
 * nothing.
 *
 * An access is decided by the last rule that is about the device and the access, as if the rules were carried out one after
 * the other. To open for reading and writing is two accesses and needs both. What no rule is about is refused, since the
 * list says what is allowed (runtime spec, config-linux.md, "Allowed Device list"). So the program goes from the last rule to
 * the first, until nothing is undecided.
 *
 * @throws MinidockError `bad-device-rule` for a rule that names no device or access, and for more than a program can hold
 */
export function compileDeviceRules(rules: readonly DeviceRule[]): Uint8Array | undefined {
  const lastForAll = rules.findLastIndex(isForAll);
  // No rule before it is ever asked, and the kernel takes no program with instructions that are never reached.
  const asked = rules.slice(Math.max(lastForAll, 0));
  if (lastForAll >= 0 && asked.every(rule => rule.allow)) return undefined;
  const code: Instruction[] = [
    { code: EBPF.LDX_W, dst: kind, src: context, offset: offsetOf.accessType },
    { code: EBPF.MOV_X, dst: pending, src: kind },
    { code: EBPF.AND_K, dst: kind, imm: 0xffff },
    { code: EBPF.RSH_K, dst: pending, imm: 16 },
    ...asked.toReversed().flatMap(ruleCode),
    ...(lastForAll >= 0 ? [] : answer(false)),
  ];
  if (code.length > BPF_MAXINSNS)
    throw new MinidockError(
      'bad-device-rule',
      `${rules.length} device rules need ${code.length} BPF instructions, and a program has at most ${BPF_MAXINSNS}`,
      { fix: 'join rules: one without a minor number is about all devices of a driver' },
    );
  return assemble(code);
}

function isForAll(rule: DeviceRule): boolean {
  return (
    kindOf(rule) === undefined && rule.major === undefined && rule.minor === undefined && bits(rule) === everyAccess
  );
}

/** Answers, or goes on behind its end where the rule leaves something undecided. */
function ruleCode(rule: DeviceRule): Instruction[] {
  const { minor, major } = rule;
  let code = decision(rule.allow, bits(rule));
  // A number is loaded anew for each rule: what the verifier learns of a register from a comparison it would else carry
  // through all rules behind, and look at each of them once for every number.
  if (minor !== undefined) code = [load(offsetOf.minor), ...ifEqual(number, deviceNumber(rule, minor), code)];
  if (major !== undefined) code = [load(offsetOf.major), ...ifEqual(number, deviceNumber(rule, major), code)];
  const wanted = kindOf(rule);
  return wanted === undefined ? code : ifEqual(kind, wanted, code);
}

function decision(allow: boolean, access: number): Instruction[] {
  const end = answer(allow);
  if (access === everyAccess) return end;
  if (!allow)
    return [{ code: EBPF.JSET_K, dst: pending, imm: access, offset: 1 }, { code: EBPF.JA, offset: end.length }, ...end];
  return [{ code: EBPF.AND_K, dst: pending, imm: ~access }, ...ifEqual(pending, 0, end)];
}

function answer(allow: boolean): Instruction[] {
  return [{ code: EBPF.MOV_K, dst: verdict, imm: allow ? 1 : 0 }, { code: EBPF.EXIT }];
}

function ifEqual(dst: number, imm: number, then: Instruction[]): Instruction[] {
  return [{ code: EBPF.JNE_K, dst, imm, offset: then.length }, ...then];
}

function load(offset: number): Instruction {
  return { code: EBPF.LDX_W, dst: number, src: context, offset };
}

function kindOf(rule: DeviceRule): number | undefined {
  const { type } = rule;
  if (type === undefined || type === 'a') return undefined;
  if (kinds[type] === undefined) throw badRule(rule, 'its type is none of "a", "b" and "c"');
  return kinds[type];
}

function bits(rule: DeviceRule): number {
  const letters = [...rule.access];
  if (letters.length === 0 || letters.some(letter => accesses[letter] === undefined))
    throw badRule(rule, 'its access is not made of "r", "w" and "m"');
  return letters.reduce((sum, letter) => sum | accesses[letter]!, 0);
}

/** The comparison takes 31 bits and a sign; Linux has majors of 12 bits and minors of 20. */
function deviceNumber(rule: DeviceRule, value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 0x7fff_ffff)
    throw badRule(rule, `${value} is no number of a device`);
  return value;
}

function badRule(rule: DeviceRule, reason: string): MinidockError {
  return new MinidockError('bad-device-rule', `the device rule ${JSON.stringify(rule)} cannot be kept: ${reason}`);
}
