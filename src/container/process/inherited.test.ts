import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hardLimits } from '../../host/facts.ts';
import { printStep } from '../../syscalls/print.ts';
import { resetInherited } from './inherited.ts';

const hard = hardLimits(`Limit                     Soft Limit           Hard Limit           Units
Max stack size            8388608              unlimited            bytes
Max open files            1024                 4096                 files
Max nice priority         0                    0
`);

const soft = (): string[] =>
  resetInherited({ limits: { hard, mayRaise: true, nrOpen: 1048576, threadsMax: 1001 } })
    .filter(step => step.op === 'syscall' && step.name === 'prlimit64')
    .map(step => printStep(step));

test('hard limits are read from /proc', () => {
  assert.equal(hard, { RLIMIT_STACK: Number.POSITIVE_INFINITY, RLIMIT_NOFILE: 4096, RLIMIT_NICE: 0 });
});

test('the kernel’s own list is read whole', () => {
  assert.is(Object.keys(hardLimits(readFileSync('/proc/self/limits', 'utf8'))).length, 16);
});

test('the supervisor has the soft limits of a service, and keeps its hard ones for the container', () => {
  const lines = soft();
  assert.is(new Set(lines.map(line => /RLIMIT_\w+/.exec(line)?.[0])).size, 16);
  assert.ok(lines.includes('prlimit64(0, RLIMIT_NOFILE, {4096, 4096}, NULL)'), lines.join('\n'));
  assert.ok(lines.includes('prlimit64(0, RLIMIT_STACK, {8388608, unlimited}, NULL)'));
  assert.ok(lines.includes('prlimit64(0, RLIMIT_MEMLOCK, {8388608, unlimited}, NULL)'));
});

test.run();
