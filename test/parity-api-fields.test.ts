// @mounts-nothing its subject is what two daemons answer
import http from 'node:http';
import * as assert from 'uvu/assert';
import { archive } from './support/archive.ts';
import { clientWithImage } from './support/both.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder, testRun } from './support/cleanup.ts';
import { type Ask, asking, type Daemon, startDaemon } from './support/daemon.ts';
import { dockerd } from './support/dockerd.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

/**
 * The same requests to Docker 20.10's daemon and to ours: each answer has the same fields, of the same types, and the same values
 * where they are no engine's own. What differs on purpose is named below, and in docs/differences.md.
 */
const test = requires('root', 'overlayfs', 'iptables', 'busybox', 'dockerd', 'docker-20.10');
let box: BusyboxEngine;
let daemon: Daemon;
let there: Ask;
let here: Ask;
let dockerSocket: string;

/** Two engines on one machine cannot have the same subnet. */
const third = Number.parseInt(testRun, 16) & 127;
const subnetOf = (ask: Ask) => `10.212.${ask === there ? third : 128 + third}`;

test.before(async () => {
  box = await busyboxEngine();
  daemon = await startDaemon(box);
  here = daemon.ask;
  const { host } = await dockerd();
  dockerSocket = host.replace('unix://', '');
  there = asking(dockerSocket);
  await clientWithImage({ DOCKER_HOST: host, DOCKER_CONFIG: temporaryFolder('docker-config') });
});
test.after(async () => {
  await box.removeAll();
  await daemon.end();
});

const shared = temporaryFolder('shared');

/** Values that are an engine's own: their types are compared. */
const own =
  /(^|\.|\])(Id|ID|Created|CreatedAt|StartedAt|FinishedAt|Start|End|Image|ImageID|Parent|ParentId|Pid|ResolvConfPath|HostnamePath|HostsPath|LogPath|Mountpoint|Source|Hostname|SandboxKey|HostPort|PublicPort|IPv4Address|IPAddress|Gateway|Subnet|MacAddress|NetworkID|EndpointID|ContainerID|Runtime|DefaultRuntime|LowerDir|MergedDir|UpperDir|WorkDir|Status|Size|SizeRw|SizeRootFs|VirtualSize|LayersSize|SharedSize|LastTagTime|DockerVersion|Container|CreatedBy|time|timeNano|id|from|container|image|SystemTime|Version|KernelVersion|ServerVersion|DockerRootDir|Images|Layers\[\]|Processes\[\]\[\]|Aliases\[\]|read|preread|total_usage|percpu_usage\[\]|usage_in_kernelmode|usage_in_usermode|system_cpu_usage|current|usage|max_usage|[a-z]+_(bytes|packets)|SpaceReclaimed|Name|Log|imageID|io_servic[a-z_]+|major|minor|op|value)$|memory_stats\.stats\.|throttling_data\./;

/** Where the two differ on purpose, or for want of a thing; docs/differences.md says why. */
const differing: readonly RegExp[] = [
  // As asked there; here what Docker's own client asks for where its user says nothing.
  /HostConfig\.(PortBindings|Dns|DnsOptions|DnsSearch|BlkioWeightDevice|Devices|RestartPolicy\.Name|CapAdd\[\])$/,
  /\.Config\.Env$/,
  /IPAM\.Options$/,
  // Newer defaults.
  /HostConfig\.(CgroupnsMode|MaskedPaths)$/,
  // Things of which there are none: sandboxes, directories where an image is mounted, the containers that images were made in.
  /NetworkSettings\.SandboxID$/,
  /^image.*\.(GraphDriver\.Data\.(MergedDir|WorkDir)|ContainerConfig)$/,
  /^df\.BuildCache$/,
  // What each is made of.
  /^info\.(DriverStatus|Plugins\.(Network|Log)|Runtimes|InitBinary|(Containerd|Runc|Init)Commit)/,
  /^info\.(KernelMemory|KernelMemoryTCP|BridgeNfIptables|BridgeNfIp6tables|NFd|NGoroutines)$/,
  /^version\.(Platform|Components|ApiVersion|MinAPIVersion|GitCommit|GoVersion|BuildTime)/,
  // The kernel tells more counters than Docker 20.10 knows.
  /memory_stats\.stats\.(total_)?(shmem|swap|swapcached|workingset_refault_(anon|file))$/,
  /^history.*\.Comment$/,
];

