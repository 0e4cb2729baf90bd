import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../../errors.ts';
import type { Seccomp, SeccompRule } from '../../oci/runtime-spec.ts';
import { capabilityNames } from '../../syscalls/uapi/capabilities.ts';
import { type Architecture, type SyscallName, syscallNumbers } from '../../syscalls/uapi/numbers.ts';
import { defaultCapabilities } from '../process/capabilities.ts';
import { AUDIT_ARCH, compileSeccomp, SECCOMP_RET } from './compile.ts';
import { i386Names } from './i386.ts';
import { runFilter } from './interpreter.ts';
import { defaultSeccomp } from './profile.ts';

const allow = SECCOMP_RET.ALLOW;
const eperm = SECCOMP_RET.ERRNO | 1;
const enosys = SECCOMP_RET.ERRNO | 38;

const modern = { kernel: { version: [6, 1] as const } };
const profileFor = (arch: Architecture, capabilities: readonly string[] = defaultCapabilities) =>
  defaultSeccomp(capabilities, { arch, ...modern });
const i386Numbers = new Map(i386Names().map((name, number) => [name, number]));
const i386Number = (name: string) => i386Numbers.get(name);
const numberOn = (arch: Architecture, name: string) => syscallNumbers[name as SyscallName]?.[arch === 'x64' ? 0 : 1];
const ask = (code: Uint8Array, arch: Architecture, name: string, ...args: (number | bigint)[]) =>
  runFilter(code, { nr: numberOn(arch, name)!, arch: AUDIT_ARCH[arch], args: args.map(BigInt) });

/** The meaning of a profile, read off its rules without any of the compiler's code. */
function meaning(profile: Seccomp, name: string | undefined, args: readonly bigint[]): number {
  const rules = profile.syscalls.filter(rule => name !== undefined && rule.names.includes(name));
  const verdict = (action: string, errno = 1) => (action === 'SCMP_ACT_ALLOW' ? allow : SECCOMP_RET.ERRNO | errno);
  const fits = (rule: SeccompRule) =>
    rule.args!.every(({ index, op, value, valueTwo = 0 }) => {
      const [argument, v] = [args[index]!, BigInt(value)];
      if (op === 'SCMP_CMP_EQ') return argument === v;
      if (op === 'SCMP_CMP_NE') return argument !== v;
      if (op === 'SCMP_CMP_LT') return argument < v;
      if (op === 'SCMP_CMP_LE') return argument <= v;
      if (op === 'SCMP_CMP_GT') return argument > v;
      if (op === 'SCMP_CMP_GE') return argument >= v;
      return (argument & v) === BigInt(valueTwo);
    });
  const chosen = rules.find(rule => rule.args && fits(rule)) ?? rules.find(rule => !rule.args);
  return chosen ? verdict(chosen.action, chosen.errnoRet) : verdict(profile.defaultAction, profile.defaultErrnoRet);
}

/** Around every boundary of the rules, and with high halves set. */
const interesting = [
  0, 1, 8, 11, 12, 13, 16, 38, 40, 45, 46, 0x11, 0x20000, 0x20008, 0x10000000, 0x7e020000, 0xffffffff,
]
  .map(BigInt)
  .flatMap(value => [value, value | (1n << 32n), value | (0xffffffffn << 32n)]);

for (const arch of ['x64', 'arm64'] as const) {
  for (const capabilities of [[], defaultCapabilities, capabilityNames]) {
    test(`${arch}, ${capabilities.length} capabilities: every number means what the profile says`, () => {
      const profile = profileFor(arch, capabilities);
      const code = compileSeccomp(profile, arch);
      const names = new Map<number | null | undefined, string>(
        Object.keys(syscallNumbers).map(name => [numberOn(arch, name), name]),
      );
      const last = Math.max(...profile.syscalls.flatMap(rule => rule.names).map(name => numberOn(arch, name) ?? 0));
      assert.is(names.get(last), 'removexattrat');
      for (let nr = 0; nr <= last + 50; nr++) {
        for (const value of interesting) {
          const args = [value, 0n, 0n, 0n, 0n, 0n];
          const expected = nr > last ? enosys : meaning(profile, names.get(nr), args);
          const got = runFilter(code, { nr, arch: AUDIT_ARCH[arch], args });
          if (got !== expected) assert.unreachable(`${names.get(nr)} (${nr}) with ${value}: ${got} for ${expected}`);
        }
      }
    });
  }
}

