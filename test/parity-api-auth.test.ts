// @mounts-nothing its subject is whom a registry is asked as
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { archive } from './support/archive.ts';
import { clientWithImage } from './support/both.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { type Answer, type Ask, asking, type Daemon, startDaemon } from './support/daemon.ts';
import { dockerd } from './support/dockerd.ts';
import { freePort, type Registry, registry } from './support/registry.ts';
import { docker2010, findProgram, requires } from './support/requires.ts';

/** A registry that asks for a password: what Docker 20.10's daemon and ours answer with a right one, a wrong one and none. */
const test = requires('root', 'overlayfs', 'busybox', 'dockerd', 'docker-20.10', 'docker-registry', 'skopeo');
let box: BusyboxEngine;
let daemon: Daemon;
let there: Ask;
let here: Ask;
let store: Registry;
/** An image in the registry, for all to pull. */
let name: string;

test.before(async () => {
  box = await busyboxEngine();
  daemon = await startDaemon(box);
  here = daemon.ask;
  const { host } = await dockerd();
  there = asking(host.replace('unix://', ''));
  await clientWithImage({ DOCKER_HOST: host, DOCKER_CONFIG: temporaryFolder('docker-config') });
  const hash = spawnSync('perl', ['-e', 'print crypt("secret", "\\$2y\\$05\\$abcdefghijklmnopqrstuu")']).stdout;
  const file = join(temporaryFolder('auth'), 'htpasswd');
  writeFileSync(file, `student:${hash}\n`);
  store = await registry({ auth: { htpasswd: { realm: 'test', path: file } } });
  name = `${store.host}/tools/busybox`;
  const { layout, tag } = await busyboxImage();
  const target = [
    '--dest-tls-verify=false',
    '--dest-creds',
    'student:secret',
    `oci:${layout}:${tag}`,
    `docker://${name}:1`,
  ];
  const pushed = spawnSync(findProgram('skopeo')!, ['--insecure-policy', 'copy', '-q', ...target], {
    encoding: 'utf8',
  });
  assert.is(pushed.status, 0, pushed.stderr);
});
test.after(async () => {
  store.stop();
  await daemon.end();
});