/** How two documents differ: in keys, in types, and in values that are not an engine's own. */
function differences(docker: unknown, ours: unknown, path = ''): string[] {
  if (differing.some(one => one.test(path))) return [];
  const shown = (json: unknown) => JSON.stringify(json)?.slice(0, 300) ?? 'nothing';
  const differs = [`${path}: ${shown(docker)} / ${shown(ours)}`];
  if (kindOf(docker) !== kindOf(ours)) return differs;
  if (Array.isArray(docker) && Array.isArray(ours)) {
    const lengths = docker.length === ours.length || own.test(path) ? [] : differs;
    return [...lengths, ...docker.slice(0, ours.length).flatMap((one, i) => differences(one, ours[i], `${path}[]`))];
  }
  if (docker !== null && typeof docker === 'object') {
    const [one, other] = [docker as Record<string, unknown>, ours as Record<string, unknown>];
    return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap(key =>
      differences(one[key], other[key], `${path}.${key}`),
    );
  }
  // An id is an engine's own: whether there is one is not.
  const isThere = !/\.(NetworkID|EndpointID)$/.test(path) || (docker === '') === (ours === '');
  return docker === ours || (own.test(path) && isThere) ? [] : differs;
}

const kindOf = (json: unknown) => (json === null ? 'null' : Array.isArray(json) ? 'array' : typeof json);

/** Asks both the same, and compares what is asked for of the answers. */
async function same(what: string, ask: (of: Ask) => Promise<unknown>): Promise<void> {
  const [docker, ours] = [await ask(there), await ask(here)];
  assert.is(differences(docker, ours, what).join('\n'), '');
}

const get = (path: string) => async (ask: Ask) => sorted((await ask('GET', `/v1.41${path}`)).json);
const post = (path: string, body?: unknown) => async (ask: Ask) => (await ask('POST', `/v1.41${path}`, body)).json;

/** Lists that Docker orders at random; what a network says of containers, without their ids. */
const sorted = (json: unknown): unknown =>
  JSON.parse(
    JSON.stringify(json, (key, list: unknown) => {
      if (key === 'Containers' && list && !Array.isArray(list)) return Object.values(list);
      const by: Record<string, string> = { Mounts: 'Destination', Ports: 'PrivatePort', Volumes: 'Name' };
      if (!Array.isArray(list)) return list;
      // Images of one second have no order.
      const field = list[0]?.RepoTags === undefined ? by[key] : 'RepoTags';
      if (field === undefined) return list;
      return [...(list as Record<string, string>[])].sort((a, b) => (String(a[field]) < String(b[field]) ? -1 : 1));
    }) ?? 'null',
  );

const asked = (subnet: string) => ({
  Image: 'bb',
  Cmd: ['sh', '-c', 'echo out; echo err >&2; exec sleep 1000'],
  Env: ['A=b'],
  Labels: { tier: 'front' },
  ExposedPorts: { '80/tcp': {}, '53/udp': {} },
  Volumes: { '/anonymous': {} },
  StopSignal: 'SIGKILL',
  StopTimeout: 5,
  User: '0:0',
  WorkingDir: '/tmp',
  HostConfig: {
    Binds: ['rows:/rows', `${shared}:/host:ro`],
    Mounts: [{ Type: 'tmpfs', Target: '/scratch', TmpfsOptions: { SizeBytes: 1 << 20 } }],
    NetworkMode: 'back',
    PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 },
    Memory: 64 << 20,
    NanoCpus: 500_000_000,
    Ulimits: [{ Name: 'nofile', Soft: 100, Hard: 200 }],
    CapAdd: ['NET_ADMIN'],
    Dns: ['192.0.2.1'],
    ExtraHosts: ['a:192.0.2.2'],
    Init: true,
    LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
  },
  NetworkingConfig: { EndpointsConfig: { back: { Aliases: ['site'], IPAMConfig: { IPv4Address: `${subnet}.9` } } } },
});

