// @both-mounts one of those that the gate runs where / may be private: what a container sees of mounts
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

const lines = (text: string) => text.split('\n').filter(Boolean);
const ownNamespaces = 'for n in mnt uts ipc pid net cgroup; do readlink /proc/self/ns/$n; done';

test('every namespace is another than the host’s, and no two containers share one', async () => {
  const host = ['mnt', 'uts', 'ipc', 'pid', 'net', 'cgroup'].map(name => readlinkSync(`/proc/self/ns/${name}`));
  // Both live while they are looked at: the kernel gives the numbers of dead namespaces to new ones.
  const ids = await Promise.all([box.start('sleep 1000'), box.start('sleep 1000')]);
  const [a, b] = await Promise.all([box.inside(ids[0]!, ownNamespaces), box.inside(ids[1]!, ownNamespaces)]);
  await box.ok(['rm', '-f', ...ids]);
  const seen = [...host, ...lines(a), ...lines(b)];
  assert.is(seen.length, 18);
  assert.is(new Set(seen).size, 18, seen.join(' '));
});

test('exec enters all of them, and its process counts from the container’s processes', async () => {
  const id = await box.start('sleep 1000');
  const wanted = 'for n in mnt uts ipc pid net cgroup; do readlink /proc/1/ns/$n; done';
  assert.is(await box.inside(id, ownNamespaces), await box.inside(id, wanted));
  assert.match(await box.inside(id, 'ps -o pid,args'), /^PID {3}COMMAND\n +1 sleep 1000\n +\d+ /);
  await box.ok(['rm', '-f', id]);
});

test('PID 1 is the command; /proc shows only the container’s processes', async () => {
  // wc may not be there yet when the shell looks.
  assert.match(await box.sh('echo $$; ls -d /proc/[0-9]* | wc -l'), /^1\n[23]$/, 'sh, ls and wc');
});

test('the hostname is the short id or -h, and the host keeps its own', async () => {
  const before = hostname();
  const id = await box.start('hostname; sleep 1000', '--network', 'bridge');
  assert.is(
    await box.inside(id, 'hostname; cat /etc/hostname; echo $HOSTNAME'),
    `${id.slice(0, 12)}\n`.repeat(3).trim(),
  );
  const address = await box.inspect(id, '{{.NetworkSettings.IPAddress}}');
  assert.match(address, /^172\.\d+\.\d+\.\d+$/);
  const hosts = await box.inside(id, 'cat /etc/hosts');
  assert.match(hosts, /^127\.0\.0\.1\s+localhost$/m);
  assert.match(hosts, new RegExp(`^${address}\\s+${id.slice(0, 12)}$`, 'm'));
  assert.is(await box.sh('hostname; cat /etc/hostname', '-h', 'a.example'), 'a.example\na.example');
  assert.is(hostname(), before);
  await box.ok(['rm', '-f', id]);
});

test('a name with a domain has its short form in /etc/hosts; -h "" is as none', async () => {
  const hosts = 'tail -n 1 /etc/hosts';
  assert.match(
    await box.sh(hosts, '--network', 'bridge', '-h', 'web.example.com'),
    /^172\.\S+\tweb\.example\.com web$/,
  );
  assert.match(await box.sh(hosts, '--network', 'bridge', '-h', 'web'), /^172\.\S+\tweb$/);
  assert.match(await box.sh(hosts, '-h', 'web.example.com'), /ip6-allrouters$/, 'without an address there is no line');
  const id = await box.start('hostname > /name; cat /etc/hostname >> /name; sleep 1000', '-h', '');
  const short = id.slice(0, 12);
  await eventually(async () => assert.is(await box.inside(id, 'cat /name'), `${short}\n${short}`));
  assert.is(await box.inspect(id, '{{.Config.Hostname}}'), short);
  await box.ok(['rm', '-f', id]);
});

