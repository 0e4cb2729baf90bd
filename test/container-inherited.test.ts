// @mounts-nothing its subject is what a process inherits
import { availableParallelism } from 'node:os';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { type InheritedTools, inheritedTools } from './support/inherited.ts';
import { requires } from './support/requires.ts';

/** What a process hands on to those that it starts, and a container must not have from whoever started it. */
const test = requires('root', 'busybox', 'overlayfs', 'gcc');
let box: BusyboxEngine;
let tools: InheritedTools;

test.before(async () => {
  box = await busyboxEngine();
  tools = inheritedTools();
});
test.after.each(() => box.removeAll());

test('neither run nor exec hands on what its caller is: scheduling, memory, personality, dumps, limits', async () => {
  const volume = ['-v', `${tools.folder}:/t:ro`];
  const shown = await tools.fromOddCaller(box, 'run', '--rm', '--network', 'none', ...volume, 'bb', '/t/show');
  for (const line of [
    'nice 0',
    'policy 0',
    `cpus ${availableParallelism()}`,
    'ioprio 0',
    'timer slack 50000',
    'personality 0',
    'umask 22',
    '/proc/self/oom_score_adj 0',
    '/proc/self/coredump_filter 00000033',
  ])
    assert.ok(shown.split('\n').includes(line), `no "${line}" in\n${shown}`);
  assert.not.match(shown, /THP_enabled:\s+0|memory policy bind/);
  for (const [name, soft] of [
    ['cpu time', 'unlimited'],
    ['file size', 'unlimited'],
    ['data size', 'unlimited'],
    ['stack size', '8388608'],
    ['core file size', 'unlimited'],
    ['resident set', 'unlimited'],
    ['address space', 'unlimited'],
    ['file locks', 'unlimited'],
    ['msgqueue size', '819200'],
    ['nice priority', '0'],
    ['realtime priority', '0'],
    ['realtime timeout', 'unlimited'],
  ])
    assert.match(shown, new RegExp(`^Max ${name} +${soft} `, 'm'));
  // Docker's: as far as it may be raised here.
  assert.not.match(shown, /^Max (processes +20000|locked memory +65536|pending signals +777) /m);
  const id = await tools.fromOddCaller(box, 'run', '-d', '--network', 'none', ...volume, 'bb', 'sleep', '1000');
  assert.is(await tools.fromOddCaller(box, 'exec', id, '/t/show'), shown);
  assert.is(
    await box.ok(['run', '--rm', '--network', 'none', ...volume, 'bb', '/t/show']),
    shown,
    'from a caller without oddities',
  );
});

test.run();
