// @mounts-nothing its subject is names
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';

/** Links to containers that are not there: names, addresses, ports. Whoever needs one takes it; the keeper removes the others. */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => box.removeAll());

const directories = () =>
  ['names', ...['leases', 'ports'].map(name => join('networks', box.bridge, name))].map(name => join(box.root, name));

const links = () =>
  directories()
    .filter(directory => existsSync(directory))
    .flatMap(directory => readdirSync(directory).map(name => join(directory, name)));

const dangling = () => links().filter(link => !existsSync(link));

/** A container that nobody waits for ends: its supervisor starts the keeper. */
const startKeeper = () => box.ok(['run', '-d', '--rm', '--network', 'none', 'bb', 'true']);

requires(
  'root',
  'busybox',
  'overlayfs',
  'strace',
)('a run that was killed leaves a name, and the keeper takes it', async () => {
  // mkdir(2) makes the bundle's directories just after the name.
  let seen = 0;
  for (let nth = 1; nth <= 12; nth++) {
    const kill = `-f -qq -e trace=mkdir -e inject=mkdir:signal=KILL:when=${nth} -o`.split(' ');
    const run = ['run', '-d', '--name', `killed${nth}`, '--network', 'none', 'bb', 'true'];
    spawnSync('strace', [...kill, join(box.folder, 'strace'), minidockPath, ...run], {
      env: { ...process.env, ...box.env, NODE_EXTRA_CA_CERTS: '' },
    });
    seen += dangling().length;
  }
  assert.ok(seen > 0, 'no kill came between name and bundle');
  await startKeeper();
  await eventually(() => assert.equal(dangling(), []));
});

test('of a bundle that somebody removed by hand nothing is left; what others hold stays', async () => {
  const run = ['run', '-d', '-p', '127.0.0.1::80', 'bb', 'sleep', '1000'];
  const [kept, lost] = [await box.ok(run), await box.ok(run)];
  const heldBy = (id: string) => links().filter(link => readlinkSync(link).endsWith(id));
  const before = heldBy(kept);
  assert.is(before.length, 3);
  assert.is(heldBy(lost).length, 3);
  const pid = Number(await box.inspect(lost, '{{.State.Pid}}'));
  process.kill(pid, 'SIGKILL');
  rmSync(join(box.root, 'containers', lost), { recursive: true });
  await startKeeper();
  await eventually(() => assert.equal([heldBy(lost), existsSync(join(box.execRoot, lost.slice(0, 12)))], [[], false]));
  assert.equal(heldBy(kept), before);
});

test.run();