test('/.dockerenv is there for programs that look for it, empty; an image’s own is kept', async () => {
  const look = 'stat -c "%a %u %g %s %F" /.dockerenv; cat /.dockerenv';
  for (const network of ['none', 'bridge', 'host'])
    assert.is(await box.sh(look, '--network', network), '755 0 0 0 regular empty file', network);
  await box.build('own', [{ name: '.dockerenv', content: 'of the image', mode: 0o600 }]);
  const own = ['run', '--rm', '--network', 'none', 'own', 'sh', '-c', 'cat /.dockerenv'];
  assert.is(await box.ok(own), 'of the image');
});

test('resolv.conf holds the host’s resolvers, and none of a loopback; changing it changes this container only', async () => {
  const host = readFileSync('/etc/resolv.conf', 'utf8');
  const seen = await box.sh('cat /etc/resolv.conf');
  assert.match(seen, /^nameserver \S+/m);
  assert.not.match(seen, /^nameserver 127\./m);
  const other = await box.sh('echo broken >> /etc/resolv.conf; echo broken >> /etc/hosts; cat /etc/resolv.conf');
  assert.match(other, /broken/);
  assert.is(await box.sh('cat /etc/resolv.conf'), seen);
  assert.is(readFileSync('/etc/resolv.conf', 'utf8'), host);
});

test('/dev holds Docker’s nodes and nothing else', async () => {
  const nodes = lines(await box.sh('cd /dev; for f in *; do stat -c "%n %F %t:%T %a" $f; done'));
  assert.equal(nodes.sort(), [
    'core symbolic link 0:0 777',
    'fd symbolic link 0:0 777',
    'full character special file 1:7 666',
    'mqueue directory 0:0 1777',
    'null character special file 1:3 666',
    'ptmx symbolic link 0:0 777',
    'pts directory 0:0 755',
    'random character special file 1:8 666',
    'shm directory 0:0 1777',
    'stderr symbolic link 0:0 777',
    'stdin symbolic link 0:0 777',
    'stdout symbolic link 0:0 777',
    'tty character special file 5:0 666',
    'urandom character special file 1:9 666',
    'zero character special file 1:5 666',
  ]);
  assert.is(
    await box.sh(
      'readlink /dev/ptmx; head -c3 /dev/zero | wc -c; echo gone > /dev/null; echo x > /dev/full 2>&1 || echo full',
    ),
    'pts/ptmx\n3\nfull',
  );
});

test('mounts: types and flags as Docker has them', async () => {
  const mounts = new Map(
    lines(await box.sh('cat /proc/self/mounts')).map(line => {
      const [, at = '', type, options = ''] = line.split(' ');
      return [at, { type, options: options.split(',') }];
    }),
  );
  const expected: [string, string, string[]][] = [
    ['/', 'overlay', ['rw']],
    ['/proc', 'proc', ['rw', 'nosuid', 'nodev', 'noexec']],
    ['/dev', 'tmpfs', ['rw', 'nosuid', 'size=65536k', 'mode=755']],
    ['/dev/pts', 'devpts', ['rw', 'nosuid', 'noexec', 'gid=5', 'mode=620', 'ptmxmode=666']],
    ['/dev/shm', 'tmpfs', ['rw', 'nosuid', 'nodev', 'noexec', 'size=65536k']],
    ['/dev/mqueue', 'mqueue', ['rw', 'nosuid', 'nodev', 'noexec']],
    ['/sys', 'sysfs', ['ro', 'nosuid', 'nodev', 'noexec']],
    [
      '/sys/fs/cgroup',
      mounts.get('/sys/fs/cgroup')?.type === 'cgroup2' ? 'cgroup2' : 'tmpfs',
      ['ro', 'nosuid', 'nodev', 'noexec'],
    ],
    ...['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys'].map((path): [string, string, string[]] => [
      path,
      'proc',
      ['ro'],
    ]),
  ];
  for (const [path, type, options] of expected) {
    const found = mounts.get(path);
    assert.is(found?.type, type, path);
    for (const option of options) assert.ok(found?.options.includes(option), `${path}: ${option} in ${found?.options}`);
  }
  const writable = [...mounts].filter(([path, { options }]) => path.startsWith('/sys') && options.includes('rw'));
  assert.equal(writable, []);
});

