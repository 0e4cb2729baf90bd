// @mounts-nothing what containers mount is seen by other files; here it is asked for over HTTP
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { type Daemon, startDaemon } from './support/daemon.ts';
import { requires } from './support/requires.ts';

/** Debian's python3-docker does its users' everyday work through our daemon. Its process is one; each test is a script told to it. */
const test = requires('root', 'overlayfs', 'iptables', 'busybox', 'python3-docker');
let daemon: Daemon;
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
  daemon = await startDaemon(box);
});
test.after(async () => {
  await daemon.end();
});
test.after.each(() => box.removeAll());

const preamble = `
import docker, io, json, tarfile, threading
client = docker.from_env()
def fails(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError('it did not fail')
def equal(actual, expected):
    assert actual == expected, f'{actual!r} is not {expected!r}'
def tar(**files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w') as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()
`;

/** Debian's Python, whose packages these are, and no other that stands before it in PATH. */
async function python(script: string): Promise<void> {
  const { exitCode, stderr } = await execa('/usr/bin/python3', ['-'], {
    input: `${preamble}${script}`,
    reject: false,
    timeout: 60_000,
    env: { DOCKER_HOST: daemon.host, DOCKER_CONFIG: box.folder },
  });
  assert.is(exitCode, 0, stderr);
}

test('run, logs, wait, and what failures are', () =>
  python(`
equal(client.ping(), True)
assert client.version()['ApiVersion'] >= '1.41'
equal(client.info()['Containers'], 0)
equal(client.containers.run('bb', 'echo hello', remove=True), b'hello\\n')
error = fails(docker.errors.ContainerError, lambda: client.containers.run('bb', ['sh', '-c', 'echo oh >&2; exit 3'], remove=True))
equal(error.exit_status, 3)
equal(error.stderr, b'oh\\n')
fails(docker.errors.NotFound, lambda: client.containers.get('nosuch'))
fails(docker.errors.ImageNotFound, lambda: client.images.get('nosuch'))
fails(docker.errors.APIError, lambda: client.containers.run('bb', 'nosuch'))
for left in client.containers.list(all=True): left.remove()
talks = client.containers.run('bb', ['sh', '-c', 'echo one; echo two >&2; sleep 0.2; echo three'], detach=True, name='talks', labels={'a': 'b'})
equal(list(talks.logs(stream=True, follow=True)), [b'one\\n', b'two\\n', b'three\\n'])
equal(talks.wait()['StatusCode'], 0)
equal(talks.logs(stdout=False), b'two\\n')
equal(talks.logs(stderr=False, tail=1), b'three\\n')
talks.reload()
equal([talks.status, talks.name, talks.labels, talks.image.tags], ['exited', 'talks', {'a': 'b'}, ['bb:latest']])
equal([c.name for c in client.containers.list(all=True, filters={'label': 'a=b'})], ['talks'])
equal(client.containers.list(), [])
fails(docker.errors.APIError, lambda: client.containers.create('bb', name='talks'))
`));

test('a container in the background: exec, files, stats, top, its life', () =>
  python(`
box = client.containers.run('bb', 'sleep 1000', detach=True, name='box', mem_limit='64m', environment={'A': 'b'}, stop_signal='KILL')
# The library loses what arrives together with the head of the answer.
late = lambda script: ['sh', '-c', 'sleep 0.3; ' + script]
equal(box.exec_run(late("echo '$A'")).output, b'$A\\n')
equal(box.exec_run(late('echo $A; exit 4')), (4, b'b\\n'))
equal(box.exec_run(late('echo out; echo err >&2'), demux=True).output, (b'out\\n', b'err\\n'))
equal(b''.join(box.exec_run(late('seq 3'), stream=True).output), b'1\\n2\\n3\\n')
equal(box.exec_run(late('tty'), tty=True).output, b'/dev/pts/0\\r\\n')
socket = box.exec_run('cat', stdin=True, socket=True).output._sock
socket.sendall(b'typed')
socket.shutdown(1)
received = b''
while chunk := socket.recv(100): received += chunk
equal(received, b'\\x01\\0\\0\\0\\0\\0\\0\\x05typed')
socket.close()
equal(box.put_archive('/tmp', tar(note=b'kept')), True)
equal(box.exec_run(late('cat /tmp/note')).output, b'kept')
chunks, stat = box.get_archive('/tmp/note')
equal([stat['name'], stat['size']], ['note', 4])
with tarfile.open(fileobj=io.BytesIO(b''.join(chunks))) as archive:
    equal(archive.extractfile('note').read(), b'kept')
fails(docker.errors.NotFound, lambda: box.get_archive('/nosuch'))
assert {'Path': '/tmp/note', 'Kind': 1} in box.diff()
stats = box.stats(stream=False)
equal([stats['pids_stats']['current'], stats['memory_stats']['limit'], stats['name']], [1, 64 << 20, '/box'])
assert next(box.stats(decode=True))['cpu_stats']['cpu_usage']['total_usage'] > 0
equal(box.top()['Processes'][0][-1], 'sleep 1000')
box.pause(); box.reload(); equal(box.status, 'paused')
box.unpause(); box.rename('shed'); box.restart(timeout=0); box.reload()
equal([box.status, box.name], ['running', 'shed'])
box.update(mem_limit='32m', memswap_limit='32m')
box.reload()
equal(box.attrs['HostConfig']['Memory'], 32 << 20)
image = box.commit('made', tag='1')
equal(client.containers.run('made:1', 'cat /tmp/note', remove=True), b'kept')
attached = box.attach(stream=True, logs=False)
box.kill()
equal(list(attached), [])
equal(box.wait(condition='not-running')['StatusCode'], 137)
fails(docker.errors.APIError, lambda: box.kill())
box.remove(v=True)
client.images.remove('made:1')
`));

