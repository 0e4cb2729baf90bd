// @mounts-nothing its subject is what two daemons answer
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { archive, gzipped } from './support/archive.ts';
import { clientWithImage, type Pair } from './support/both.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { type Answer, type Ask, asking, type Daemon, startDaemon } from './support/daemon.ts';
import { dockerd } from './support/dockerd.ts';
import { type Registry, registry } from './support/registry.ts';
import { requires } from './support/requires.ts';

/** Images, networks, volumes and builds: the same requests to Docker 20.10's daemon and to ours, and its own client with ours. */
const test = requires('root', 'overlayfs', 'busybox', 'dockerd', 'docker-20.10', 'docker-registry');
let box: BusyboxEngine;
let daemon: Daemon;
let there: Ask;
let here: Ask;
let client: Pair['docker'];
let store: Registry;

test.before(async () => {
  box = await busyboxEngine();
  daemon = await startDaemon(box);
  here = daemon.ask;
  const { host } = await dockerd();
  there = asking(host.replace('unix://', ''));
  const config = temporaryFolder('docker-config');
  await clientWithImage({ DOCKER_HOST: host, DOCKER_CONFIG: config });
  client = await clientWithImage({ DOCKER_HOST: daemon.host, DOCKER_CONFIG: config, DOCKER_BUILDKIT: '0' });
  // Both have `bb` alone.
  for (const ask of [there, here]) await ask('POST', '/v1.41/images/prune');
  store = await registry();
});
test.after(async () => {
  store.stop();
  await daemon.end();
});

/** Keys and the kinds of their values: what a client's decoder needs. Of a list its first item. */
function formOf(json: unknown): unknown {
  if (Array.isArray(json)) return json.slice(0, 1).map(formOf);
  if (json === null || typeof json !== 'object') return json === null ? 'null' : typeof json;
  return Object.fromEntries(Object.entries(json).map(([key, one]) => [key, formOf(one)]));
}

/** Maps whose keys are data; nil or empty, as who asked had it. */
const data = new Set(['GraphDriver', 'Labels', 'Metadata', 'Options']);
const withoutData = (json: unknown): unknown =>
  JSON.parse(JSON.stringify(json ?? null, (key, one) => (data.has(key) ? null : one)));

type Case = [method: string, path: string, body?: unknown];
const filters = (given: object) => `filters=${encodeURIComponent(JSON.stringify(given))}`;

/** Both answer with the same status; what is well goes on in the same form, keys in the same order. */
const alike: Case[] = [
  ['GET', '/images/json'],
  ['GET', `/images/json?${filters({ reference: ['bb'] })}`],
  ['GET', `/images/json?${filters({ dangling: ['true'] })}`],
  ['GET', `/images/json?${filters({ x: ['y'] })}`],
  ['GET', '/images/bb/json'],
  ['GET', '/images/nosuch/json'],
  ['GET', '/images/bb/history'],
  ['GET', '/images/nosuch/history'],
  ['POST', '/images/bb/tag?repo=a/b&tag=1'],
  ['POST', '/images/nosuch/tag?repo=a'],
  ['POST', '/images/bb/tag?repo=BAD'],
  ['DELETE', '/images/a/b:1'],
  ['DELETE', '/images/nosuch'],
  ['POST', '/images/prune'],
  ['POST', '/images/create?fromImage=BAD&tag=b'],
  ['POST', '/images/bb/push'],
  ['GET', '/images/get?names=nosuch'],
  ['GET', '/networks'],
  ['GET', `/networks?${filters({ x: ['y'] })}`],
  ['GET', '/networks/host'],
  ['GET', '/networks/nosuch'],
  ['DELETE', '/networks/nosuch'],
  ['DELETE', '/networks/host'],
  ['POST', '/networks/create', ''],
  ['POST', '/networks/create', { Name: 5 }],
  ['POST', '/networks/prune'],
  ['GET', '/volumes'],
  ['POST', '/volumes/create', { Name: 'v1', Labels: { a: 'b' } }],
  ['POST', '/volumes/create', { Name: 'a' }],
  ['GET', '/volumes'],
  ['GET', '/volumes/v1'],
  ['GET', '/volumes/nosuch'],
  ['GET', `/volumes?${filters({ x: ['y'] })}`],
  ['DELETE', '/volumes/v1'],
  ['DELETE', '/volumes/nosuch'],
  ['DELETE', '/volumes/nosuch?force=1'],
  ['POST', '/volumes/prune'],
  ['POST', '/build/prune'],
  ['POST', '/commit?container=nosuch'],
];

