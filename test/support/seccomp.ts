import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { defaultCapabilities } from '../../src/container/process/capabilities.ts';
import { AUDIT_ARCH, compileSeccomp, SECCOMP_RET } from '../../src/container/seccomp/compile.ts';
import { i386Names } from '../../src/container/seccomp/i386.ts';
import { runFilter } from '../../src/container/seccomp/interpreter.ts';
import { defaultSeccomp } from '../../src/container/seccomp/profile.ts';
import { hostFacts } from '../../src/host/facts.ts';
import { syscallNumbers } from '../../src/syscalls/uapi/numbers.ts';
import { temporaryFolder } from './cleanup.ts';
import { checkout, findProgram } from './requires.ts';

/*
 * The filter that the kernel holds for a container of runc's, of Docker's and of ours, asked about every system call.
 * They are read back from the kernel and run in the interpreter of src/container/seccomp: calling them all for real could
 * not tell the filter's EPERM from the kernel's own, and would end the prober.
 */
export const facts = hostFacts();
export const profile = defaultSeccomp(defaultCapabilities, facts);

/** How a verdict of ours may differ, for which calls, and why. A difference that is not in here fails the test. */
export type Explained = Record<string, Record<string, string>>;

export const olderLibseccomp: Explained = {
  'ours allows, theirs says EPERM': { uretprobe: 'libseccomp 2.5 does not know the name' },
  'ours allows, theirs says ENOSYS': {
    ...since('6.8 to 6.13', 'statmount listmount mseal setxattrat getxattrat listxattrat removexattrat'),
  },
  'ours says EPERM, theirs says ENOSYS': since('6.8', 'lsm_get_self_attr lsm_set_self_attr lsm_list_modules'),
};

let dumper: string | undefined;

/** The filter of a process, as the kernel gives it back (ptrace(2), PTRACE_SECCOMP_GET_FILTER). Needs gcc. */
export function filterOf(pid: number): Buffer {
  if (dumper === undefined) {
    dumper = join(temporaryFolder('gcc'), 'filter');
    execFileSync('gcc', ['-o', dumper, join(checkout, 'test/support/seccomp-filter.c')]);
  }
  return execFileSync(dumper, [String(pid)], { maxBuffer: 1 << 20 });
}

/** Asks both filters about every number of both ABIs, with arguments around each boundary of the rules. */
export function compare(theirs: Uint8Array, explained: Explained): void {
  const ours = compileSeccomp(profile, 'x64');
  const values = [
    0, 1, 2, 8, 11, 12, 13, 16, 38, 40, 45, 46, 0x11, 0x20000, 0x20008, 0x10000000, 0x7e020000, 0xffffffff,
  ].map(BigInt);
  const wide = values.flatMap(value => [value, value | (1n << 32n)]);
  const numbers = { x64: new Map<number, string>(), i386: new Map<number, string>() };
  for (const [name, [number]] of Object.entries(syscallNumbers)) if (number !== null) numbers.x64.set(number, name);
  for (const name of [...numbers.x64.values(), ...profile.syscalls.flatMap(rule => rule.names)])
    numbers.i386.set(i386Names().indexOf(name), name);
  const differing = new Map<string, string>();
  let asked = 0;
  for (const abi of ['x64', 'i386'] as const) {
    for (let nr = 0; nr < 600; nr++) {
      for (const value of abi === 'x64' ? wide : values) {
        const data = { nr, arch: AUDIT_ARCH[abi], args: [value] };
        const [a, b] = [runFilter(ours, data), runFilter(theirs, data)];
        asked++;
        if (a !== b) differing.set(numbers[abi].get(nr) ?? String(nr), `ours ${word(a)}, theirs ${word(b)}`);
      }
    }
  }
  assert.ok(asked > 30_000);
  const unexplained = [...differing].filter(([name, how]) => explained[how]?.[name] === undefined);
  assert.equal(unexplained, []);
  const lines = new Map<string, string[]>();
  for (const [name, how] of differing) {
    const line = `${how} (${explained[how]?.[name]})`;
    lines.set(line, [...(lines.get(line) ?? []), name]);
  }
  for (const [line, found] of lines) console.log(`    ${line}: ${found.join(' ')}`);
}

function word(verdict: number): string {
  const names: Record<number, string> = {
    [SECCOMP_RET.ALLOW]: 'allows',
    [SECCOMP_RET.ERRNO | 1]: 'says EPERM',
    [SECCOMP_RET.ERRNO | 38]: 'says ENOSYS',
  };
  return names[verdict] ?? `0x${verdict.toString(16)}`;
}

export function because(why: string, names: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map(name => [name, why]));
}

export function since(version: string, names: string): Record<string, string> {
  return because(`Linux ${version} brought it; theirs is older`, names);
}

/** Busybox, for runc and Docker. */
export function rootfs(folder: string): void {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  copyFileSync(findProgram('busybox')!, join(folder, 'bin/busybox'));
}
