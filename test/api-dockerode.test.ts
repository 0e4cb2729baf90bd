// @mounts-nothing what containers mount is seen by other files; here it is asked for over HTTP
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import Docker from 'dockerode';
import tar from 'tar-stream';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { archive } from './support/archive.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { type Daemon, startDaemon } from './support/daemon.ts';
import { eventually } from './support/eventually.ts';
import { push, type Registry, registry } from './support/registry.ts';
import { requires } from './support/requires.ts';

/** The Docker client of Node's programs does its users' everyday work through our daemon. */
const test = requires('root', 'overlayfs', 'iptables', 'busybox', 'docker-registry', 'skopeo');
let daemon: Daemon;
let box: BusyboxEngine;
let store: Registry;
let docker: Docker;

test.before(async () => {
  box = await busyboxEngine();
  daemon = await startDaemon(box);
  store = await registry();
  docker = new Docker({ socketPath: daemon.socket });
});
test.after(async () => {
  store.stop();
  await daemon.end();
});
test.after.each(() => box.removeAll());

interface Line {
  status?: string;
  stream?: string;
  error?: string;
  id?: string;
  aux?: { ID?: string; Tag?: string };
}

/** Follows a stream of progress to its end; rejects where a line of it is an error, to which the library leaves its callers. */
async function followed(stream: NodeJS.ReadableStream): Promise<Line[]> {
  const lines = await new Promise<Line[]>((resolve, reject) =>
    docker.modem.followProgress(stream, (error: Error | null, all: Line[]) => (error ? reject(error) : resolve(all))),
  );
  const failure = lines.find(({ error }) => error !== undefined);
  if (failure !== undefined) throw new Error(failure.error);
  return lines;
}

/** Both outputs of a stream of frames, when it has ended. */
async function demuxed(stream: NodeJS.ReadableStream): Promise<{ out: string; err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, out, err);
  stream.once('end', () => {
    out.end();
    err.end();
  });
  const [first, second] = await Promise.all([text(out), text(err)]);
  return { out: first, err: second };
}

async function statusOf(call: Promise<unknown>): Promise<number> {
  try {
    await call;
  } catch (error) {
    return (error as { statusCode: number }).statusCode;
  }
  return 200;
}

const reasonOf = (call: Promise<unknown>): Promise<string> => call.then(() => 'it worked', String);