test('networks, volumes, published ports, events', () =>
  python(`
from urllib.request import urlopen
events = client.events(decode=True)
seen = []
reader = threading.Thread(target=lambda: seen.extend(iter(lambda: (lambda e: None if e.get('Action') == 'destroy' and e['Type'] == 'volume' else e['Type'] + ' ' + e['Action'])(next(events)), None)), daemon=True)
reader.start()
network = client.networks.create('back', driver='bridge', labels={'a': 'b'}, ipam=docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet='10.213.7.0/24', gateway='10.213.7.1')]))
volume = client.volumes.create('rows', labels={'a': 'b'})
web = client.containers.run('bb', ['sh', '-c', 'echo page > /data/index.html; exec httpd -f -p 80 -h /data'], detach=True, name='web', labels={'c': 'd'}, network='back', volumes={'rows': {'bind': '/data', 'mode': 'rw'}}, ports={'80/tcp': ('127.0.0.1', None)})
web.reload()
equal(web.ports['80/tcp'][0]['HostIp'], '127.0.0.1')
[listed] = client.api.containers()
equal([listed['Names'], listed['Labels'], listed['HostConfig'], listed['State']], [['/web'], {'c': 'd'}, {'NetworkMode': 'back'}, 'running'])
equal(listed['NetworkSettings']['Networks']['back']['IPAddress'], web.attrs['NetworkSettings']['Networks']['back']['IPAddress'])
equal([[m['Type'], m['Name'], m['Destination']] for m in listed['Mounts']], [['volume', 'rows', '/data']])
equal([[p['IP'], p['PrivatePort'], p['Type']] for p in listed['Ports']], [['127.0.0.1', 80, 'tcp']])
read = ['sh', '-c', 'until wget -q -O- http://web; do sleep 0.1; done']
equal(client.containers.run('bb', read, network='back', remove=True), b'page\\n')
equal(urlopen('http://127.0.0.1:' + web.ports['80/tcp'][0]['HostPort'], timeout=30).read(), b'page\\n')
network.reload()
equal([c.name for c in network.containers], ['web'])
other = client.networks.create('front')
other.connect(web, aliases=['site'])
equal(client.containers.run('bb', ['wget', '-q', '-O-', 'http://site'], network='front', remove=True), b'page\\n')
web.reload()
equal(sorted(web.attrs['NetworkSettings']['Networks']), ['back', 'front'])
other.disconnect(web)
other.remove()
fails(docker.errors.APIError, network.remove)
fails(docker.errors.APIError, volume.remove)
equal([n.name for n in client.networks.list(filters={'label': 'a=b'})], ['back'])
equal([v.name for v in client.volumes.list(filters={'label': 'a=b'})], ['rows'])
web.remove(force=True)
network.remove()
equal(client.containers.run('bb', 'cat /rows/index.html', volumes=['rows:/rows:ro'], remove=True), b'page\\n')
volume.remove()
reader.join(30)
events.close()
for event in ['network create', 'volume create', 'container create', 'container start', 'network connect', 'network disconnect', 'container die', 'container destroy', 'network destroy']:
    assert event in seen, (event, seen)
assert 'SpaceReclaimed' in client.containers.prune()
assert 'ImagesDeleted' in client.images.prune()
client.networks.prune(); client.volumes.prune(); client.df()
`));

test('images: build, tag, history, save and load, errors of a build', () =>
  python(`
context = tar(Dockerfile=b'FROM bb\\nARG WHO\\nRUN echo hello $WHO > /said\\nLABEL a=b\\nCMD ["cat", "/said"]\\n')
image, output = client.images.build(fileobj=io.BytesIO(context), custom_context=True, tag='built:1', buildargs={'WHO': 'you'}, rm=True)
said = ''.join(line.get('stream', '') for line in output)
assert 'Step 3/5 : RUN echo hello' in said and 'Successfully tagged built:1' in said, said
equal(client.containers.run('built:1', remove=True), b'hello you\\n')
equal([image.tags, image.labels], [['built:1'], {'a': 'b'}])
equal(image.tag('again', tag='2'), True)
equal([sorted(i.tags) for i in client.images.list(filters={'label': 'a=b'})], [['again:2', 'built:1']])
assert image.history()[0]['CreatedBy'].find('cat') > 0
saved = b''.join(client.images.get('built:1').save(named=True))
client.images.remove('built:1'); client.images.remove('again:2')
fails(docker.errors.ImageNotFound, lambda: client.images.get('built:1'))
equal(client.images.load(saved)[0].tags, ['built:1'])
client.images.remove('built:1')
broken = fails(docker.errors.BuildError, lambda: client.images.build(fileobj=io.BytesIO(b'FROM bb\\nRUN exit 6\\n')))
assert 'returned a non-zero code: 6' in broken.msg, broken.msg
fails(docker.errors.APIError, lambda: client.images.build(fileobj=io.BytesIO(b'FROM bb\\nNOSUCH\\n')))
fails(docker.errors.APIError, lambda: client.images.pull('127.0.0.1:1/nosuch', tag='1'))
`));

test.run();