test('32-bit programs on x86_64: their own numbers, the same rules', () => {
  const profile = profileFor('x64');
  const code = compileSeccomp(profile, 'x64');
  const names = new Map(profile.syscalls.flatMap(rule => rule.names).map(name => [i386Number(name), name]));
  names.delete(undefined);
  const last = i386Number('removexattrat')!;
  for (let nr = 0; nr <= last + 20; nr++) {
    for (const value of interesting.filter(one => one < 1n << 32n)) {
      const args = [value, 0n, 0n, 0n, 0n, 0n];
      const expected = nr > last ? enosys : meaning(profile, names.get(nr), args);
      assert.is(runFilter(code, { nr, arch: AUDIT_ARCH.i386, args }), expected, `${names.get(nr)} (${nr})`);
    }
  }
  // 102 is getuid on x86_64 and socketcall on i386; 165 is mount on x86_64 and getresuid on i386.
  assert.is(i386Number('socketcall'), 102);
  assert.is(runFilter(code, { nr: 165, arch: AUDIT_ARCH.i386 }), allow);
  assert.is(runFilter(code, { nr: 165, arch: AUDIT_ARCH.x64 }), eperm);
});

test('a foreign architecture ends the process; x32 has no system calls', () => {
  const code = compileSeccomp(profileFor('x64'), 'x64');
  assert.is(runFilter(code, { nr: 0, arch: AUDIT_ARCH.arm64 }), SECCOMP_RET.KILL_PROCESS);
  assert.is(runFilter(code, { nr: 0x40000000, arch: AUDIT_ARCH.x64 }), enosys);
  assert.is(runFilter(code, { nr: 0x40000000 + 520, arch: AUDIT_ARCH.x64 }), enosys);
  assert.is(runFilter(code, { nr: -1, arch: AUDIT_ARCH.x64 }), enosys);
  const only64 = compileSeccomp({ ...profileFor('x64'), architectures: ['SCMP_ARCH_X86_64'] }, 'x64');
  assert.is(runFilter(only64, { nr: 0, arch: AUDIT_ARCH.i386 }), SECCOMP_RET.KILL_PROCESS);
});

test('what makes a container dangerous is refused, its benign twin is not', () => {
  const code = compileSeccomp(profileFor('x64'), 'x64');
  for (const name of [
    'bpf',
    'keyctl',
    'add_key',
    'mount',
    'unshare',
    'setns',
    'io_uring_setup',
    'userfaultfd',
    'kexec_load',
  ])
    assert.is(ask(code, 'x64', name), eperm, name);
  assert.is(ask(code, 'x64', 'clone3'), enosys);
  assert.is(ask(code, 'x64', 'clone', 0x10000000 | 17), eperm, 'a user namespace');
  assert.is(ask(code, 'x64', 'clone', 0x3d0f00), allow, 'a thread');
  assert.is(ask(code, 'x64', 'socket', 38), eperm, 'AF_ALG');
  assert.is(ask(code, 'x64', 'socket', 38n | (1n << 40n)), eperm, 'AF_ALG, which the kernel cuts to 32 bits');
  assert.is(ask(code, 'x64', 'socket', 2), allow, 'AF_INET');
  assert.is(ask(code, 'x64', 'personality', 0x40000), eperm, 'ADDR_NO_RANDOMIZE');
  assert.is(ask(code, 'x64', 'personality', 0xffffffff), allow);
  assert.is(ask(code, 'x64', 'ptrace'), allow);
});

