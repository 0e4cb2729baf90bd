// @mounts-nothing its subject is what two daemons refuse
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as assert from 'uvu/assert';
import { archive } from './support/archive.ts';
import { clientWithImage } from './support/both.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { type Answer, type Ask, asking, type Daemon, startDaemon } from './support/daemon.ts';
import { dockerd } from './support/dockerd.ts';
import { requires } from './support/requires.ts';

/** Requests that are wrong: Docker 20.10's daemon and ours answer with the same status, and say the same. */
const test = requires('root', 'overlayfs', 'busybox', 'dockerd', 'docker-20.10');
let box: BusyboxEngine;
let daemon: Daemon;
let there: Ask;
let here: Ask;

test.before(async () => {
  box = await busyboxEngine();
  daemon = await startDaemon(box);
  here = daemon.ask;
  const { host } = await dockerd();
  there = asking(host.replace('unix://', ''));
  await clientWithImage({ DOCKER_HOST: host, DOCKER_CONFIG: temporaryFolder('docker-config') });
  const body = { Image: 'bb', Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none' } };
  for (const ask of [there, here]) {
    for (const name of ['run', 'made'])
      assert.is((await ask('POST', `/v1.41/containers/create?name=${name}`, body)).status, 201);
    assert.is((await ask('POST', '/v1.41/containers/run/start')).status, 204);
  }
});
test.after(async () => {
  for (const ask of [there, here])
    for (const name of ['run', 'made']) await ask('DELETE', `/v1.41/containers/${name}?force=1`);
  await daemon.end();
});

type Case = [method: string, path: string, body?: unknown, headers?: Record<string, string>];

const json = { 'Content-Type': 'application/json' };
const tar = { 'Content-Type': 'application/x-tar' };

const cases: Readonly<Record<string, readonly Case[]>> = {
  'routes and versions': [
    ['GET', '/nosuch'],
    ['GET', '/v1.41/nosuch'],
    ['GET', '/v1.41/'],
    ['GET', '/v1.41'],
    ['GET', '/'],
    ['GET', '/containers'],
    ['GET', '/v1.41/containers/create'],
    ['PUT', '/v1.41/containers/json'],
    ['DELETE', '/v1.41/info'],
    ['GET', '/v9.99/info'],
    ['GET', '/v1.5/info'],
    ['GET', '/v1.x/info'],
    ['GET', '/v/info'],
    ['GET', '/vfoo/info'],
    ['GET', '/v1.41/info/'],
    ['GET', '/v1.41/containers/a%2fb/json'],
  ],
  bodies: [
    ['POST', '/v1.41/containers/create', '{"Image":', json],
    ['POST', '/v1.41/containers/create', '[]', json],
    ['POST', '/v1.41/containers/create', '"text"', json],
    ['POST', '/v1.41/containers/create', 'null', json],
    ['POST', '/v1.41/containers/create', '', json],
    ['POST', '/v1.41/containers/create'],
    ['POST', '/v1.41/containers/create', '{"Image":"bb"}'],
    ['POST', '/v1.41/containers/create', '{"Image":"bb"}', { 'Content-Type': 'text/plain' }],
    ['POST', '/v1.41/containers/create', { Image: 5 }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', Env: 'A=b' }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', HostConfig: { Memory: 'much' } }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', HostConfig: { Memory: 1e30 } }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', HostConfig: [] }],
    ['POST', '/v1.41/containers/create', { Image: 'nosuch' }],
    ['POST', '/v1.41/containers/create', { Image: 'BAD NAME' }],
    ['POST', '/v1.41/containers/create', { Image: '' }],
    ['POST', '/v1.41/containers/create', {}],
    ['POST', '/v1.41/containers/create?name=!', { Image: 'bb' }],
    ['POST', '/v1.41/containers/create?name=run', { Image: 'bb' }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', HostConfig: { Binds: ['../up:/x'] } }],
    [
      'POST',
      '/v1.41/containers/create',
      { Image: 'bb', HostConfig: { Mounts: [{ Type: 'bind', Source: 'rel', Target: '/x' }] } },
    ],
    [
      'POST',
      '/v1.41/containers/create',
      { Image: 'bb', HostConfig: { Mounts: [{ Type: 'bind', Source: '/no/such/path', Target: '/x' }] } },
    ],
    ['POST', '/v1.41/containers/create', { Image: 'bb', HostConfig: { Mounts: [{ Type: 'x', Target: '/x' }] } }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', HostConfig: { RestartPolicy: { Name: 'sometimes' } } }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', HostConfig: { PortBindings: { x: [{}] } } }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', HostConfig: { CapAdd: ['NOSUCH'] } }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', HostConfig: { NetworkMode: 'none', Links: ['nosuch'] } }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', HostConfig: { Memory: 1 } }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', StopSignal: 'NOSUCH' }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', HostConfig: { ShmSize: -1 } }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', HostConfig: { IOMaximumIOps: 5 } }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', HostConfig: { IOMaximumBandwidth: 5 } }],
    ['POST', '/v1.41/containers/create', { Image: 'bb', WorkingDir: 'relative' }],
    ['POST', '/v1.41/networks/create', '{', json],
    ['POST', '/v1.41/networks/create', {}],
    ['POST', '/v1.41/networks/create', { Name: 'n', IPAM: { Config: [{ Subnet: 'bad' }] } }],
    ['POST', '/v1.41/networks/none/connect', { Container: 'nosuch' }],
    ['POST', '/v1.41/networks/nosuch/connect', { Container: 'run' }],
    ['POST', '/v1.41/networks/none/connect'],
    ['POST', '/v1.41/volumes/create', '{', json],
    ['POST', '/v1.41/volumes/create', { Name: '../up' }],
    ['POST', '/v1.41/auth', '{', json],
    ['POST', '/v1.41/containers/run/exec', {}],
    ['POST', '/v1.41/containers/run/exec', '{', json],
    ['POST', '/v1.41/containers/made/exec', { Cmd: ['true'] }],
    ['POST', '/v1.41/containers/nosuch/exec', { Cmd: ['true'] }],
    ['POST', '/v1.41/exec/nosuch/start', {}],
    ['GET', '/v1.41/exec/nosuch/json'],
    ['POST', '/v1.41/containers/run/update', '{', json],
    ['POST', '/v1.41/containers/run/update', { Memory: 1 }],
    ['POST', '/v1.41/containers/run/update', { RestartPolicy: { Name: 'x' } }],
  ],
  'queries and names': [
    ['GET', '/v1.41/containers/json?filters=nonsense'],
    ['GET', '/v1.41/containers/json?filters=[]'],
    ['GET', '/v1.41/containers/json?filters={"nosuch":["x"]}'],
    ['GET', '/v1.41/containers/json?filters={"status":["nosuch"]}'],
    ['GET', '/v1.41/containers/json?filters={"exited":["x"]}'],
    ['GET', '/v1.41/containers/json?filters={"before":["nosuch"]}'],
    ['GET', '/v1.41/containers/json?limit=x'],
    ['GET', '/v1.41/containers/nosuch/json'],
    ['GET', '/v1.41/containers/nosuch/logs?stdout=1'],
    ['GET', '/v1.41/containers/run/logs'],
    ['GET', '/v1.41/containers/run/logs?stdout=1&since=x'],
    ['GET', '/v1.41/containers/nosuch/top'],
    ['GET', '/v1.41/containers/made/top'],
    ['GET', '/v1.41/containers/run/top?ps_args=-Z%20nosuch'],
    ['GET', '/v1.41/containers/nosuch/stats?stream=0'],
    ['GET', '/v1.41/containers/nosuch/changes'],
    ['GET', '/v1.41/containers/nosuch/export'],
    ['POST', '/v1.41/containers/nosuch/start'],
    ['POST', '/v1.41/containers/run/start'],
    ['POST', '/v1.41/containers/nosuch/stop'],
    ['POST', '/v1.41/containers/made/stop'],
    ['POST', '/v1.41/containers/run/stop?t=x'],
    ['POST', '/v1.41/containers/made/kill'],
    ['POST', '/v1.41/containers/run/kill?signal=NOSUCH'],
    ['POST', '/v1.41/containers/made/pause'],
    ['POST', '/v1.41/containers/run/unpause'],
    ['POST', '/v1.41/containers/run/rename'],
    ['POST', '/v1.41/containers/run/rename?name=made'],
    ['POST', '/v1.41/containers/run/rename?name=!'],
    ['POST', '/v1.41/containers/nosuch/wait'],
    ['POST', '/v1.41/containers/made/resize?h=1&w=1'],
    ['POST', '/v1.41/containers/run/resize?h=x&w=1'],
    ['POST', '/v1.41/containers/nosuch/attach?stream=1&stdout=1'],
    ['DELETE', '/v1.41/containers/run'],
    ['DELETE', '/v1.41/containers/nosuch'],
    ['POST', '/v1.41/containers/prune?filters={"nosuch":["x"]}'],
    ['POST', '/v1.41/images/create'],
    ['POST', '/v1.41/images/create?fromImage='],
    ['POST', '/v1.41/commit?container=nosuch'],
    ['POST', '/v1.41/commit?container=run&repo=BAD'],
    ['POST', '/v1.41/commit?container=run', '{"Env":', json],
    ['POST', '/v1.41/commit?container=run', { Cmd: 5 }],
    ['POST', '/v1.41/commit?container=run', 'x'],
    ['POST', '/v1.41/containers/made/start?checkpoint=c'],
    ['GET', '/v1.41/containers/run/stats?stream=1&one-shot=1'],
    ['GET', '/v1.41/events?since=x'],
    ['GET', '/v1.41/events?filters=nonsense'],
    ['GET', '/v1.41/events?since=2000000000&until=1'],
    ['GET', '/v1.41/images/search?term=x&limit=1000'],
    ['GET', '/v1.41/images/search?term=x&filters={"nosuch":["x"]}'],
    ['POST', '/v1.41/containers/prune?filters={"until":["1h","2h"]}'],
    ['POST', '/v1.41/images/prune?filters={"until":["1h","2h"]}'],
    ['POST', '/v1.41/networks/prune?filters={"until":["1h","2h"]}'],
    ['POST', '/v1.41/build/prune?filters={"nosuch":["x"]}'],
    ['POST', '/v1.41/build/cancel'],
    ['POST', '/v1.41/containers/made/start', { a: 'a body' }],
    ['POST', '/v1.41/containers/run/exec', { Cmd: ['true'], DetachKeys: 'bad-key' }],
    ['GET', '/v1.41/networks/nosuch'],
    ['GET', '/v1.41/volumes/nosuch'],
  ],
  archives: [
    ['GET', '/v1.41/containers/run/archive'],
    ['GET', '/v1.41/containers/run/archive?path=/nosuch'],
    ['GET', '/v1.41/containers/nosuch/archive?path=/'],
    ['PUT', '/v1.41/containers/run/archive', '', tar],
    ['PUT', '/v1.41/containers/run/archive?path=/nosuch', '', tar],
    ['PUT', '/v1.41/containers/run/archive?path=/bin/sh', '', tar],
    [
      'PUT',
      '/v1.41/containers/run/archive?path=/',
      'this is no archive, and long enough to be looked at'.repeat(20),
      tar,
    ],
    ['POST', '/v1.41/build', 'this is no archive'.repeat(60), tar],
    ['POST', '/v1.41/build', '', tar],
    ['POST', '/v1.41/build?buildargs=nonsense', '', tar],
    ['POST', '/v1.41/build?isolation=hyperv', '', tar],
    ['POST', '/v1.41/build?squash=1', '', tar],
    ['POST', '/v1.41/build?version=3', '', tar],
    ['POST', '/v1.41/build?outputs=nonsense', '', tar],
    ['POST', '/v1.41/build', 'x', { 'Content-Type': 'application/json' }],
  ],
};

