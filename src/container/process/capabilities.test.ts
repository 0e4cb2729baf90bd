import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boundingSet } from '../../host/facts.ts';
import type { Syscall } from '../../syscalls/step.ts';
import { capabilityNames, capabilityNumbers, fromMask, toMask } from '../../syscalls/uapi/capabilities.ts';
import { capabilities, capabilitySets, defaultCapabilities } from './capabilities.ts';

/** As dockerd 20.10 shows it in /proc/PID/status. */
const dockersMask = 0xa80425fbn;
const root = { uid: 0, gid: 0, additionalGids: [0, 10] };
const bob = { uid: 1001, gid: 1001, additionalGids: [] };
const every = { capabilities: new Set<string>(capabilityNames) };

function compile(
  user: typeof root,
  allowed: readonly string[],
  host: { capabilities: ReadonlySet<string> },
): Syscall[] {
  return capabilities(capabilitySets(allowed, user.uid), user, host) as Syscall[];
}
const words = (step: Syscall, argument: number): number[] => {
  const data = step.args[argument];
  if (typeof data !== 'object' || data.kind !== 'data') throw new Error(`argument ${argument} is no data`);
  return [...new Uint32Array(data.bytes.slice().buffer)];
};
const drops = (steps: Syscall[]) => steps.filter(step => step.name === 'prctl' && step.args[0] === 24);

test('forty-one capabilities, numbered without a gap', () => {
  assert.equal(
    capabilityNames.map(name => capabilityNumbers[name]),
    Array.from({ length: 41 }, (_, i) => i),
  );
});

test("the default is Docker's mask", () => {
  assert.is(toMask(defaultCapabilities), dockersMask);
  assert.is(toMask(fromMask(dockersMask)), dockersMask);
});

test('a bounding set is read from /proc/PID/status', () => {
  const set = boundingSet('Name:\tnode\nCapEff:\t0000000000000001\nCapBnd:\t000001fffeffffff\n');
  assert.is(set.size, 40);
  assert.not.ok(set.has('CAP_SYS_RESOURCE'));
});

test('everything that is not allowed is dropped, and only that', () => {
  const dropped = drops(compile(root, defaultCapabilities, every)).map(step => step.args[1]);
  assert.is(dropped.length, 41 - 14);
  assert.is(
    dropped.reduce((mask: bigint, number) => mask | (1n << BigInt(number as number)), 0n),
    ((1n << 41n) - 1n) & ~dockersMask,
  );
});

test('what the host lacks is neither dropped nor given', () => {
  const host = { capabilities: new Set<string>(['CAP_CHOWN', 'CAP_SYS_ADMIN']) };
  const steps = compile(root, defaultCapabilities, host);
  assert.equal(
    drops(steps).map(step => step.args[1]),
    [capabilityNumbers.CAP_SYS_ADMIN],
  );
  assert.equal(words(steps.find(step => step.name === 'capset')!, 1), [1, 1, 0, 0, 0, 0]);
});

test('rights go in the order that lets the next step still succeed', () => {
  const names = compile(root, defaultCapabilities, every).map(step => step.name);
  assert.equal(names.slice(-5), ['setgroups', 'setgid', 'setuid', 'capset', 'prctl']);
});

test('root gets the sets as given, low and high words, never inheritable', () => {
  const steps = compile(root, ['CAP_KILL', 'CAP_BPF'], every);
  assert.equal(words(steps.find(step => step.name === 'capset')!, 1), [32, 32, 0, 128, 128, 0]);
});

test('another user holds nothing and keeps nothing', () => {
  const steps = compile(bob, defaultCapabilities, every);
  assert.equal(words(steps.find(step => step.name === 'capset')!, 1), [0, 0, 0, 0, 0, 0]);
  assert.not.ok(steps.some(step => step.name === 'prctl' && step.args[0] === 8));
});

test('a spec that leaves capabilities to another user keeps them across setuid', () => {
  const sets = { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] };
  const names = (capabilities(sets, bob, every) as Syscall[]).map(step => `${step.name} ${step.args[0]}`);
  assert.ok(names.indexOf('prctl 8') < names.indexOf('setuid 1001') && names.includes('prctl 8'));
});

test('supplementary groups are passed in order, and none at all is a call as well', () => {
  const withTwo = compile(root, [], every).find(step => step.name === 'setgroups')!;
  assert.is(withTwo.args[0], 2);
  assert.equal(words(withTwo, 1), [0, 10]);
  assert.is(compile(bob, [], every).find(step => step.name === 'setgroups')!.args[0], 0);
});

test.run();
