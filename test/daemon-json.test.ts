// @mounts-nothing its subject is a file of settings
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { daemonKeys } from '../src/state/daemon-keys.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { findProgram, requires } from './support/requires.ts';

/** What Docker's daemon.json says about an engine is done, or said not to be. */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip');
const beside = requires('dockerd');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

test.after.each(() => box.removeAll());

const write = (content: unknown) =>
  writeFileSync(box.config, typeof content === 'string' ? content : JSON.stringify(content));

/** No variable of ours but the one that names the file. */
const fileAlone = { MINIDOCK_ROOT: undefined, MINIDOCK_EXEC_ROOT: undefined, MINIDOCK_BRIDGE: undefined };

test('data-root, exec-root and bridge of the file are where everything happens, the cleaner included', async () => {
  write({ 'data-root': box.root, 'exec-root': box.execRoot, bridge: box.bridge });
  const run = (...args: string[]) => box.ok(args, { env: fileAlone });
  const id = await run('run', '-d', '--name', 'here', 'bb', 'sh', '-c', 'sleep 0.3; exit 7');
  assert.ok(existsSync(join(box.root, 'containers', id)));
  assert.ok(existsSync(`/sys/class/net/${box.bridge}`));
  assert.match(await run('inspect', '-f', '{{.ResolvConfPath}}', 'here'), new RegExp(`^${box.root}/`));
  // Nobody asks, nobody waits: the supervisor's cleaner has to find the same roots.
  const runDirectory = join(box.execRoot, id.slice(0, 12));
  await eventually(() => !existsSync(runDirectory), 10);
  assert.is(await run('ps', '-a', '--format', '{{.Names}} {{.State}}'), 'here exited');
  assert.match(await run('inspect', '-f', '{{.State.ExitCode}}', 'here'), /^7$/);
});

test('info says which registries are asked first and which need no TLS: how a course tells that its mirror counts', async () => {
  write({
    'registry-mirrors': ['https://mirror.example', 'http://10.0.0.5:5000/hub'],
    'insecure-registries': ['http://10.0.0.5:5000', '10.1.0.0/16'],
  });
  const flags = ['--registry-mirror', 'http://first.example', '--insecure-registry', 'second.example'];
  const said = await box.ok([...flags, 'info']);
  const insecure = ['second.example', '10.0.0.5:5000', '10.1.0.0/16', '127.0.0.0/8'];
  const mirrors = ['http://first.example/', 'https://mirror.example/', 'http://10.0.0.5:5000/hub/'];
  const lines = (names: string[]) => names.map(name => `  ${name}\n`).join('');
  assert.match(said, ` Insecure Registries:\n${lines(insecure)} Registry Mirrors:\n${lines(mirrors)} Live Restore`);
  assert.equal(JSON.parse(await box.ok([...flags, 'info', '-f', '{{json .RegistryConfig.Mirrors}}'])), mirrors);
  write({});
  assert.not.match(await box.ok(['info']), 'Registry Mirrors');
});

test('flags and environment go before the file', async () => {
  const elsewhere = temporaryFolder('elsewhere');
  write({ 'data-root': join(elsewhere, 'root'), 'exec-root': join(elsewhere, 'run'), bridge: 'mdnowhere0' });
  await box.start('sleep 1000', '--name', 'there', '--network', 'bridge');
  const flags = ['--root', box.root, '--exec-root', box.execRoot, '--bridge', box.bridge];
  assert.is(await box.ok([...flags, 'ps', '--format', '{{.Names}}'], { env: fileAlone }), 'there');
  assert.equal(readdirSync(elsewhere), []);
  assert.is(existsSync('/sys/class/net/mdnowhere0'), false);
});

test('keys without effect are named once, with the reason, by commands that start or fetch something', async () => {
  write({
    'log-driver': 'journald',
    'userns-remap': 'default',
    dns: ['1.1.1.1'],
    icc: false,
    // What follows asks for what is done anyway.
    'storage-driver': 'overlay2',
    'live-restore': true,
    'log-opts': {},
    iptables: true,
    ipv6: false,
    'default-runtime': 'runc',
    bip: '',
    mtu: null,
  });
  const args = ['run', '--rm', '--network', 'none', 'bb', 'echo', 'hello'];
  const { exitCode, stdout, stderr } = await box.minidock(args);
  assert.equal([exitCode, stdout], [0, 'hello']);
  const [line, ...others] = String(stderr).split('\n');
  assert.equal(others, []);
  assert.match(line!, new RegExp(`^minidock: warning: ${box.config}: without effect: `));
  assert.equal(
    [...line!.matchAll(/"([a-z-]+)" \([^()]+\)/g)].map(([, key]) => key),
    ['log-driver', 'userns-remap', 'dns', 'icc'],
  );
  const listed = await box.minidock(['ps', '-a']);
  assert.is(listed.stderr, '');
});