/** Engines' own ids; what Docker says before it, and what we add to it. */
const gistOf = ({ json, text }: Answer) =>
  String(json?.message ?? text)
    .replace(/[0-9a-f]{64}/g, '<id>')
    .toLowerCase();

/** The same thing in other words: each is read by the person who wrote these. */
const otherWords: readonly RegExp[] = [
  /is too new|is too old/,
  /must be lowercase|invalid reference format/,
  /already in use by container/,
  /includes invalid characters for a local volume name/,
  /invalid container ?port|invalid port/,
  /invalid filter|filter|in literal null|cannot unmarshal array|no such container/,
  /missing name or path|pathcannot be empty/,
  /could not find the file|no such container:path/,
  /tar archive|tar header|unexpected eof|no such volume/,
  /neither fromimage nor fromsrc/,
  /invalid name|page not found/,
  /invalid detach keys/,
];

for (const [what, list] of Object.entries(cases))
  test(`wrong ${what} get Docker’s status, and its message`, async () => {
    const wrong: string[] = [];
    for (const [method, path, body, headers] of list) {
      const target = path.replace(/[{}"]/g, encodeURIComponent);
      const [docker, ours] = [await there(method, target, body, headers), await here(method, target, body, headers)];
      // Some of what a client did wrong counts as a fault of its own in Docker 20.10, and not in later ones.
      const fits = docker.status === 500 ? ours.status >= 400 && ours.status <= 500 : ours.status === docker.status;
      const [said, found] = [gistOf(docker), gistOf(ours)];
      const agree = said.includes(found) || found.includes(said);
      if (!fits || !(agree || otherWords.some(one => one.test(found))))
        wrong.push(
          `${method} ${path} ${JSON.stringify(body)?.slice(0, 90)}\n  ${docker.status} ${said}\n  ${ours.status} ${found}`,
        );
    }
    assert.is(wrong.join('\n'), '');
  });

test('what no field names is passed over, what follows a document, too; both live on', async () => {
  for (const ask of [there, here]) {
    const body = { Image: 'bb', Nonsense: { a: [1] }, image: 'bb', HostConfig: { NetworkMode: 'none', Nonsense: 1 } };
    const made = await ask(
      'POST',
      '/v1.41/containers/create?name=odd&nonsense=1',
      `${JSON.stringify(body)} rest`,
      json,
    );
    assert.is(made.status, 201, made.text);
    assert.is((await ask('DELETE', '/v1.41/containers/odd?nonsense=1')).status, 204);
    assert.is((await ask('GET', '/v1.41/containers/run/json')).json.State.Running, true);
  }
});

test('members of an archive and links in it lead nowhere out of a container', async () => {
  const outside = join(box.folder, 'outside');
  const members = [
    { name: `../../../../../../../..${outside}`, content: 'x' },
    { name: 'up', type: 'symlink' as const, linkname: `../../../../../../..${box.folder}` },
    { name: 'up/outside', content: 'x' },
  ];
  for (const ask of [there, here])
    for (const member of [members.slice(0, 1), members.slice(1)])
      await ask('PUT', '/v1.41/containers/run/archive?path=/tmp', await archive(member), tar);
  assert.not.ok(existsSync(outside));
  for (const path of [`../../../../../../..${box.config}`, `/tmp/up/${basename(box.config)}`]) {
    const { status } = await here('GET', `/v1.41/containers/run/archive?path=${path}`);
    assert.is(status, 404, path);
  }
});

test.run();