test('32-bit programs have the direct socket calls, with the same families, and not the one that hides them', () => {
  const code = compileSeccomp(profileFor('x64'), 'x64');
  const ask32 = (name: string, ...args: number[]) =>
    runFilter(code, { nr: i386Number(name)!, arch: AUDIT_ARCH.i386, args: args.map(BigInt) });
  for (let call = 1; call <= 20; call++) assert.is(ask32('socketcall', call), enosys, `sub-call ${call}`);
  assert.is(ask32('socket', 2), allow, 'AF_INET');
  assert.is(ask32('socket', 40), eperm, 'AF_VSOCK');
  assert.is(ask32('socket', 38), eperm, 'AF_ALG');
  for (const name of ['socketpair', 'bind', 'connect', 'listen', 'accept4', 'sendto', 'recvmsg', 'getsockopt'])
    assert.is(ask32(name), allow, name);
});

test('capabilities open what belongs to them', () => {
  const withAdmin = compileSeccomp(profileFor('x64', [...defaultCapabilities, 'CAP_SYS_ADMIN']), 'x64');
  assert.is(ask(withAdmin, 'x64', 'mount'), allow);
  assert.is(ask(withAdmin, 'x64', 'clone3'), allow);
  assert.is(ask(withAdmin, 'x64', 'clone', 0x10000000), allow);
  const without = compileSeccomp(profileFor('x64', []), 'x64');
  assert.is(ask(without, 'x64', 'chroot'), eperm);
});

test('ptrace waits for the kernel whose filters see what it changes', () => {
  const at = (...version: [number, number]) =>
    compileSeccomp(defaultSeccomp([], { arch: 'x64', kernel: { version } }), 'x64');
  assert.is(ask(at(3, 10), 'x64', 'ptrace'), eperm);
  assert.is(ask(at(4, 7), 'x64', 'ptrace'), eperm);
  assert.is(ask(at(4, 8), 'x64', 'ptrace'), allow);
});

const one = (...syscalls: SeccompRule[]): Seccomp => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  architectures: ['SCMP_ARCH_X86_64'],
  syscalls,
});

for (const op of ['EQ', 'NE', 'LT', 'LE', 'GT', 'GE']) {
  test(`SCMP_CMP_${op} compares 64 bits`, () => {
    const values = [0, 1, 5, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5, 2 ** 33, 2 ** 53 - 1];
    for (const value of values) {
      const args = [{ index: 3, value, op: `SCMP_CMP_${op}` }];
      const profile = one({ names: ['read'], action: 'SCMP_ACT_ALLOW', args });
      const code = compileSeccomp(profile, 'x64');
      for (const argument of values.flatMap(v => [BigInt(v) - 1n, BigInt(v), BigInt(v) + 1n])) {
        const all = [7n, 7n, 7n, BigInt.asUintN(64, argument), 7n, 7n];
        const got = runFilter(code, { nr: 0, arch: AUDIT_ARCH.x64, args: all });
        assert.is(got, meaning(profile, 'read', all), `${argument} ${op} ${value}`);
      }
    }
  });
}

test('calls that a profile cannot know do not exist, unless it allows by default', () => {
  const rule = { names: ['write'], action: 'SCMP_ACT_ERRNO' as const, errnoRet: 13 };
  const asks = (profile: Seccomp) => {
    const code = compileSeccomp(profile, 'x64');
    return [0, 1, 2].map(nr => runFilter(code, { nr, arch: AUDIT_ARCH.x64 }));
  };
  assert.equal(asks(one(rule)), [eperm, SECCOMP_RET.ERRNO | 13, enosys]);
  assert.equal(asks({ ...one(rule), defaultAction: 'SCMP_ACT_ALLOW' }), [allow, SECCOMP_RET.ERRNO | 13, allow]);
  assert.equal(asks(one()), [enosys, enosys, enosys]);
});

test('the first rule that fits decides, and without arguments the first of all', () => {
  const overlapping = compileSeccomp(
    one(
      { names: ['read'], action: 'SCMP_ACT_ERRNO', errnoRet: 7, args: [{ index: 0, value: 5, op: 'SCMP_CMP_EQ' }] },
      { names: ['read'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 9, op: 'SCMP_CMP_LT' }] },
      { names: ['read', 'write'], action: 'SCMP_ACT_LOG' },
      { names: ['read', 'write'], action: 'SCMP_ACT_KILL' },
    ),
    'x64',
  );
  assert.is(ask(overlapping, 'x64', 'read', 5), SECCOMP_RET.ERRNO | 7);
  assert.is(ask(overlapping, 'x64', 'read', 6), allow);
  assert.is(ask(overlapping, 'x64', 'read', 9), SECCOMP_RET.LOG);
  assert.is(ask(overlapping, 'x64', 'write', 0), SECCOMP_RET.LOG);
});