test('/dev/shm ends at 64 MiB, POSIX queues and SysV segments are the container’s own', async () => {
  const full = await box.minidock([
    'run',
    '--rm',
    '--network',
    'none',
    'bb',
    'sh',
    '-c',
    'dd if=/dev/zero of=/dev/shm/x bs=1M count=70; stat -c %s /dev/shm/x',
  ]);
  assert.match(String(full.stderr), /No space left on device/);
  assert.is(full.stdout, String(65536 * 1024));
  assert.is(await box.sh('touch /dev/mqueue/q; ls /dev/mqueue; cat /proc/sysvipc/shm | wc -l'), 'q\n1');
  assert.not.ok(spawnSync('ls', ['/dev/mqueue'], { encoding: 'utf8' }).stdout.split('\n').includes('q'));
});

test('a terminal is number 0 of a devpts of its own', async () => {
  const id = await box.start('sleep 1000');
  assert.is(await box.inside(id, 'ls /dev/pts'), 'ptmx');
  const tty = await box.ok(['exec', '-t', id, 'sh', '-c', 'tty; ls /dev/pts']);
  assert.match(tty, /^\/dev\/pts\/0\r?\n/);
  await box.ok(['rm', '-f', id]);
});

test('no group of the host shows in the container’s cgroup mounts', async () => {
  const others = await box.sh('find /sys/fs/cgroup -mindepth 2 -type d');
  assert.is(others, '');
});

test('a cgroup is seen as the root of its own hierarchy, and cannot be written', async () => {
  const seen = await box.sh('cat /proc/self/cgroup; cat /proc/self/mountinfo | grep cgroup');
  for (const line of lines(seen).filter(line => /^\d+:[^:]*:/.test(line))) assert.match(line, /:\/$/);
  for (const line of lines(seen).filter(line => line.includes(' - cgroup'))) assert.is(line.split(' ')[3], '/', line);
  const writes = await box.sh(
    'for f in $(find /sys/fs/cgroup -type f -name "*.procs" -o -name release_agent -o -name "*limit*" -o -name "devices.*"); do (echo 1 > $f) 2>/dev/null && echo wrote $f; done; mkdir /sys/fs/cgroup/x 2>&1; true',
  );
  assert.not.match(writes, /wrote/);
  assert.match(writes, /Read-only file system/);
});

test('mounts of a container do not show on the host, and its root is no path of the host', async () => {
  const id = await box.start('sleep 1000');
  assert.not.match(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(id));
  assert.equal(readdirSync(join(box.root, 'containers', id, 'rootfs')), []);
  const inside = await box.inside(id, 'cat /proc/self/mountinfo');
  assert.not.match(inside, / \/tmp /, 'no mount of the host is left below');
  await box.ok(['rm', '-f', id]);
});

test('nothing of the host is above the root', async () => {
  const folder = temporaryFolder('outside');
  writeFileSync(join(folder, 'secret'), 'of the host');
  assert.is(
    await box.sh(
      `cat ${'../'.repeat(20)}${folder}/secret 2>/dev/null || echo none; ls -di / /.. | sed 's/ .*//' | uniq | wc -l`,
    ),
    'none\n1',
  );
});

test('--network none has only a loopback, and that is up; host has the host’s', async () => {
  assert.is(
    await box.sh('ls /sys/class/net; ip -o -4 addr | sed "s/ *brd.*//;s/ *scope.*//"'),
    'lo\n1: lo    inet 127.0.0.1/8',
  );
  const host = await box.sh('readlink /proc/self/ns/net; hostname', '--network', 'host');
  assert.is(host, `${readlinkSync('/proc/self/ns/net')}\n${hostname()}`);
});

test.run();
