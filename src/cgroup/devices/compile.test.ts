import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DeviceRule } from '../../oci/runtime-spec.ts';
import { defaultDeviceRules } from '../limits.ts';
import { compileDeviceRules } from './compile.ts';
import { BPF_MAXINSNS, INSTRUCTION } from './ebpf.ts';
import { type DeviceAccess, runDeviceProgram } from './interpreter.ts';

const nothing: DeviceRule = { allow: false, access: 'rwm' };
const everything: DeviceRule = { allow: true, access: 'rwm' };

/** What `rules` answer to each access, written `c 1:3 rw`. */
function verdicts(rules: readonly DeviceRule[], ...asked: string[]): Record<string, boolean> {
  const code = compileDeviceRules(rules);
  return Object.fromEntries(asked.map(text => [text, code === undefined || runDeviceProgram(code, parse(text))]));
}

function parse(text: string): DeviceAccess {
  const [, kind, major, minor, access] = /^([bc]) (\d+):(\d+) ([rwm]+)$/.exec(text)!;
  return { kind: kind as 'b' | 'c', major: Number(major), minor: Number(minor), access: access! };
}

test('the default rules: what programs expect may be used, any node be made, nothing else opened', () => {
  assert.equal(
    verdicts(
      defaultDeviceRules,
      ...['c 1:3 rw', 'c 1:3 m', 'c 5:2 rw', 'c 136:0 rw', 'c 136:77 w', 'b 8:0 m', 'c 10:200 m'],
      ...['b 8:0 r', 'b 8:0 rw', 'c 1:1 r', 'c 1:11 r', 'c 5:3 r', 'b 1:3 r', 'c 10:200 rw', 'c 2:3 w'],
    ),
    {
      ...{ 'c 1:3 rw': true, 'c 1:3 m': true, 'c 5:2 rw': true, 'c 136:0 rw': true, 'c 136:77 w': true },
      ...{ 'b 8:0 m': true, 'c 10:200 m': true, 'b 8:0 r': false, 'b 8:0 rw': false, 'c 1:1 r': false },
      ...{ 'c 1:11 r': false, 'c 5:3 r': false, 'b 1:3 r': false, 'c 10:200 rw': false, 'c 2:3 w': false },
    },
  );
});

test('the last rule about a device and an access decides', () => {
  const reopened: DeviceRule[] = [nothing, everything, { allow: false, type: 'b', major: 8, access: 'w' }];
  assert.equal(verdicts(reopened, 'b 8:1 r', 'b 8:1 w', 'b 8:1 rw', 'b 9:1 rw', 'c 8:1 rw'), {
    ...{ 'b 8:1 r': true, 'b 8:1 w': false, 'b 8:1 rw': false, 'b 9:1 rw': true, 'c 8:1 rw': true },
  });
  const back: DeviceRule[] = [...reopened, { allow: true, type: 'b', major: 8, minor: 1, access: 'w' }];
  assert.equal(verdicts(back, 'b 8:1 rw', 'b 8:2 rw'), { 'b 8:1 rw': true, 'b 8:2 rw': false });
  assert.equal(verdicts([...back, nothing], 'b 8:1 r', 'c 1:3 r'), { 'b 8:1 r': false, 'c 1:3 r': false });
});

test('two accesses may come from two rules, and each needs one', () => {
  const apart: DeviceRule[] = [
    nothing,
    { allow: true, type: 'c', major: 10, minor: 229, access: 'r' },
    { allow: true, type: 'c', minor: 229, access: 'w' },
  ];
  assert.equal(verdicts(apart, 'c 10:229 rw', 'c 10:229 r', 'c 11:229 w', 'c 11:229 rw', 'c 10:229 rwm'), {
    ...{ 'c 10:229 rw': true, 'c 10:229 r': true, 'c 11:229 w': true, 'c 11:229 rw': false, 'c 10:229 rwm': false },
  });
});

test('what no rule is about is refused; rules that refuse nothing need no program', () => {
  assert.equal(verdicts([{ allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }], 'c 1:3 rw', 'c 1:3 m'), {
    ...{ 'c 1:3 rw': true, 'c 1:3 m': false },
  });
  assert.is(compileDeviceRules([everything]), undefined);
  assert.is(compileDeviceRules([nothing, everything, { allow: true, type: 'c', access: 'm' }]), undefined);
  assert.is.not(compileDeviceRules([everything, nothing]), undefined);
});

test('every access of every device is answered as one rule after the other says, over 300 lists of random rules', () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 0x1_0000_0000) * below);
  };
  const pick = <T>(...values: T[]): T => values[random(values.length)]!;
  const sets = ['r', 'w', 'm', 'rw', 'rm', 'wm', 'rwm'];
  for (let round = 0; round < 300; round++) {
    const rules = Array.from({ length: random(12) + 1 }, () => ({
      allow: pick(true, false),
      type: pick<DeviceRule['type']>('b', 'c', 'a', undefined),
      major: pick(1, 8, undefined),
      minor: pick(0, 3, undefined),
      access: pick(...sets),
    }));
    const code = compileDeviceRules(rules);
    for (const kind of ['b', 'c'] as const)
      for (const major of [1, 8, 9])
        for (const minor of [0, 3, 4])
          for (const access of sets) {
            const asked = { kind, major, minor, access };
            const found = code === undefined || runDeviceProgram(code, asked);
            assert.is(found, oneAfterTheOther(rules, asked), JSON.stringify({ rules, asked }));
          }
  }
});

/** The meaning, without a program. */
function oneAfterTheOther(rules: readonly DeviceRule[], { kind, major, minor, access }: DeviceAccess): boolean {
  const allowed = new Set<string>();
  for (const rule of rules) {
    if (rule.type !== undefined && rule.type !== 'a' && rule.type !== kind) continue;
    if ((rule.major ?? major) !== major || (rule.minor ?? minor) !== minor) continue;
    for (const letter of rule.access) rule.allow ? allowed.add(letter) : allowed.delete(letter);
  }
  return [...access].every(letter => allowed.has(letter));
}

test('a rule that cannot be kept is refused by its name', () => {
  const refused = (rule: DeviceRule, reason: RegExp) =>
    assert.throws(() => compileDeviceRules([nothing, rule]), reason);
  refused({ allow: true, type: 'c', major: -1, access: 'r' }, /"major":-1.* -1 is no number of a device/);
  refused({ allow: true, type: 'c', major: 1, minor: 2 ** 31, access: 'r' }, /2147483648 is no number/);
  refused({ allow: true, type: 'x' as 'c', access: 'r' }, /its type is none/);
  refused({ allow: true, type: 'c', access: 'x' }, /its access is not made of/);
  refused({ allow: true, type: 'c', access: '' }, /its access is not made of/);
});

test('more rules than a program can hold are refused, as many as it can are kept', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, i): DeviceRule => ({ allow: true, type: 'b', major: 8, minor: i, access: 'rw' }));
  const code = compileDeviceRules([nothing, ...many(400)])!;
  assert.ok(code.length / INSTRUCTION <= BPF_MAXINSNS);
  assert.is(runDeviceProgram(code, { kind: 'b', major: 8, minor: 0, access: 'rw' }), true);
  assert.throws(() => compileDeviceRules([nothing, ...many(1000)]), /a program has at most 4096/);
});

test.run();
