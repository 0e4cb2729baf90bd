// @mounts-nothing its subject is what the daemon answers
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { endProcesses, onExit } from './support/cleanup.ts';
import { asking, type Daemon, startDaemon } from './support/daemon.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

/** The daemon itself: how it listens, which versions it speaks, how it ends. */
const test = requires('root', 'overlayfs', 'busybox');

let box: BusyboxEngine;
let daemon: Daemon;

test.before(async () => {
  box = await busyboxEngine();
  daemon = await startDaemon(box);
});

test('its socket is for root and one group, who reach it, also after other commands', async () => {
  assert.is(statSync(daemon.socket).mode & 0o777, 0o660);
  chmodSync(box.folder, 0o711);
  await box.ok(['ps']);
  const { gid } = statSync(daemon.socket);
  const as = (...ids: string[]) =>
    spawnSync('setpriv', ['--reuid=65534', '--clear-groups', ...ids, 'test', '-w', daemon.socket]).status;
  assert.is(as(`--regid=${gid}`), 0);
  assert.is(as('--regid=65534'), 1);
  assert.is(statSync(box.execRoot).mode & 0o7777, 0o711);
});

test('/_ping tells the versions that it speaks, to GET and to HEAD', async () => {
  for (const method of ['GET', 'HEAD']) {
    const { status, headers, text } = await daemon.ask(method, '/_ping');
    assert.is(status, 200);
    assert.is(text, method === 'GET' ? 'OK' : '');
    assert.is(headers['api-version'], '1.44');
    assert.is(headers['builder-version'], '1');
    assert.is(headers['docker-experimental'], 'false');
    assert.is(headers.ostype, 'linux');
    assert.is(headers['cache-control'], 'no-cache, no-store, must-revalidate');
    assert.is(headers.pragma, 'no-cache');
  }
});

test('a version that it does not speak is refused, and so is a page that it does not have', async () => {
  const answers = await Promise.all(
    ['/v1.99/version', '/v1.23/version', '/v1.41/nothing', '/nothing'].map(path => daemon.ask('GET', path)),
  );
  assert.equal(
    answers.map(({ status, json }) => [status, json.message]),
    [
      [400, 'client version 1.99 is too new. Maximum supported API version is 1.44'],
      [
        400,
        'client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version',
      ],
      [404, 'page not found'],
      [404, 'page not found'],
    ],
  );
});

test('/version names both versions', async () => {
  const { json } = await daemon.ask('GET', '/v1.24/version');
  assert.equal([json.ApiVersion, json.MinAPIVersion, json.Os], ['1.44', '1.24', 'linux']);
});

test('it lists what the command line made', async () => {
  await box.ok(['create', '--name', 'made', '--network', 'none', 'bb', 'sleep', '9']);
  const { json } = await daemon.ask('GET', '/v1.41/containers/json?all=1');
  assert.equal(
    json.map(({ Names, Image, Command, State, Status }: Record<string, unknown>) => [
      Names,
      Image,
      Command,
      State,
      Status,
    ]),
    [[['/made'], 'bb', 'sleep 9', 'created', 'Created']],
  );
  assert.equal((await daemon.ask('GET', '/v1.41/containers/json')).json, []);
});

test('/events tells what happened, also what the command line did', async () => {
  const { json } = await daemon.ask('GET', '/events?since=0&until=1&filters={"type":["container"]}');
  assert.is(json, undefined);
  const until = Math.ceil(Date.now() / 1000) + 1;
  const { text } = await daemon.ask('GET', `/events?since=0&until=${until}&filters={"event":{"create":true}}`);
  const told = text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  assert.equal(
    told.map(({ Type, Action, Actor }) => [Type, Action, Actor.Attributes.name]),
    [['container', 'create', 'made']],
  );
});

test('a second one is refused while it lives; the socket of one that was killed is replaced', async () => {
  const second = await box.minidock(['daemon']);
  assert.is(second.exitCode, 1);
  assert.match(
    String(second.stderr),
    new RegExp(
      `^minidock: a daemon already listens on unix://${daemon.socket}: process ${daemon.process.pid}\n  fix: `,
    ),
  );
  // One from before there was a lock.
  rmSync(`${daemon.socket}.lock`, { recursive: true });
  const third = await box.minidock(['daemon']);
  assert.match(String(third.stderr), /^minidock: a daemon already listens on unix:[^:]*\n {2}fix: /);
  assert.is((await daemon.ask('GET', '/_ping')).text, 'OK');
  assert.is(await daemon.end('SIGKILL'), 'SIGKILL');
  assert.ok(existsSync(daemon.socket));
  daemon = await startDaemon(box);
  assert.is((await daemon.ask('GET', '/_ping')).text, 'OK');
});