test('statuses, keys and types are Docker’s', async () => {
  const wrong: string[] = [];
  for (const [method, path, body] of alike) {
    const headers = { 'Content-Type': 'application/json' };
    const ask = (of: Ask) => of(method, `/v1.41${path}`, body, headers);
    const [docker, ours] = [await ask(there), await ask(here)];
    // Docker here has no bridge network, which would come first; the order of networks is its own.
    const pick = ({ json }: Answer) =>
      path === '/networks' ? json.filter(({ Name }: { Name: string }) => Name === 'host') : json;
    const [form, own] = [docker, ours].map(answer => JSON.stringify(formOf(withoutData(pick(answer)))));
    // Some of what a client did wrong counts as a fault of its own in Docker 20.10, and not in later ones.
    const fits = docker.status === 500 ? ours.status >= 400 : ours.status === docker.status;
    if (!fits || own !== form)
      wrong.push(`${method} ${path}\nDocker: ${docker.status} ${docker.text}\nours:   ${ours.status} ${ours.text}`);
  }
  assert.is(wrong.join('\n'), '');
});

test('a list of containers says of each what Docker’s says', async () => {
  const request = {
    Image: 'bb',
    Cmd: ['sleep', 'a b'],
    Labels: { a: 'b' },
    HostConfig: { NetworkMode: 'host', Binds: ['vol2:/v:ro'] },
  };
  const made = await there('POST', '/v1.41/containers/create?name=web', request);
  assert.is(made.status, 201, made.text);
  await box.ok(['create', '--name', 'web', '-l', 'a=b', '--network', 'host', '-v', 'vol2:/v:ro', 'bb', 'sleep', 'a b']);
  const [docker, ours] = await Promise.all([there, here].map(ask => ask('GET', '/v1.41/containers/json?all=1&size=1')));
  assert.is(JSON.stringify(formOf(ours!.json)), JSON.stringify(formOf(docker!.json)), `${docker!.text}${ours!.text}`);
  const unlike = ['Id', 'ImageID', 'Created', 'SizeRootFs', 'Source', 'NetworkSettings'];
  const known = (list: unknown) => JSON.stringify(list, (key, one) => (unlike.includes(key) ? undefined : one));
  assert.is(known(ours!.json), known(docker!.json));
  await box.ok(['rm', 'web']);
  await there('DELETE', '/v1.41/containers/web');
  for (const ask of [there, here]) await ask('DELETE', '/v1.41/volumes/vol2');
});

/** Our daemon with Docker's client: what it prints and its exit code. */
function docker(line: string, input?: string | Buffer): string {
  const { code, stdout, stderr } = client(line.split(' '), input);
  assert.is(code, 0, `docker ${line}: ${stderr}`);
  return stdout;
}

test('docker pushes, pulls, saves, loads, imports and removes images', () => {
  const name = `${store.host}/a/b:1`;
  docker(`tag bb ${name}`);
  assert.match(docker(`push ${name}`), /: Pushed\n1: digest: sha256:[0-9a-f]{64} size: \d+\n$/);
  docker(`rmi ${name}`);
  assert.match(docker(`pull ${name}`), /\nStatus: Downloaded newer image for .*\/a\/b:1\n/);
  assert.match(docker(`pull ${name}`), /\nStatus: Image is up to date for /);
  assert.match(docker('images --digests'), /\/a\/b +1 +sha256:/);
  const archive = join(temporaryFolder('saved'), 'a.tar');
  docker(`save -o ${archive} ${name} bb`);
  docker(`rmi ${name}`);
  assert.match(docker(`load -i ${archive}`), /Loaded image: .*\/a\/b:1\n/);
  const { code, stderr } = client(['pull', `${store.host}/no/such:1`]);
  assert.is(code, 1);
  assert.match(stderr, /^Error response from daemon: manifest for .*no\/such:1 not found/);
});