/** An archive, byte by byte. */
async function readAll(of: Ask, path: string): Promise<Buffer> {
  const socketPath = of === here ? daemon.socket : dockerSocket;
  return await new Promise((resolve, reject) => {
    http
      .get({ socketPath, path, agent: false }, response => {
        const chunks: Buffer[] = [];
        response.on('data', chunk => chunks.push(chunk)).once('end', () => resolve(Buffer.concat(chunks)));
      })
      .once('error', reject);
  });
}

/** Both do it. */
async function ask(...request: Parameters<Ask>): Promise<void> {
  for (const one of [there, here]) {
    const { status, text } = await one(...request);
    assert.ok(status < 300, `${request.slice(0, 2).join(' ')}: ${status} ${text}`);
  }
}

const begun = Math.floor(Date.now() / 1000) - 1;

test('what is asked for a network, a volume and a container is answered alike', async () => {
  await same('network created', async of => {
    const pool = { Subnet: `${subnetOf(of)}.0/24`, Gateway: `${subnetOf(of)}.1` };
    const options = { 'com.docker.network.bridge.enable_icc': 'true' };
    return post('/networks/create', { Name: 'back', Labels: { a: 'b' }, Options: options, IPAM: { Config: [pool] } })(
      of,
    );
  });
  await same('volume', post('/volumes/create', { Name: 'rows', Labels: { a: 'b' } }));
  const plain = { Image: 'bb', Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none' } };
  await same('create', post('/containers/create?name=plain', plain));
  await same('create', of => post('/containers/create?name=web', asked(subnetOf(of)))(of));
  // By itself: a probe is an exec, and Docker lists it as one while it runs.
  const probe = { Test: ['CMD-SHELL', 'echo fine'], Interval: 500_000_000 };
  await same('create', post('/containers/create?name=checked', { ...plain, Healthcheck: probe }));
  for (const name of ['plain', 'web']) await same(`created ${name}`, get(`/containers/${name}/json`));
});

test('a container that runs: inspected, listed, its counters, its processes, its execs', async () => {
  for (const name of ['plain', 'web', 'checked']) await ask('POST', `/v1.41/containers/${name}/start`);
  await same('checked', of =>
    eventually(async () => {
      const { json } = await of('GET', '/v1.41/containers/checked/json');
      return json.State.Health.Status === 'healthy' && [json.State.Health, json.Config.Healthcheck];
    }, 60),
  );
  for (const name of ['plain', 'web']) await same(`running ${name}`, get(`/containers/${name}/json?size=1`));
  await same('list', get('/containers/json?all=1&size=1'));
  await same('stats', get('/containers/web/stats?stream=0'));
  for (const name of ['plain', 'web']) await same('stats', get(`/containers/${name}/stats?stream=0&one-shot=1`));
  for (const name of ['plain', 'web']) await same('top', get(`/containers/${name}/top`));
  const exec = { Cmd: ['sh', '-c', 'exit 3'], AttachStdout: true, AttachStderr: true, Env: ['A=b'] };
  await same('exec', async of => {
    const created = await of('POST', '/v1.41/containers/plain/exec', exec);
    const inspect = async () => (await of('GET', `/v1.41/exec/${created.json.Id}/json`)).json;
    const before = await inspect();
    await of('POST', `/v1.41/exec/${created.json.Id}/start`, { Detach: true });
    const after = await eventually(async () => {
      const found = await inspect();
      return found.ExitCode !== null && found;
    }, 30);
    return [created.json, before, after];
  });
  await same('updated', post('/containers/web/update', { Memory: 32 << 20, MemorySwap: 64 << 20 }));
  const byPath = (a: { Path: string }, b: { Path: string }) => (a.Path < b.Path ? -1 : 1);
  await same('changes', async of => (await of('GET', '/v1.41/containers/web/changes')).json.sort(byPath));
});

test('networks, volumes, the disk, the daemon', async () => {
  for (const path of [
    '/networks/back',
    '/networks/none',
    `/networks?filters=${encodeURIComponent('{"name":["back"]}')}`,
  ])
    await same(`network ${path}`, get(path));
  // Clients of before 1.28 find in the list who is connected.
  const named = `?filters=${encodeURIComponent('{"name":["back"]}')}`;
  await same('network in an old list', async of => sorted((await of('GET', `/v1.27/networks${named}`)).json));
  for (const path of ['/volumes/rows', '/volumes']) await same(`volume ${path}`, get(path));
  await same('df', get('/system/df'));
  await same('plugins', get('/plugins'));
  await same('info', get('/info'));
  await same('version', get('/version'));
});

test('a container that ended; images that were built and committed', async () => {
  await ask('POST', '/v1.41/containers/web/stop');
  await same('waited', post('/containers/web/wait'));
  await same('exited', get('/containers/web/json'));
  await same('list', get('/containers/json?all=1'));
  const lines = [
    'FROM bb',
    'ENV A=b',
    'EXPOSE 80',
    'VOLUME /v',
    'RUN echo a > /f',
    'LABEL x=y',
    'HEALTHCHECK CMD true',
  ];
  lines.push('STOPSIGNAL KILL', 'ENTRYPOINT ["sh"]', 'ONBUILD RUN true');
  const context = await archive([{ name: 'Dockerfile', content: lines.join('\n') }]);
  await ask('POST', '/v1.41/build?t=made:1', context, { 'Content-Type': 'application/x-tar' });
  await same('committed', post('/commit?container=web&repo=committed&comment=why&author=who'));
  const config = {
    Cmd: ['only'],
    Env: ['A=c', 'D=e'],
    ExposedPorts: { '9/tcp': {} },
    Volumes: { '/w': {} },
    Labels: { tier: 'back', more: '1' },
    Healthcheck: { Interval: 9e9 },
    Hostname: 'asked',
    Tty: true,
    StopTimeout: 0,
    Entrypoint: [],
  };
  await same('asked', post('/commit?container=web&repo=asked&changes=ENV%20F=g', config));
  await same('nothing asked', post('/commit?container=checked&repo=unasked&changes=ENTRYPOINT%20[]', { repo: 'x' }));
  for (const name of ['asked', 'unasked']) {
    await same(`image ${name}`, get(`/images/${name}/json`));
    await same(`history ${name}`, get(`/images/${name}/history`));
  }
  for (const body of [{ Cmd: 5 }, { Env: { A: 'b' } }])
    await same('refused', async of => (await of('POST', '/v1.41/commit?container=web', body)).status >= 400);
  await same('image built', get('/images/made:1/json'));
  await same('image committed', get('/images/committed/json'));
  await same('images', get('/images/json'));
  for (const name of ['made:1', 'committed']) await same(`history ${name}`, get(`/images/${name}/history`));
});

test('a path of a container: its last word, where its link leads; what replaces what', async () => {
  const type = { 'Content-Type': 'application/x-tar' };
  const put = (query: string, content: Buffer) => ask('PUT', `/v1.41/containers/plain/archive?${query}`, content, type);
  await put(
    'path=/tmp',
    await archive([
      { name: 'd', type: 'directory' },
      { name: 'd/in', content: 'x' },
      { name: 'f', content: 'x' },
      { name: 'l', type: 'symlink', linkname: 'd' },
      { name: 'broken', type: 'symlink', linkname: 'nowhere' },
    ]),
  );
  const stat = async (of: Ask, path: string) => {
    const { headers } = await of('HEAD', `/v1.41/containers/plain/archive?path=${path}`);
    const { mtime: _, ...told } = JSON.parse(
      Buffer.from(String(headers['x-docker-container-path-stat']), 'base64').toString(),
    );
    return told;
  };
  for (const path of ['/', '/tmp/d', '/tmp/d/', '/tmp/d/.', '/tmp/l', '/tmp/l/', '/tmp/l/in', '/tmp/broken', 'tmp/f'])
    assert.equal(await stat(here, path), await stat(there, path), path);
  await put('path=/tmp', await archive([{ name: 'f', type: 'directory' }]));
  await put('path=/tmp', await archive([{ name: 'd', content: 'file' }]));
  for (const path of ['/tmp/d', '/tmp/f']) assert.equal(await stat(here, path), await stat(there, path), path);
});

test('events tell the same of images: imported, tagged, committed, saved, loaded, removed', async () => {
  const since = Math.floor(Date.now() / 1000);
  const content = await archive([{ name: 'f', content: 'x' }]);
  await ask('POST', '/v1.41/images/create?fromSrc=-&repo=events:old&tag=1', content);
  await ask('POST', '/v1.41/images/events:1/tag?repo=events:1&tag=2');
  await ask('POST', '/v1.41/commit?container=web&repo=events&tag=3');
  await ask('POST', '/v1.41/commit?container=web&repo=docker.io/library/events-bare');
  await ask('POST', '/v1.41/images/create?fromSrc=-&repo=events-bare', content);
  await ask('POST', '/v1.41/images/events:1/tag?repo=events-bare');
  for (const of of [there, here]) {
    const tar = await readAll(of, '/v1.41/images/events:1/get');
    assert.is((await of('POST', '/v1.41/images/load', tar, { 'Content-Type': 'application/x-tar' })).status, 200);
  }
  for (const tag of ['1', '2', '3']) await ask('DELETE', `/v1.41/images/events:${tag}`);
  await ask('DELETE', '/v1.41/images/events-bare');
  const filters = encodeURIComponent('{"type":["image"]}');
  const told = async (of: Ask) => {
    const until = Math.floor(Date.now() / 1000) + 1;
    const { text } = await of('GET', `/v1.41/events?since=${since}&until=${until}&filters=${filters}`);
    const all = text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    // The second in which this began has events of the case before.
    return all
      .slice(all.findIndex(({ Actor }) => Actor.Attributes.name === 'events:1'))
      .map(({ Action, Actor }) => `${Action} ${JSON.stringify(Actor.Attributes)}`.replace(/[0-9a-f]{64}/g, 'ID'));
  };
  // Docker tells of the tag before the import, and of an image that was saved at the end.
  assert.equal(await told(here), await told(there));
});

test('events say the same of what happened to a container, its network and its volume', async () => {
  const until = Math.floor(Date.now() / 1000) + 1;
  const wanted = [
    'create',
    'start',
    'update',
    'kill',
    'die',
    'stop',
    'connect',
    'disconnect',
    'mount',
    'unmount',
    'commit',
    'top',
  ];
  await same('event', async of => {
    const { text } = await of('GET', `/v1.41/events?since=${begun}&until=${until}`);
    const all = text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    const told = wanted.flatMap(action =>
      ['container', 'network', 'volume'].map(type => [
        `${type} ${action}`,
        all.findLast(({ Type, Action, Actor: { Attributes: of } }) => {
          const ofThese = type !== 'container' ? !(of.name === 'bridge') : of.name === 'web';
          return Type === type && Action === action && ofThese;
        }) ?? null,
      ]),
    );
    return Object.fromEntries(told);
  });
});

test.run();