test('of several that find the socket of a dead one, one takes its place, and the others name it', async () => {
  assert.is(await daemon.end('SIGKILL'), 'SIGKILL');
  const racers = Array.from({ length: 4 }, () => box.minidock(['daemon'], { timeout: 0 }));
  onExit(() => endProcesses(racers.map(({ pid }) => pid ?? 0)));
  const ended = new Set<number | undefined>();
  const results = racers.map(async racer => {
    const result = await racer;
    ended.add(racer.pid);
    return result;
  });
  await eventually(() => assert.is(ended.size, 3), 60);
  const winner = racers.find(({ pid }) => !ended.has(pid))!;
  await eventually(async () => assert.is((await daemon.ask('GET', '/_ping')).text, 'OK'), 30);
  winner.kill('SIGTERM');
  for (const { exitCode, stderr } of await Promise.all(results)) {
    if (/API listens/.test(String(stderr))) assert.is(exitCode, 0);
    else assert.match(String(stderr), new RegExp(`already listens on .*: process ${winner.pid}\n`));
  }
  daemon = await startDaemon(box);
});

test('SIGTERM ends it, and its socket is gone, with its lock', async () => {
  assert.is(await daemon.end(), 0);
  assert.equal(
    readdirSync(box.execRoot).filter(name => name.startsWith('minidock.sock')),
    [],
  );
});

test('daemon.json: hosts, group, pidfile and debug are read; what a flag says as well is refused', async () => {
  const [socket, pidfile] = [join(box.folder, 'of-file.sock'), join(box.folder, 'of-file.pid')];
  writeFileSync(box.config, JSON.stringify({ hosts: [`unix://${socket}`], group: '4243', pidfile, debug: true }));
  const both = await box.minidock(['daemon', '-H', 'unix:///nowhere', '--debug']);
  assert.is(both.exitCode, 1);
  assert.match(
    String(both.stderr),
    /^minidock: unable to use the configuration file .*: the following directives are specified both as a flag and in the configuration file: hosts: \(from flag: \[unix:\/\/\/nowhere\], from file: \[unix:.*of-file\.sock\]\), debug: \(from flag: true, from file: true\)\n {2}fix: /,
  );
  const other = await startDaemon(box);
  assert.is((await asking(socket)('GET', '/containers/json')).status, 200);
  assert.is(statSync(socket).gid, 4243);
  assert.is(readFileSync(pidfile, 'utf8'), `${other.process.pid}\n`);
  assert.match(other.output(), /GET \/containers\/json/);
  assert.is(await other.end(), 0);
  for (const [content, why] of [
    [{ hosts: ['http://x'] }, /"hosts" has "http:\/\/x": must be unix:/],
    [{ tls: true }, /"tls" alone asks no client who it is/],
    [{ tlsverify: true, tlscacert: '/no/such', hosts: ['tcp://127.0.0.1:1'] }, /--tlscacert: .*ENOENT/],
    [{ hosts: ['tcp://127.0.0.1:1'] }, /without TLS/],
  ] as const) {
    writeFileSync(box.config, JSON.stringify(content));
    const { exitCode, stderr } = await box.minidock(['daemon']);
    assert.is.not(exitCode, 0);
    assert.match(String(stderr), why);
  }
  writeFileSync(box.config, '{}');
});

test("an empty host is the daemon's own place", async () => {
  daemon = await startDaemon(box, ['-H', '']);
  assert.is((await daemon.ask('GET', '/_ping')).text, 'OK');
  assert.match(await box.ok(['-H', '', 'ps', '-a']), /CONTAINER ID/);
  assert.match(await box.ok(['ps', '-a'], { env: { MINIDOCK_HOST: '' } }), /CONTAINER ID/);
  assert.is(await daemon.end(), 0);
});

test.run();