test('the families that no socket may have', () => {
  const code = compileSeccomp(profileFor('x64'), 'x64');
  const refused = Array.from({ length: 60 }, (_, family) => family).filter(
    family => ask(code, 'x64', 'socket', family) !== allow,
  );
  assert.equal(
    refused.filter(family => family < 46),
    [12, 19, 20, 23, 25, 34, 37, 38, 40],
  );
  assert.is(refused.length, 9 + 60 - 46);
});

test('several conditions must all hold, several rules are alternatives', () => {
  const both = [
    { index: 0, value: 1, op: 'SCMP_CMP_EQ' },
    { index: 1, value: 0xf0, valueTwo: 0x50, op: 'SCMP_CMP_MASKED_EQ' },
  ];
  const other = [{ index: 2, value: 9, op: 'SCMP_CMP_GT' }];
  const code = compileSeccomp(
    one(
      { names: ['read'], action: 'SCMP_ACT_ALLOW', args: both },
      { names: ['read'], action: 'SCMP_ACT_ERRNO', errnoRet: 95, args: other },
      { names: ['read'], action: 'SCMP_ACT_LOG' },
    ),
    'x64',
  );
  assert.is(ask(code, 'x64', 'read', 1, 0x5f, 0), allow);
  assert.is(ask(code, 'x64', 'read', 1, 0x6f, 0), SECCOMP_RET.LOG);
  assert.is(ask(code, 'x64', 'read', 2, 0x5f, 10), SECCOMP_RET.ERRNO | 95);
  assert.is(ask(code, 'x64', 'read', 2, 0x5f, 9), SECCOMP_RET.LOG);
});

test('jumps longer than 255 instructions', () => {
  const many = Array.from({ length: 200 }, (_, value) => ({
    names: ['read', 'write'],
    action: 'SCMP_ACT_ALLOW' as const,
    args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
  }));
  const code = compileSeccomp(one(...many), 'x64');
  assert.ok(code.length / 8 > 1500);
  for (const name of ['read', 'write']) {
    assert.is(ask(code, 'x64', name, 0), allow);
    assert.is(ask(code, 'x64', name, 199), allow);
    assert.is(ask(code, 'x64', name, 200), eperm);
  }
  assert.is(ask(code, 'x64', 'open'), enosys);
});

test('a profile that cannot be kept to is refused', () => {
  const refused = (profile: Seccomp, reason: RegExp) =>
    assert.throws(
      () => compileSeccomp(profile, 'x64'),
      (error: unknown) => error instanceof MinidockError && reason.test(error.message),
    );
  const args = (value: number, op = 'SCMP_CMP_EQ') => [{ index: 0, value, op }];
  refused(one({ names: ['read'], action: 'SCMP_ACT_ALLOW', args: args(1, 'SCMP_CMP_LIKE') }), /"SCMP_CMP_LIKE"/);
  refused(one({ names: ['read'], action: 'SCMP_ACT_NOTIFY' as 'SCMP_ACT_LOG' }), /"SCMP_ACT_NOTIFY"/);
  const long = Array.from({ length: 1000 }, (_, value) => ({
    names: ['read'],
    action: 'SCMP_ACT_ALLOW' as const,
    args: args(value),
  }));
  refused(one(...long), /more than 4096 instructions/);
});

test('few instructions are run for the calls that are made most', () => {
  const code = compileSeccomp(profileFor('x64'), 'x64');
  for (const name of ['read', 'write', 'futex', 'epoll_wait', 'openat']) {
    let count = 0;
    runFilter(code, { nr: numberOn('x64', name)!, arch: AUDIT_ARCH.x64 }, () => count++);
    assert.ok(count <= 13, `${name}: ${count}`);
  }
});

test.run();
