import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { eventually } from './support/eventually.ts';
import { holdings, newSince } from './support/leaks.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';

/** One container's record is broken: the others do not suffer, and `rm -f` takes the broken one away with all it holds. */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
  await box.ok(['run', '--rm', '-p', '127.0.0.1::80', 'bb', 'true']);
});

const recordOf = (id: string) => join(box.root, 'containers', id, 'container.json');

/** Ways in which a disk, an editor or a kill leaves a file. */
const damages: [string, (file: string) => void, RegExp][] = [
  ['half a record', file => writeFileSync(file, '{"id":'), /is no JSON/],
  ['an empty file', file => writeFileSync(file, ''), /is empty/],
  ['null', file => writeFileSync(file, 'null'), /is not the record of this container/],
  ['a list', file => writeFileSync(file, '[]'), /is not the record of this container/],
  ["another container's", file => writeFileSync(file, `{"id":"${'0'.repeat(64)}"}`), /is not the record of this/],
  [
    'a record without its state',
    file => writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), state: null })),
    /has no "state"/,
  ],
  ['no record', file => rmSync(file), /is missing/],
  [
    'a directory',
    file => {
      rmSync(file);
      mkdirSync(file);
    },
    /cannot be read: EISDIR/,
  ],
];

for (const [what, damage, reason] of damages)
  test(`${what}: ps warns and lists the others, rm -f removes it`, async () => {
    const good = await box.start('sleep 1000', '--name', 'good');
    const bad = (await box.ok(['run', '-d', '--name', 'bad', '--network', 'none', 'bb', 'true'])).trim();
    // The keeper writes the record last of all.
    await eventually(() => !existsSync(join(box.execRoot, bad.slice(0, 12))));
    damage(recordOf(bad));
    const listed = await box.minidock(['ps', '-aq', '--no-trunc']);
    assert.equal([listed.exitCode, listed.stdout], [0, good]);
    const short = bad.slice(0, 12);
    const message = `container ${short} is broken: ${recordOf(bad)} `;
    const stderr = String(listed.stderr);
    assert.ok(stderr.startsWith(`minidock: warning: ${message}`) && reason.test(stderr), stderr);
    assert.ok(stderr.endsWith(`; \`minidock rm -f ${short}\` removes it`) && !stderr.includes('\n'), stderr);
    for (const args of [
      ['inspect', bad],
      ['inspect', 'bad'],
      ['exec', 'bad', 'true'],
      ['stop', 'bad'],
      ['logs', short],
      ['rm', 'bad'],
    ]) {
      const refused = await box.minidock(args);
      assert.is(refused.exitCode, 1, args.join(' '));
      const lines = String(refused.stderr).split('\n');
      assert.ok(lines[0]!.startsWith(`minidock: ${message}`), lines[0]);
      assert.equal(lines.slice(1), [`  fix: \`minidock rm -f ${short}\` removes it`]);
    }
    await box.ok(['run', '--rm', '--network', 'none', 'bb', 'true']);
    await box.ok(['rm', '-f', 'bad', 'good']);
    assert.is((await box.minidock(['ps', '-a'])).stderr, '');
    assert.not.ok(existsSync(join(box.root, 'containers', bad)));
    assert.equal(readdirSync(join(box.root, 'names')), []);
  });

test.after.each(async () => {
  await box.removeAll();
});

test('rm -f of one that runs ends it, and gives back address, ports, rules, cgroup and, with -v, its volumes', async () => {
  const before = holdings();
  const volumes = () => readdirSync(join(box.root, 'volumes'));
  const known = volumes();
  const id = await box.start(
    'sleep 1000',
    '--name',
    'held',
    '--network',
    'bridge',
    '-p',
    `${await freePort()}:80`,
    '-v',
    '/data',
    '-v',
    'kept:/kept',
  );
  writeFileSync(recordOf(id), '{');
  await box.ok(['rm', '-f', '-v', 'held']);
  await eventually(() => assert.equal(newSince(before, holdings()), []));
  assert.equal(readdirSync(join(box.root, 'networks', box.bridge, 'leases')), []);
  assert.equal(volumes(), [...known, 'kept']);
  assert.not.ok(existsSync(join(box.execRoot, id.slice(0, 12))));
});

test('one that ends while its record is broken keeps no other from being cleaned up', async () => {
  const bad = await box.start('sleep 1');
  writeFileSync(recordOf(bad), '{');
  const good = (await box.ok(['run', '-d', '--rm', '--network', 'none', 'bb', 'sleep', '1.5'])).trim();
  await eventually(async () => assert.not.ok(existsSync(join(box.root, 'containers', good))), 10);
  await box.ok(['rm', '-f', bad]);
});

test('a broken config.json is named by exec', async () => {
  const id = await box.start('sleep 1000');
  const config = join(box.root, 'containers', id, 'config.json');
  writeFileSync(config, '{');
  const { exitCode, stderr } = await box.minidock(['exec', id, 'true']);
  assert.is(exitCode, 1);
  assert.match(String(stderr), new RegExp(`^minidock: .*${config} cannot be read: no JSON\\n {2}fix: `));
  await box.ok(['rm', '-f', id]);
});

test.run();
