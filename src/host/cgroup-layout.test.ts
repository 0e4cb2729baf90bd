import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupMountsFor, parseLayout } from './cgroup-layout.ts';

const mount = (mountpoint: string, options: string, { root = '/', type = 'cgroup' } = {}) =>
  `31 23 0:28 ${root} ${mountpoint} rw,nosuid shared:9 - ${type} ${type} rw,${options}`;

test('CentOS 7 mounts cpu,cpuacct and lists cpuacct,cpu', () => {
  const { kind, hierarchies } = parseLayout(
    [
      '25 1 0:22 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755',
      mount('/sys/fs/cgroup/systemd', 'xattr,release_agent=/usr/lib/systemd/systemd-cgroups-agent,name=systemd'),
      mount('/sys/fs/cgroup/cpu,cpuacct', 'cpu,cpuacct'),
      mount('/sys/fs/cgroup/memory', 'memory'),
    ].join('\n'),
    '4:memory:/user.slice\n3:cpuacct,cpu:/user.slice/user-0.slice\n1:name=systemd:/user.slice/session-1.scope\n',
  );
  assert.is(kind, 'v1');
  assert.equal(hierarchies[1], {
    version: 1,
    mountpoint: '/sys/fs/cgroup/cpu,cpuacct',
    controllers: ['cpu', 'cpuacct'],
    options: 'cpu,cpuacct',
    own: '/user.slice/user-0.slice',
  });
  assert.is(hierarchies[0]?.options, 'none,name=systemd');
  assert.equal(hierarchies[0]?.controllers, ['name=systemd']);
});

test('hybrid: v1 controllers and a unified hierarchy, found apart', () => {
  const { kind, hierarchies } = parseLayout(
    [mount('/sys/fs/cgroup/unified', 'nsdelegate', { type: 'cgroup2' }), mount('/sys/fs/cgroup/pids', 'pids')].join(
      '\n',
    ),
    '8:pids:/\n0::/system.slice/ssh.service\n',
  );
  assert.is(kind, 'hybrid');
  assert.equal(
    hierarchies.map(({ version, own }) => [version, own]),
    [
      [2, '/system.slice/ssh.service'],
      [1, '/'],
    ],
  );
});

test('a name=systemd hierarchy beside v2 limits nothing and does not make it hybrid', () => {
  const { kind } = parseLayout(
    [mount('/c', '', { type: 'cgroup2' }), mount('/c/systemd', 'name=systemd')].join('\n'),
    '1:name=systemd:/\n0::/\n',
  );
  assert.is(kind, 'v2');
});

test('a controller that is not mounted is left out, and so is a mount that our cgroup file does not list', () => {
  const { hierarchies } = parseLayout(mount('/c/net_cls', 'net_cls'), '3:pids:/\n2:net_prio:/\n');
  assert.equal(hierarchies, []);
  assert.is(parseLayout('', '').kind, 'none');
});

test('our own group is seen from what is mounted', () => {
  const own = (root: string, path: string) =>
    parseLayout(mount('/c', 'pids', { root }), `3:pids:${path}\n`).hierarchies[0]?.own;
  assert.is(own('/', '/docker/abc'), '/docker/abc');
  assert.is(own('/docker/abc', '/docker/abc'), '/');
  assert.is(own('/docker/abc', '/docker/abc/inner'), '/inner');
  assert.is(own('/docker/abc', '/docker/abcdef'), '/');
  assert.is(own('/../outside', '/'), undefined);
});

test('a mountpoint with a blank, and a second mount of the same hierarchy', () => {
  const { hierarchies } = parseLayout(
    [mount('/my\\040groups/pids', 'pids'), mount('/elsewhere', 'pids')].join('\n'),
    '3:pids:/\n',
  );
  assert.equal(
    hierarchies.map(one => one.mountpoint),
    ['/my groups/pids'],
  );
});

test('a container gets one directory a hierarchy that it is in, and links for joint ones', () => {
  const seen = (unified: string) => {
    const layout = parseLayout(
      [
        mount('/sys/fs/cgroup/cpu,cpuacct', 'cpu,cpuacct'),
        mount('/sys/fs/cgroup/systemd', 'name=systemd'),
        mount('/sys/fs/cgroup/unified', '', { type: 'cgroup2' }),
      ].join('\n'),
      `3:cpuacct,cpu:/\n1:name=systemd:/\n0::${unified}\n`,
    );
    const mounts = cgroupMountsFor({ ...layout, swap: false, cpuQuota: true });
    return mounts.map(({ directory, type, links }) => [directory, type, links]);
  };
  const joined = [
    ['cpu,cpuacct', 'cgroup', ['cpu', 'cpuacct']],
    ['systemd', 'cgroup', []],
  ];
  assert.equal(seen('/'), joined, 'the groups of the host are not shown');
  assert.equal(seen('/user.slice/session-1.scope'), [...joined, ['unified', 'cgroup2', []]]);
});

test.run();
