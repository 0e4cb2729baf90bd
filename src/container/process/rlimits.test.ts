import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Limits } from '../../host/facts.ts';
import { printSpec, type Spec } from '../../oci/runtime-spec.ts';
import { printStep } from '../../syscalls/print.ts';
import type { Ulimit } from '../options/resources.ts';
import { rlimits, rlimitsFor } from './rlimits.ts';

const hard = { RLIMIT_STACK: Number.POSITIVE_INFINITY, RLIMIT_NOFILE: 4096, RLIMIT_NICE: 0 };
const held: Limits = { hard, mayRaise: false, nrOpen: 1048576, threadsMax: 1001 };
const free: Limits = { ...held, mayRaise: true };
const lines = (ulimits: Ulimit[], limits: Limits) => rlimits(rlimitsFor(ulimits, limits)).map(step => printStep(step));

test('with the right to raise limits they are those of a service', () => {
  const all = lines([], free);
  assert.is(all.length, 16);
  assert.ok(all.includes('prlimit64(0, RLIMIT_NOFILE, {1048576, 1048576}, NULL)'), all.join('\n'));
  assert.ok(all.includes('prlimit64(0, RLIMIT_STACK, {8388608, unlimited}, NULL)'));
  assert.ok(all.includes('prlimit64(0, RLIMIT_SIGPENDING, {500, 500}, NULL)'));
});

test('without it they stop at the hard limits, which nothing refuses', () => {
  assert.ok(lines([], held).includes('prlimit64(0, RLIMIT_NOFILE, {4096, 4096}, NULL)'));
});

test('no right raises open files beyond fs.nr_open', () => {
  assert.ok(lines([], { ...free, nrOpen: 2048 }).includes('prlimit64(0, RLIMIT_NOFILE, {2048, 2048}, NULL)'));
  assert.throws(() => rlimitsFor([{ name: 'nofile', soft: 1, hard: -1 }], free), /at most 1048576 open files/);
});

test('--ulimit takes the place of one, and cannot raise what this machine holds', () => {
  const asked = (soft: number, most: number): Ulimit[] => [{ name: 'nofile', soft, hard: most }];
  assert.ok(lines(asked(100, 200), held).includes('prlimit64(0, RLIMIT_NOFILE, {100, 200}, NULL)'));
  assert.ok(lines(asked(100, 5000), free).includes('prlimit64(0, RLIMIT_NOFILE, {100, 5000}, NULL)'));
  assert.throws(
    () => rlimitsFor(asked(100, 5000), held),
    /^error setting rlimit nofile to 5000: operation not permitted: minidock itself is held to 4096/,
  );
});

test('in config.json "unlimited" is the kernel’s number, which is read back as unlimited', () => {
  const text = printSpec({ process: { rlimits: rlimitsFor([], held) } } as Spec);
  assert.match(text, '"hard": 18446744073709551615');
  const steps = rlimits((JSON.parse(text) as Spec).process.rlimits).map(step => printStep(step));
  assert.equal(steps, lines([], held));
});

test.run();
