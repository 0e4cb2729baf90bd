// @mounts-nothing its subject is what the daemon answers
import { existsSync, statSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { type Daemon, startDaemon } from './support/daemon.ts';
import { requires } from './support/requires.ts';

/** The daemon itself: how it listens, which versions it speaks, how it ends. */
const test = requires('root', 'overlayfs', 'busybox');

let box: BusyboxEngine;
let daemon: Daemon;

test.before(async () => {
  box = await busyboxEngine();
  daemon = await startDaemon(box);
});

test('its socket is for root and one group', () => {
  assert.is(statSync(daemon.socket).mode & 0o777, 0o660);
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
  assert.match(String(second.stderr), /a daemon already listens on unix:/);
  assert.is(await daemon.end('SIGKILL'), 'SIGKILL');
  assert.ok(existsSync(daemon.socket));
  daemon = await startDaemon(box);
  assert.is((await daemon.ask('GET', '/_ping')).text, 'OK');
});

test('SIGTERM ends it, and its socket is gone', async () => {
  assert.is(await daemon.end(), 0);
  assert.not.ok(existsSync(daemon.socket));
});

test.run();
