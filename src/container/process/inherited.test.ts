import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hardLimits } from '../../host/facts.ts';
import { printStep } from '../../syscalls/print.ts';
import type { CapabilityName } from '../../syscalls/uapi/capabilities.ts';
import { resetInherited } from './inherited.ts';

const hard = hardLimits(`Limit                     Soft Limit           Hard Limit           Units
Max stack size            8388608              unlimited            bytes
Max open files            1024                 4096                 files
Max nice priority         0                    0
`);

function limitsOf(capabilities: CapabilityName[], nrOpen = 1048576): string[] {
  const facts = { capabilities: new Set(capabilities), limits: { hard, nrOpen, threadsMax: 1001 } };
  return resetInherited(facts)
    .filter(step => step.op === 'syscall' && step.name === 'prlimit64')
    .map(step => `${printStep(step)}${step.op === 'syscall' && step.tolerate ? ` tolerates ${step.tolerate}` : ''}`);
}

test('hard limits are read from /proc', () => {
  assert.equal(hard, { RLIMIT_STACK: Number.POSITIVE_INFINITY, RLIMIT_NOFILE: 4096, RLIMIT_NICE: 0 });
});

test('the kernel’s own list is read whole', () => {
  assert.is(Object.keys(hardLimits(readFileSync('/proc/self/limits', 'utf8'))).length, 16);
});

test('every limit is set: sixteen', () => {
  const names = limitsOf([]).map(line => /RLIMIT_\w+/.exec(line)?.[0]);
  assert.is(new Set(names).size, 16);
});

test('with the right to raise limits they are those of a service', () => {
  const lines = limitsOf(['CAP_SYS_RESOURCE']);
  assert.ok(lines.includes('prlimit64(0, RLIMIT_NOFILE, {1048576, 1048576}, NULL) tolerates EPERM'), lines.join('\n'));
  assert.ok(lines.includes('prlimit64(0, RLIMIT_STACK, {8388608, unlimited}, NULL)'));
  assert.ok(lines.includes('prlimit64(0, RLIMIT_SIGPENDING, {500, 500}, NULL)'));
});

test('without it they stop at the hard limits, which nothing refuses', () => {
  const lines = limitsOf([]);
  assert.ok(lines.includes('prlimit64(0, RLIMIT_NOFILE, {4096, 4096}, NULL)'), lines.join('\n'));
  assert.not.ok(lines.some(line => line.includes('tolerates')));
});

test('no right raises open files beyond fs.nr_open', () => {
  assert.ok(limitsOf(['CAP_SYS_RESOURCE'], 2048).includes('prlimit64(0, RLIMIT_NOFILE, {2048, 2048}, NULL)'));
});

test.run();