/** base64 of URLs, with its padding, without which Docker's daemon reads nothing. */
const encoded = (of: object) =>
  Buffer.from(JSON.stringify(of)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
const right = { username: 'student', password: 'secret' };
const wrong = { username: 'student', password: 'wrong' };
const as = (whom: object) => ({ 'X-Registry-Auth': encoded(whom) });

const gist = ({ json }: Answer): string => json.message ?? json.Status;

/** A wrong password is a fault of its own to Docker 20.10; to its documentation, and to later ones, it is the client's. */
const fits = (docker: number, ours: number) =>
  [401, 500].includes(docker) ? [401, 403, 500].includes(ours) : ours === docker;

test('POST /auth: the right password, a wrong one, none, no name, a registry that is not there', async () => {
  const closed = `127.0.0.1:${await freePort()}`;
  const server = { serveraddress: store.host };
  for (const [body, said] of [
    [{ ...right, ...server }, 'Login Succeeded'],
    [{ ...right, serveraddress: `http://${store.host}/v2/` }, 'Login Succeeded'],
    [{ ...wrong, ...server }, `login attempt to http://${store.host}/v2/ failed with status: 401 Unauthorized`],
    [{ ...right, password: '', ...server }, undefined],
    [server, undefined],
    [{ ...right, serveraddress: closed }, undefined],
  ] as const) {
    const [docker, ours] = [await there('POST', '/v1.41/auth', body), await here('POST', '/v1.41/auth', body)];
    assert.ok(
      fits(docker.status, ours.status),
      `${JSON.stringify(body)}\n${docker.status} ${docker.text}\n${ours.status} ${ours.text}`,
    );
    if (said !== undefined) assert.equal([gist(docker), gist(ours)], [said, said]);
    else assert.ok(gist(ours));
  }
});

test('X-Registry-Auth of a pull, of a push and of a look into the registry', async () => {
  for (const headers of [as(right), as(wrong), {}]) {
    const requests: Parameters<Ask>[] = [
      ['POST', `/v1.41/images/create?fromImage=${name}&tag=1`, undefined, headers],
      ['GET', `/v1.41/distribution/${name}:1/json`, undefined, headers],
      ['POST', `/v1.41/images/${store.host}/made/push?tag=1`, undefined, headers],
    ];
    for (const ask of [there, here]) await ask('POST', `/v1.41/images/bb/tag?repo=${store.host}/made&tag=1`);
    for (const request of requests) {
      const [docker, ours] = [await there(...request), await here(...request)];
      const label = `${request[1]} ${JSON.stringify(headers)}\n${docker.status} ${docker.text}\n${ours.status} ${ours.text}`;
      assert.ok(fits(docker.status, ours.status), label);
      assert.is(/error|"message"/.test(ours.text), /error|"message"/.test(docker.text), label);
    }
    for (const ask of [there, here]) await ask('DELETE', `/v1.41/images/${name}:1`);
  }
});

test('X-Registry-Config of a build: a base image of a registry with a password', async () => {
  const context = await archive([{ name: 'Dockerfile', content: `FROM ${name}:1\nRUN true\n` }]);
  const build = (ask: Ask, headers: Record<string, string>) =>
    ask('POST', '/v1.41/build?pull=1', context, { 'Content-Type': 'application/x-tar', ...headers });
  for (const [whom, works] of [
    [{ [store.host]: right }, true],
    [{ [store.host]: wrong }, false],
    [{ 'other.example': right }, false],
    [undefined, false],
  ] as const) {
    const headers: Record<string, string> = whom === undefined ? {} : { 'X-Registry-Config': encoded(whom) };
    for (const ask of [there, here]) {
      const { status, text } = await build(ask, headers);
      const label = `${ask === here ? 'ours' : 'Docker'} ${JSON.stringify(whom)}: ${status} ${text}`;
      assert.is(/Successfully built/.test(text), works, label);
      if (!works) assert.match(text, /unauthorized|denied|no basic auth credentials/, label);
      await ask('DELETE', `/v1.41/images/${name}:1?force=1`);
    }
  }
});

for (const client of [...new Set([docker2010()!, findProgram('docker')!])])
  test(`${client} logs in, pushes, pulls, logs out, with our daemon`, () => {
    const config = temporaryFolder('login');
    mkdirSync(config, { recursive: true });
    const env = { ...process.env, DOCKER_HOST: daemon.host, DOCKER_CONFIG: config, DOCKER_BUILDKIT: '0' };
    const docker = (line: string, input = '') => {
      const { status, stdout, stderr } = spawnSync(client, line.split(' '), { env, input, encoding: 'utf8' });
      return { status, stdout, stderr };
    };
    const said = (line: string, input?: string) => {
      const { status, stdout, stderr } = docker(line, input);
      assert.is(status, 0, `${line}: ${stderr}`);
      return stdout;
    };
    const refused = docker(`login -u student --password-stdin ${store.host}`, 'wrong\n');
    assert.is(refused.status, 1);
    assert.match(refused.stderr, `login attempt to http://${store.host}/v2/ failed with status: 401 Unauthorized`);
    assert.match(said(`login -u student --password-stdin ${store.host}`, 'secret\n'), 'Login Succeeded');
    assert.is(
      JSON.parse(readFileSync(join(config, 'config.json'), 'utf8')).auths[store.host].auth,
      Buffer.from('student:secret').toString('base64'),
    );
    said(`tag bb ${store.host}/own:1`);
    assert.match(said(`push ${store.host}/own:1`), /1: digest: sha256:/);
    said(`rmi ${store.host}/own:1`);
    const folder = temporaryFolder('context');
    writeFileSync(join(folder, 'Dockerfile'), `FROM ${store.host}/own:1\n`);
    assert.match(said(`build -t built ${folder}`), /Successfully tagged built:latest/);
    said(`rmi built ${store.host}/own:1`);
    assert.match(said(`pull ${store.host}/own:1`), /Downloaded newer image/);
    said(`rmi ${store.host}/own:1`);
    said(`logout ${store.host}`);
    const denied = docker(`pull ${store.host}/own:1`);
    assert.is(denied.status, 1);
    assert.match(denied.stderr, 'no basic auth credentials');
  });

/** What the command of a build wrote. */
const written = ({ text }: Answer) => [...text.matchAll(/^\{"stream":"(.*)"\}\r?$/gm)].map(([, said]) => said).join('');

requires(
  'root',
  'overlayfs',
  'busybox',
  'dockerd',
  'docker-20.10',
  'cgroup1',
)('the limits of a build are those of its commands; what cannot be limited is refused', async () => {
  const kernel = ['memory/memory.limit_in_bytes', 'cpu/cpu.shares', 'cpu/cpu.cfs_quota_us'];
  const shown = `ulimit -n; df -k /dev/shm | awk 'END { print $2 }'; cat ${kernel.map(file => `/sys/fs/cgroup/${file}`).join(' ')}`;
  const context = await archive([{ name: 'Dockerfile', content: `FROM bb\nRUN ${shown}\n` }]);
  const type = { 'Content-Type': 'application/x-tar' };
  const ulimits = encodeURIComponent(JSON.stringify([{ Name: 'nofile', Soft: 99, Hard: 100 }]));
  const limits = `memory=${64 << 20}&memswap=-1&cpushares=300&cpuperiod=100000&cpuquota=50000&cpusetcpus=0&shmsize=${2 << 20}&ulimits=${ulimits}`;
  for (const ask of [there, here]) {
    const answer = await ask('POST', `/v1.41/build?nocache=1&${limits}`, context, type);
    assert.match(written(answer), `99\\n2048\\n${64 << 20}\\n300\\n50000\\n`, answer.text);
  }
  for (const query of ['memory=1', 'ulimits=nonsense', 'cachefrom=nonsense']) {
    const { status, text } = await here('POST', `/v1.41/build?nocache=1&${query}`, context, type);
    assert.ok(status === 400 || /"error"/.test(text), `${query}: ${status} ${text}`);
  }
});

test.run();
