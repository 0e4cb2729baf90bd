// @mounts-nothing its subject is names
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

test.after.each(() => box.removeAll());

const names = async () => (await box.ok(['ps', '-a', '--format', '{{.Names}}'])).split('\n').filter(Boolean);

test('a slash before a name is no part of it, and an empty name is none', async () => {
  const id = await box.start('sleep 1000', '--name', '/web');
  assert.equal(await names(), ['web']);
  assert.is(await box.inspect('/web', '{{.Name}} {{.Id}}'), `/web ${id}`);
  const taken = await box.minidock(['run', '--network', 'none', '--name', 'web', 'bb', 'true']);
  assert.is(taken.exitCode, 125);
  assert.match(String(taken.stderr), /The container name "\/web" is already in use/);
  assert.is(await box.ok(['rm', '-f', '/web']), '/web');
  await box.start('true', '--name', '');
  assert.match((await names()).join(), /^[a-z]+_[a-z]+$/);
});

test('a name is as long as that of a file may be', async () => {
  const long = 'x'.repeat(255);
  await box.start('sleep 1000', '--name', long);
  assert.equal(await names(), [long]);
  assert.is(await box.ok(['rm', '-f', long]), long);
  for (const dryRun of [[], ['--dry-run']]) {
    const longer = await box.minidock(['run', ...dryRun, '--network', 'none', '--name', `${long}x`, 'bb', 'true']);
    assert.is(longer.exitCode, 125);
    assert.match(String(longer.stderr), /^minidock: Invalid container name \(x+…\): it has 256 characters/);
  }
  for (const verb of ['rm', 'stop', 'logs']) {
    const { exitCode, stderr } = await box.minidock([verb, `${long}x`]);
    assert.is(exitCode, 1, verb);
    assert.match(String(stderr), /^minidock: No such container: x{256}/, verb);
  }
});

test.run();