const idle = { Image: 'bb', Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none' } };

test('docker.run: output, both outputs apart, the exit code; a terminal', async () => {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const said = Promise.all([text(out), text(err)]);
  const options = { Tty: false, HostConfig: { NetworkMode: 'none' } };
  const [{ StatusCode }, container] = await docker.run(
    'bb',
    ['sh', '-c', 'echo $0; echo err >&2; exit 3'],
    [out, err],
    options,
  );
  out.end();
  err.end();
  assert.equal([await said, StatusCode], [['sh\n', 'err\n'], 3]);
  assert.is((await container.inspect()).State.ExitCode, 3);
  await container.remove();
  const terminal = new PassThrough();
  const shown = text(terminal);
  const [ended] = await docker.run('bb', ['tty'], terminal, { ...options, Tty: true });
  assert.equal([ended.StatusCode, await shown], [0, '/dev/pts/0\r\n']);
});

test('createContainer, attach before the start, input over the hijacked connection, wait, remove', async () => {
  const container = await docker.createContainer({
    ...idle,
    name: 'echo',
    Cmd: ['sh', '-c', 'read name; echo "hello $name"; echo done >&2; cat'],
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
  const said = demuxed(stream);
  await container.start();
  const waiting = container.wait();
  stream.write('you\n');
  stream.end('the rest');
  assert.equal(await said, { out: 'hello you\nthe rest', err: 'done\n' });
  assert.is((await waiting).StatusCode, 0);
  assert.equal(await statusOf(container.stop()), 304);
  assert.is(await statusOf(docker.createContainer({ ...idle, name: 'echo' })), 409);
  await container.remove({ v: true });
  assert.is(await statusOf(container.inspect()), 404);
});

test('exec: hijacked with input, without, with a terminal that is resized; its exit code', async () => {
  const container = await docker.createContainer(idle);
  await container.start();
  const run = async (Cmd: string[], options: Docker.ExecCreateOptions = {}) => {
    const exec = await container.exec({ Cmd, AttachStdout: true, AttachStderr: true, ...options });
    return { exec, stream: await exec.start({ hijack: true, stdin: options.AttachStdin ?? false }) };
  };
  const plain = await run(['sh', '-c', 'echo $A; echo err >&2; exit 4'], { Env: ['A=b'] });
  assert.equal(await demuxed(plain.stream), { out: 'b\n', err: 'err\n' });
  const { ExitCode, Running, ProcessConfig, ContainerID } = (await plain.exec.inspect()) as Docker.ExecInspectInfo;
  assert.equal([ExitCode, Running, ProcessConfig.entrypoint, ContainerID], [4, false, 'sh', container.id]);
  const typed = await run(['cat'], { AttachStdin: true });
  const echoed = demuxed(typed.stream);
  typed.stream.end('typed');
  assert.is((await echoed).out, 'typed');
  const terminal = await run(['sh', '-c', 'read go; stty size'], { Tty: true, AttachStdin: true });
  await terminal.exec.resize({ h: 33, w: 44 });
  terminal.stream.write('go\n');
  assert.match(await text(terminal.stream), /33 44\r\n$/);
  // What is not hijacked comes as an answer of HTTP.
  const late = await container.exec({ Cmd: ['sh', '-c', 'echo late'], AttachStdout: true });
  assert.is((await demuxed(await late.start({}))).out, 'late\n');
  assert.is(await statusOf(container.exec({ Cmd: [] })), 400);
});

test('logs followed and not, with times and the last lines; stats; top; changes', async () => {
  const container = await docker.createContainer({
    ...idle,
    Cmd: ['sh', '-c', 'echo one; echo two >&2; until [ -e /go ]; do sleep 0.1; done; echo three; sleep 1000'],
  });
  await container.start();
  const live = await container.logs({ follow: true, stdout: true, stderr: true });
  const lines: string[] = [];
  const out = new PassThrough().on('data', chunk => lines.push(String(chunk)));
  docker.modem.demuxStream(live, out, out);
  await eventually(() => assert.equal([...lines].sort(), ['one\n', 'two\n']), 30);
  await container.putArchive(await archive([{ name: 'go', content: '' }]), { path: '/' });
  await eventually(() => assert.is(lines.at(-1), 'three\n'), 30);
  (live as Readable).destroy();
  const frames = await container.logs({ stdout: true, tail: 1, timestamps: true });
  assert.match(frames.subarray(8).toString(), /^\d{4}-\d\d-\d\dT\S+Z three\n$/);
  const stats = await container.stats({ stream: false });
  assert.equal([stats.name, stats.pids_stats!.current], [(await container.inspect()).Name, 1]);
  assert.ok(stats.cpu_stats.cpu_usage.total_usage >= stats.precpu_stats.cpu_usage.total_usage);
  assert.ok(stats.precpu_stats.system_cpu_usage > 0 && stats.memory_stats.usage > 0);
  assert.equal(
    (await container.top({ ps_args: '-o pid,args' })).Processes.map(([, command]: string[]) => command),
    ['sleep 1000'],
  );
  assert.equal((await container.changes()).map(({ Path }: { Path: string }) => Path).includes('/go'), true);
});

test('files in and out: putArchive, getArchive, infoArchive, export, commit', async () => {
  const container = await docker.createContainer({ ...idle, Labels: { a: 'b' } });
  const sent = await archive([
    { name: 'dir', type: 'directory' },
    { name: 'dir/note', content: 'kept' },
  ]);
  await container.putArchive(sent, { path: '/tmp' });
  const found = JSON.parse(
    Buffer.from(
      (await container.infoArchive({ path: '/tmp/dir/note' })).headers['x-docker-container-path-stat'],
      'base64',
    ).toString(),
  );
  assert.equal([found.name, found.size], ['note', 4]);
  assert.equal(await membersOf(await container.getArchive({ path: '/tmp/dir' })), { 'dir/': '', 'dir/note': 'kept' });
  assert.is(await statusOf(container.getArchive({ path: '/nosuch' })), 404);
  assert.is((await membersOf(await container.export()))['tmp/dir/note'], 'kept');
  const { Id } = await container.commit({
    repo: 'made',
    tag: '1',
    comment: 'why',
    author: 'who',
    changes: 'CMD ["true"]',
  });
  const image = await docker.getImage('made:1').inspect();
  assert.equal(
    [image.Id, image.Author, image.Comment, image.Config.Cmd, image.Config.Labels],
    [Id, 'who', 'why', ['true'], { a: 'b' }],
  );
  assert.is(
    (await docker.getImage('made:1').remove()).some(({ Deleted = '' }) => Deleted === Id),
    true,
  );
});

/** Files of a tar and what is in them. */
async function membersOf(stream: NodeJS.ReadableStream): Promise<Record<string, string>> {
  const extract = tar.extract();
  const members: Record<string, string> = {};
  extract.on('entry', async (header, entry, next) => {
    members[header.name] = (await buffer(entry)).toString('latin1');
    next();
  });
  stream.pipe(extract);
  await once(extract, 'finish');
  return members;
}

test('images: pull and push with progress, import, build, save and load, what fails in the stream', async () => {
  const { layout, tag, rootfs } = await busyboxImage();
  push(`oci:${layout}:${tag}`, store, 'tools/busybox:1');
  const name = `${store.host}/tools/busybox:1`;
  const pulled = await followed(await docker.pull(name));
  assert.ok(pulled.some(({ id, status }) => id !== undefined && status === 'Pull complete'));
  assert.is(pulled.at(-1)!.status, `Status: Downloaded newer image for ${name}`);
  const image = docker.getImage(name);
  await image.tag({ repo: `${store.host}/other`, tag: '2' });
  const pushed = await followed(
    await docker.getImage(`${store.host}/other`).push({ tag: '2', authconfig: {} as Docker.AuthConfig }),
  );
  assert.is(pushed.at(-1)!.aux?.Tag, '2');
  await docker.getImage(`${store.host}/other:2`).remove();
  const absent = await reasonOf(docker.pull(`${store.host}/no/such:1`).then(followed));
  assert.match(absent, /no\/such/);

  const imported = await followed(await docker.importImage(rootfs, { repo: 'imported', tag: '1' }));
  assert.match(imported.at(-1)!.status!, /^sha256:/);
  const context = await archive([
    { name: 'Dockerfile', content: 'FROM bb\nARG WHO\nRUN echo hello $WHO\nCOPY f /f\nLABEL a=b\n' },
    { name: 'f', content: 'content' },
  ]);
  const sent = () => new PassThrough().end(context);
  const built = await followed(await docker.buildImage(sent(), { t: 'built:1', buildargs: { WHO: 'you' } }));
  const told = built.map(({ stream = '' }) => stream).join('');
  assert.match(told, /Step 3\/5 : RUN echo hello \$WHO\n[\s\S]*hello you\n[\s\S]*Successfully tagged built:1\n$/);
  const id = built.find(({ aux }) => aux?.ID)!.aux!.ID!;
  assert.is((await docker.getImage('built:1').inspect()).Id, id);
  assert.ok(
    (await docker.getImage('built:1').history()).some(({ CreatedBy }: { CreatedBy: string }) =>
      /COPY file:/.test(CreatedBy),
    ),
  );
  const wrong = await archive([{ name: 'Dockerfile', content: 'FROM bb\nRUN exit 6\n' }]);
  const failed = await reasonOf(docker.buildImage(new PassThrough().end(wrong), {}).then(followed));
  assert.match(failed, /returned a non-zero code: 6/);
  const saved = await buffer(await docker.getImage('built:1').get());
  await docker.getImage('built:1').remove();
  const loaded = await followed(await docker.loadImage(new PassThrough().end(saved)));
  assert.match(loaded.map(({ stream = '' }) => stream).join(''), /Loaded image: built:1/);
  const listed = await docker.listImages({ filters: { label: ['a=b'] } });
  assert.equal(
    listed.map(({ Id, RepoTags }) => [Id, RepoTags]),
    [[id, ['built:1']]],
  );
  for (const left of ['built:1', 'imported:1', name]) await docker.getImage(left).remove({ force: true });
  assert.is(await statusOf(docker.getImage('built:1').inspect()), 404);
});

test('networks, volumes, published ports, lists with filters, events of it all', async () => {
  const events: string[] = [];
  const stream = await docker.getEvents({ filters: { type: ['container', 'network', 'volume'] } });
  let rest = '';
  stream.on('data', chunk => {
    rest += chunk;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const { Type, Action } = JSON.parse(rest.slice(0, end));
      events.push(`${Type} ${Action}`);
      rest = rest.slice(end + 1);
    }
  });
  const network = await docker.createNetwork({ Name: 'back', CheckDuplicate: true, Labels: { a: 'b' } });
  await docker.createVolume({ Name: 'rows', Labels: { a: 'b' } });
  const volume = await docker.getVolume('rows').inspect();
  assert.equal([volume.Name, volume.Driver, volume.Labels], ['rows', 'local', { a: 'b' }]);
  const container = await docker.createContainer({
    Image: 'bb',
    name: 'web',
    Labels: { tier: 'front' },
    Cmd: ['sh', '-c', 'echo page > /data/index.html; exec httpd -f -p 80 -h /data'],
    ExposedPorts: { '80/tcp': {} },
    HostConfig: {
      Binds: ['rows:/data'],
      NetworkMode: 'back',
      PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    },
    NetworkingConfig: { EndpointsConfig: { back: { Aliases: ['site'] } } },
  });
  await container.start();
  const { NetworkSettings, Mounts } = await container.inspect();
  assert.equal(
    Mounts.map(({ Type, Name, Destination }) => [Type, Name, Destination]),
    [['volume', 'rows', '/data']],
  );
  const port = NetworkSettings.Ports['80/tcp']![0]!.HostPort;
  const page = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();
  assert.is(await eventually(page, 30), 'page\n');
  const out = new PassThrough();
  const said = text(out);
  const [, reader] = await docker.run('bb', ['wget', '-q', '-O-', 'http://site'], out, {
    Tty: true,
    HostConfig: { NetworkMode: 'back' },
  });
  assert.is(await said, 'page\r\n');
  await reader.remove();
  const names = async (options: Docker.ContainerListOptions) =>
    (await docker.listContainers(options)).map(({ Names }) => Names[0]);
  const fitting = { label: 'tier=front', network: 'back', volume: 'rows', status: 'running', ancestor: 'bb' };
  for (const [key, one] of Object.entries(fitting))
    assert.equal(await names({ filters: { [key]: [one] } }), ['/web'], key);
  assert.equal(await names({ all: true, filters: { status: ['exited'] } }), []);
  assert.equal(
    (await docker.listNetworks({ filters: { label: ['a=b'] } })).map(({ Name }) => Name),
    ['back'],
  );
  assert.equal(
    (await docker.listVolumes({ filters: { label: ['a=b'] } })).Volumes.map(({ Name }) => Name),
    ['rows'],
  );
  const other = await docker.createNetwork({ Name: 'front' });
  await other.connect({ Container: 'web', EndpointConfig: { Aliases: ['www'] } });
  assert.equal(Object.keys((await container.inspect()).NetworkSettings.Networks).sort(), ['back', 'front']);
  assert.is(((await other.inspect()).Containers as Record<string, { Name: string }>)[container.id]!.Name, 'web');
  await other.disconnect({ Container: 'web' });
  await other.remove();
  assert.is(await statusOf(network.remove()), 403);
  assert.is(await statusOf(docker.getVolume('rows').remove()), 409);
  await container.remove({ force: true, v: true });
  await network.remove();
  await docker.getVolume('rows').remove();
  const told = [
    'network create',
    'volume create',
    'container create',
    'network connect',
    'container start',
    'container die',
    'container destroy',
    'network destroy',
    'volume destroy',
  ];
  await eventually(
    () =>
      assert.equal(
        told.filter(one => !events.includes(one)),
        [],
      ),
    30,
  );
  (stream as Readable).destroy();
});

test('a life: rename, update, pause, restart, kill, the daemon itself', async () => {
  const container = await docker.createContainer({ ...idle, name: 'first', StopSignal: 'KILL' });
  await container.start();
  assert.is(await statusOf(container.start()), 304);
  await container.rename({ name: 'second' });
  await container.update({ Memory: 64 << 20, MemorySwap: 64 << 20 });
  await container.pause();
  assert.is((await container.inspect()).State.Status, 'paused');
  await container.unpause();
  await container.restart({ t: 0 });
  const { Name, HostConfig, State } = await container.inspect();
  assert.equal([Name, HostConfig.Memory, State.Running], ['/second', 64 << 20, true]);
  const waiting = container.wait({ condition: 'next-exit' });
  await container.kill({ signal: 'SIGTERM' });
  assert.is(await statusOf(container.kill({ signal: 'NOSUCH' })), 400);
  await container.kill();
  assert.is((await waiting).StatusCode, 137);
  assert.equal([(await docker.ping()).toString(), (await docker.info()).Containers], ['OK', 1]);
  assert.ok((await docker.version()).ApiVersion >= '1.41');
  const usage = await docker.df();
  assert.equal([usage.Containers.length, usage.Images.length > 0], [1, true]);
  assert.equal((await docker.pruneContainers()).ContainersDeleted, [container.id]);
});

test.run();