test('log-driver and log-opts hold for containers that name no driver; every driver that --log-driver knows is one', async () => {
  for (const [driver, options] of [
    ['syslog', { 'syslog-address': 'udp://127.0.0.1:514' }],
    ['local', { 'max-size': '1m' }],
  ]) {
    write({ 'log-driver': driver, 'log-opts': options });
    const { stdout, stderr } = await box.minidock(['create', '--network', 'none', 'bb', 'true']);
    assert.is(stderr, '');
    const config = await box.inspect(String(stdout).trim(), '{{json .HostConfig.LogConfig}}');
    assert.equal(JSON.parse(config), { Type: driver, Config: options });
  }
});

const refused: [string, unknown, RegExp][] = [
  ['no JSON', '{', /: .*JSON/],
  ['no object', [], /it is no JSON object/],
  ['an unknown key', { 'registry-mirror': [] }, /Docker knows no "registry-mirror"/],
  ['a number for a text', { 'data-root': 5 }, /"data-root" is the number 5, not a text/],
  ['a path that is not absolute', { 'data-root': 'here' }, /"data-root" is "here", not an absolute path/],
  ['a text for a list', { dns: '1.1.1.1' }, /"dns" is a text, not a list of texts/],
  ['a list of numbers', { 'insecure-registries': [5000] }, /"insecure-registries" is a list, not a list of texts/],
  ['a text for yes or no', { icc: 'no' }, /"icc" is a text, not true or false/],
  ['a text for a number', { mtu: '1500' }, /"mtu" is a text, not a number/],
  ['a list for a map', { 'log-opts': [] }, /"log-opts" is a list, not a map of texts/],
  ['a number in a map of texts', { 'log-opts': { 'max-file': 3 } }, /"log-opts" is a map, not a map of texts/],
];
for (const [name, content, message] of refused)
  test(`refused: ${name}`, async () => {
    write(content);
    for (const [args, code] of [
      [['ps'], 1],
      [['run', '--rm', '--network', 'none', 'bb', 'true'], 125],
    ] as const) {
      const { exitCode, stdout, stderr } = await box.minidock([...args]);
      assert.equal([exitCode, stdout], [code, '']);
      const [first, fix, ...others] = String(stderr).split('\n');
      assert.match(first!, new RegExp(`^minidock: unable to use the configuration file ${box.config}: `));
      assert.match(first!, message);
      assert.match(fix!, /^ {2}fix: /);
      assert.equal(others, []);
    }
    write({});
  });

test('a file that is not there is none, unless a flag names it; one that cannot be read is said', async () => {
  const missing = join(box.folder, 'missing.json');
  assert.is((await box.minidock(['ps'], { env: { MINIDOCK_CONFIG: missing } })).exitCode, 0);
  const named = await box.minidock(['--config', missing, 'ps']);
  assert.is(named.exitCode, 1);
  assert.match(String(named.stderr), /unable to use the configuration file .*missing\.json: no such file/);
  const folder = await box.minidock(['--config', box.folder, 'ps']);
  assert.match(String(folder.stderr), /unable to use the configuration file .*: it is a directory/);
});

test('an exec-root that is too long for a socket is refused in one line, and nothing is left', async () => {
  write({ 'exec-root': `/tmp/${'x'.repeat(100)}` });
  const { exitCode, stderr } = await box.minidock(['run', '--rm', '--network', 'none', 'bb', 'true'], {
    env: { MINIDOCK_EXEC_ROOT: undefined },
  });
  assert.is(exitCode, 125);
  assert.match(
    String(stderr),
    /^minidock: the path of a socket has 128 bytes, and the kernel takes 107: .*\n {2}fix: .*--exec-root$/,
  );
  assert.is(await box.ok(['ps', '-aq']), '');
  rmSync(`/tmp/${'x'.repeat(100)}`, { recursive: true, force: true });
});

test('what needs no engine works beside a broken file', async () => {
  write('{');
  assert.match(await box.ok(['version']), /minidock/);
  assert.match(await box.ok(['--help']), /Usage:/);
  write({});
});

beside('every key that Docker 20.10 takes is known', () => {
  const { stdout } = spawnSync(findProgram('dockerd')!, ['--help'], { encoding: 'utf8' });
  const flags = [...stdout.matchAll(/^ +(?:-\w, )?--([a-z0-9-]+)/gm)].map(([, name]) => name!);
  assert.ok(flags.length > 60);
  // Not of the file, or under another name there.
  const others = ['add-runtime', 'config-file', 'cri-containerd', 'help', 'version'];
  const keys = daemonKeys();
  const unknown = flags.filter(
    name => ![name, `${name}s`, `${name.slice(0, -1)}ies`].some(key => Object.hasOwn(keys, key)),
  );
  assert.equal(
    unknown.filter(name => !others.includes(name)),
    [],
  );
});

test.run();