test('a registry is asked as whom the client says', async () => {
  const auth = Buffer.from(JSON.stringify({ username: 'u', password: 'p' })).toString('base64url');
  const { status, json } = await here('GET', `/distribution/${store.host}/a/b:1/json`, undefined, {
    'X-Registry-Auth': auth,
  });
  assert.is(status, 200);
  assert.is(json.Descriptor.mediaType, 'application/vnd.docker.distribution.manifest.v2+json');
  assert.equal(json.Platforms, [{ architecture: 'amd64', os: 'linux' }]);
});

const dockerfile = 'FROM bb\nARG A=1\nRUN echo hello $A\nCOPY f /f\n';

test('docker builds with the classic builder', () => {
  const folder = temporaryFolder('context');
  writeFileSync(join(folder, 'Dockerfile'), dockerfile);
  writeFileSync(join(folder, 'f'), 'f');
  const built = docker(`build -t built:1 --build-arg A=2 --label x=y ${folder}`);
  assert.match(built, /Step 3\/5 : RUN echo hello \$A\n ---> Running in [0-9a-f]{12}\nhello 2\n/);
  assert.match(built, /\nSuccessfully built [0-9a-f]{12}\nSuccessfully tagged built:1\n$/);
  assert.match(docker('inspect -f {{.Config.Labels.x}} built:1'), /^y\n$/);
  assert.match(docker('history built:1'), /COPY file:/);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM bb\nRUN exit 7\n');
  const failed = client(['build', folder]);
  assert.is(failed.code, 7);
  assert.match(failed.stderr, /The command '\/bin\/sh -c exit 7' returned a non-zero code: 7/);
});

test('a build takes a context in gzip, and nothing out of it: a Dockerfile that is a link leads nowhere', async () => {
  const type = { 'Content-Type': 'application/x-tar' };
  const members = [
    { name: 'Dockerfile', content: dockerfile },
    { name: 'f', content: 'f' },
  ];
  const good = await here('POST', '/v1.41/build?q=1', await gzipped(members), type);
  assert.is(good.status, 200, good.text);
  assert.match(good.text, /^\{"stream":"sha256:[0-9a-f]{64}\\n"\}\n$/);
  const told = await here('POST', '/v1.41/build', await archive(members), type);
  assert.match(told.text, /\n\{"aux":\{"ID":"sha256:[0-9a-f]{64}"\}\}\n/);
  const link = await archive([{ name: 'Dockerfile', type: 'symlink', linkname: '../../../../etc/hostname' }]);
  const stolen = await here('POST', '/v1.41/build', link, type);
  assert.is(stolen.status, 404);
  assert.match(stolen.json.message, /^Cannot locate specified Dockerfile: Dockerfile$/);
  const dots = await here('POST', '/v1.41/build?dockerfile=../../../../etc/hostname', await archive(members), type);
  assert.is(dots.status, 404);
  const unknown = await here('POST', '/v1.41/build?version=2', await archive(members), type);
  assert.equal([unknown.status, unknown.json.message], [400, 'BuildKit is not served here']);
});

test('networks and volumes are made, asked for and removed with Docker’s client', () => {
  docker('network create --label a=b --internal net1');
  assert.is(docker('network inspect -f {{.Internal}},{{.Driver}},{{.Labels.a}} net1'), 'true,bridge,b\n');
  assert.match(docker('network ls --filter label=a'), /net1/);
  docker('network rm net1');
  docker('volume create --label a=b vol1');
  assert.is(docker('volume ls -q --filter label=a'), 'vol1\n');
  assert.match(docker('volume rm vol1'), /vol1/);
});

test('from API 1.42 on a prune keeps volumes that somebody named, unless all are meant', async () => {
  await here('POST', '/v1.42/volumes/create', { Name: 'kept' });
  const { json: made } = await here('POST', '/v1.42/volumes/create', {});
  const first = await here('POST', '/v1.42/volumes/prune');
  assert.equal(first.json.VolumesDeleted, [made.Name]);
  const second = await here('POST', `/v1.42/volumes/prune?${filters({ all: ['true'] })}`);
  assert.equal(second.json.VolumesDeleted, ['kept']);
});

test.run();
