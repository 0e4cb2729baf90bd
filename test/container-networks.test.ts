// @mounts-nothing its subject is networks
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { enginePaths } from '../src/state/paths.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { testRun } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';

/** Networks that users make, as the kernel has them: bridges, cables, routes, who reaches whom. */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip', 'curl');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(async () => {
  await box.removeAll();
  await box.ok(['network', 'prune', '-f']);
});

/** Subnets of 100.64.0.0/10, which no host of the internet has: four for each run, so that two beside each other do no harm. */
const number = Number.parseInt(testRun, 16);
const quarter = (which: number, last: number | string) =>
  `100.${64 + ((number >> 8) & 31)}.${number & 255}.${typeof last === 'number' ? 64 * which + last : `${64 * which}${last}`}`;

function sh(command: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', command], { encoding: 'utf8', timeout: 20_000 });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout.trim();
}

const bridgeOf = (id: string) => `md-${id.slice(0, 12)}`;
const create = (name: string, ...flags: string[]) => box.ok(['network', 'create', ...flags, name]);
const addressOf = (container: string, network: string) =>
  box.inspect(container, `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`);
const sleeper = (name: string, ...flags: string[]) => box.start('exec sleep 1000', '--name', name, ...flags);
const routesOf = (container: string) => box.inside(container, 'ip route');
const reaches = async (container: string, address: string) =>
  (await box.minidock(['exec', container, 'ping', '-c', '1', '-W', '1', address])).exitCode === 0;
const refusal = async (...args: string[]) => {
  const { exitCode, stderr } = await box.minidock(args);
  return `${exitCode} ${String(stderr)
    .split('\n')[0]!
    .replace(/^minidock: /, '')}`;
};

test('a network is a bridge with an address and rules; in use it stays, then nothing of it does', async () => {
  const id = await create('made', '--subnet', quarter(0, '/26'), '--label', 'a=b');
  const bridge = bridgeOf(id);
  assert.match(sh(`ip -o -4 addr show ${bridge}`), new RegExp(` inet ${quarter(0, 1)}/26 `));
  assert.is(readFileSync(`/sys/class/net/${bridge}/ifalias`, 'utf8').trim(), `minidock ${box.root}`);
  assert.match(sh('iptables-save'), new RegExp(`-A MINIDOCK-${bridge}-IN -j DROP`));
  await sleeper('user', '--network', 'made');
  const [member] = Object.values(JSON.parse(await box.inspect('made', '{{json .Containers}}'))) as [{ Name: string }];
  assert.is(member.Name, 'user');
  const words = `error while removing network: network made id ${id} has active endpoints`;
  assert.is(await refusal('network', 'rm', 'made'), `1 ${words}`);
  assert.is(await box.ok(['network', 'prune', '-f']), '');
  await box.ok(['stop', '-t', '0', 'user']);
  assert.is(await box.ok(['network', 'rm', id.slice(0, 8)]), id.slice(0, 8));
  assert.not(existsSync(`/sys/class/net/${bridge}`));
  assert.not.match(sh('iptables-save'), new RegExp(bridge));
  assert.equal(
    readdirSync(join(box.root, 'networks')).filter(name => name.includes(id)),
    [],
  );
  assert.is(await refusal('start', 'user'), `1 network ${id} not found`);
});

test('networks are apart; a container on two reaches both, and leaves by the one whose name comes first', async () => {
  await create('aside', '--subnet', quarter(0, '/26'));
  await create('beside', '--subnet', quarter(1, '/26'));
  await Promise.all([
    sleeper('a', '--network', 'aside', '--name', 'one'),
    sleeper('b', '--network', 'beside', '--name', 'two'),
    sleeper('c', '--network', 'beside', '--name', 'both'),
  ]);
  const [one, two] = await Promise.all([addressOf('one', 'aside'), addressOf('two', 'beside')]);
  assert.equal(await Promise.all([reaches('one', two), reaches('two', one)]), [false, false]);
  assert.match(await routesOf('both'), new RegExp(`^default via ${quarter(1, 1)} dev eth0`));
  await box.ok(['network', 'connect', '--ip', quarter(0, 40), '--alias', 'x', 'aside', 'both']);
  assert.match(await box.inside('both', 'ip -o -4 addr show eth1'), new RegExp(` inet ${quarter(0, 40)}/26 `));
  assert.match(await routesOf('both'), new RegExp(`^default via ${quarter(0, 1)} dev eth1`));
  const reached = [reaches('both', one), reaches('both', two), reaches('one', quarter(0, 40))];
  assert.equal(await Promise.all(reached), [true, true, true]);
  assert.is(
    await refusal('network', 'connect', 'aside', 'both'),
    '1 endpoint with name both already exists in network aside',
  );
  assert.is(await refusal('network', 'connect', '--ip', one, 'aside', 'two'), `1 Address already in use: ${one}`);
  await box.ok(['restart', '-t', '0', 'both']);
  assert.match(await routesOf('both'), new RegExp(`^default via ${quarter(0, 1)} dev eth1`));
  await box.ok(['network', 'disconnect', 'aside', 'both']);
  assert.equal((await box.inside('both', 'ls /sys/class/net')).split('\n'), ['eth0', 'lo']);
  assert.match(await routesOf('both'), new RegExp(`^default via ${quarter(1, 1)} dev eth0`));
  assert.not(await reaches('one', quarter(0, 40)));
  assert.match(
    await refusal('network', 'disconnect', 'aside', 'both'),
    /^1 container \w{64} is not connected to network aside$/,
  );
});

test('published ports go with the default route', async () => {
  await create('first', '--subnet', quarter(0, '/26'));
  await create('second', '--subnet', quarter(1, '/26'));
  const port = await freePort();
  await box.start(
    'echo here > /index.html; exec httpd -f -p 80 -h /',
    '--name',
    'web',
    '--network',
    'second',
    '-p',
    `${port}:80`,
  );
  const page = () => sh(`curl -s -m 2 http://127.0.0.1:${port}/`);
  await eventually(() => assert.is(page(), 'here'), 10);
  for (const [verb, network] of [
    ['connect', 'first'],
    ['disconnect', 'second'],
    ['connect', 'bridge'],
    ['disconnect', 'first'],
  ] as const) {
    await box.ok(['network', verb, network, 'web']);
    assert.is(page(), 'here', `${verb} ${network}`);
  }
  await box.ok(['network', 'disconnect', 'bridge', 'web']);
  assert.equal((await box.inside('web', 'ls /sys/class/net')).split('\n'), ['lo']);
  assert.is(await box.inspect('web', '{{json .NetworkSettings.Ports}}'), '{}');
  assert.not.match(sh('iptables-save -t nat'), new RegExp(`--dport ${port} `));
});

test('of a first start that is killed nothing is left of the network: no rule, no address', async () => {
  await create('lively');
  await sleeper('other', '--network', 'lively');
  await create('near');
  const port = await freePort();
  const rules = () => sh('iptables-save -t nat');
  const { pid } = JSON.parse(readFileSync(enginePaths(box).keeper, 'utf8'));
  // The start waits for its answer, with all that it has taken and a record that tells nothing of it yet.
  process.kill(pid, 'SIGSTOP');
  try {
    const command = ['run', '-d', '--network', 'near', '-p', `${port}:80`, 'bb', 'sleep', '1000'];
    const start = spawn(minidockPath, command, { stdio: 'ignore', env: { ...process.env, ...box.env } });
    await eventually(() => assert.match(rules(), new RegExp(`--dport ${port} `)), 10);
    start.kill('SIGKILL');
    await once(start, 'exit');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await eventually(() => assert.not.match(rules(), new RegExp(`--dport ${port} `)), 20);
  await box.ok(['network', 'rm', 'near']);
});

test('an address and a MAC of one’s own, and what is refused of them', async () => {
  await create(
    'named',
    '--subnet',
    quarter(0, '/26'),
    '--ip-range',
    quarter(0, '/29'),
    '--aux-address',
    `x=${quarter(0, 2)}`,
  );
  await create('chosen');
  const own = ['--network', 'named', '--ip', quarter(0, 20), '--mac-address', '02-42-AC-11-00-99'];
  await sleeper('own', ...own);
  assert.match(
    await box.inside('own', 'ip addr show eth0'),
    new RegExp(`link/ether 02:42:ac:11:00:99[^]* inet ${quarter(0, 20)}/26`),
  );
  const run = (...flags: string[]) => refusal('run', '--rm', '--network', ...flags, 'bb', 'true');
  for (const taken of [quarter(0, 20), quarter(0, 1), quarter(0, 2), quarter(0, 63), quarter(0, 0)])
    assert.is(await run('named', '--ip', taken), `125 Address already in use: ${taken}`);
  assert.match(
    await run('named', '--ip', quarter(1, 5)),
    /^125 Invalid address \S+: It does not belong to any of this/,
  );
  assert.match(await run('chosen', '--ip', '172.18.0.9'), /^125 user specified IP address is supported only when/);
  assert.match(
    await run('bridge', '--ip', '172.18.0.9'),
    /^125 user specified IP address is supported on user defined/,
  );
  const given = await Promise.all([3, 4, 5, 6].map(at => sleeper(`r${at}`, '--network', 'named')));
  const addresses = await Promise.all(given.map(id => addressOf(id, 'named')));
  assert.equal(
    addresses.sort(),
    [3, 4, 5, 6].map(last => quarter(0, last)),
  );
  await sleeper('last', '--network', 'named');
  assert.match(await run('named'), /^125 no available IPv4 addresses on this network's address pools: named/);
});

test('nothing leaves an internal network, whatever a container does, nor gets in', async () => {
  await create('inner', '--internal', '--subnet', quarter(0, '/26'));
  await create('outer', '--subnet', quarter(1, '/26'));
  const port = await freePort();
  await sleeper('in', '--name', 'inside', '--network', 'inner', '--cap-add', 'NET_ADMIN');
  await sleeper('peer', '--network', 'inner');
  const web = 'echo outside > /index.html; exec httpd -f -p 80 -h /';
  await box.start(web, '--name', 'web', '--network', 'outer', '-p', `${port}:80`);
  assert.is(
    (await routesOf('inside')).trim(),
    `${quarter(0, '/26')} dev eth0 scope link  src ${await addressOf('inside', 'inner')}`,
  );
  assert.ok(await reaches('inside', await addressOf('peer', 'inner')));
  await box.inside('inside', `ip route add default via ${quarter(0, 1)}`);
  const fetch = (url: string) => box.minidock(['exec', 'inside', 'wget', '-T', '1', '-q', '-O', '-', url]);
  const away = await addressOf('web', 'outer');
  await eventually(() => assert.is(sh(`curl -s -m 2 http://127.0.0.1:${port}/`), 'outside'), 10);
  const urls = [`http://${away}/`, `http://${quarter(0, 1)}:${port}/`, `http://${quarter(1, 1)}:${port}/`];
  const within = await addressOf('inside', 'inner');
  const [back, ...fetched] = await Promise.all([reaches('web', within), ...urls.map(fetch)]);
  for (const [at, url] of urls.entries()) assert.is.not(fetched[at]!.exitCode, 0, url);
  assert.not(back);
});

test('options of the driver: containers that do not reach each other, MTU, no masquerading, a name for the bridge', async () => {
  const bridge = `mdx${testRun}`;
  const key = 'com.docker.network';
  await create(
    'odd',
    ...['-o', `${key}.bridge.name=${bridge}`, '-o', `${key}.bridge.enable_icc=false`],
    ...['-o', `${key}.driver.mtu=1400`, '-o', `${key}.bridge.enable_ip_masquerade=false`],
  );
  await Promise.all([sleeper('x1', '--network', 'odd'), sleeper('x2', '--network', 'odd')]);
  const gateway = await box.inspect('x1', '{{.NetworkSettings.Networks.odd.Gateway}}');
  assert.not(await reaches('x1', await addressOf('x2', 'odd')));
  assert.ok(await reaches('x1', gateway));
  assert.is(await box.inside('x1', 'cat /sys/class/net/eth0/mtu'), '1400');
  assert.is(readFileSync(`/sys/class/net/${bridge}/mtu`, 'utf8').trim(), '1400');
  assert.not.match(sh('iptables-save -t nat'), new RegExp(`! -o ${bridge} -j MASQUERADE`));
});

test('container:NAME shares the namespace, the names and the end of the network, not the life', async () => {
  await create('shared', '--subnet', quarter(0, '/26'));
  await sleeper('owner', '--network', 'shared', '--hostname', 'lord');
  await sleeper('guest', '--network', 'container:owner');
  const [owner, guest] = await Promise.all(['owner', 'guest'].map(name => box.inspect(name, '{{.State.Pid}}')));
  assert.is(readlinkSync(`/proc/${guest}/ns/net`), readlinkSync(`/proc/${owner}/ns/net`));
  const files = 'cat /etc/hostname /etc/hosts /etc/resolv.conf; hostname';
  assert.is(await box.inside('guest', files), await box.inside('owner', files));
  assert.is(await box.ok(['run', '--rm', '--network', 'container:guest', 'bb', 'hostname']), 'lord');
  assert.is(
    await refusal('network', 'connect', 'shared', 'guest'),
    '1 container sharing network namespace with another container or host cannot be connected to any other network',
  );
  await box.ok(['stop', '-t', '0', 'owner']);
  assert.equal((await box.inside('guest', 'ls /sys/class/net')).split('\n'), ['lo']);
  assert.match(
    await refusal('restart', '-t', '0', 'guest'),
    /^1 .*cannot join network of a non running container: \w{64}$/,
  );
  await box.ok(['start', 'owner']);
  assert.equal((await box.inside('owner', 'ls /sys/class/net')).split('\n'), ['eth0', 'lo']);
});

test('connections are kept while a container does not run, and none is one too', async () => {
  await create('kept', '--subnet', quarter(0, '/26'));
  await box.ok(['create', '--name', 'still', '--network', 'kept', 'bb', 'sleep', '1000']);
  await box.ok(['network', 'connect', 'bridge', 'still']);
  await box.ok(['network', 'disconnect', 'kept', 'still']);
  await box.ok(['network', 'connect', '--ip', quarter(0, 9), 'kept', 'still']);
  assert.is(await box.ok(['ps', '-aq', '--filter', 'network=kept', '--format', '{{.Networks}}']), 'bridge,kept');
  await box.ok(['start', 'still']);
  assert.is(await addressOf('still', 'kept'), quarter(0, 9));
  assert.equal((await box.inside('still', 'ls /sys/class/net')).split('\n'), ['eth0', 'eth1', 'lo']);
  await box.ok(['network', 'disconnect', 'kept', 'still']);
  await box.ok(['network', 'disconnect', 'bridge', 'still']);
  await box.ok(['restart', '-t', '0', 'still']);
  assert.equal((await box.inside('still', 'ls /sys/class/net')).split('\n'), ['lo']);
  await sleeper('none', '--network', 'none');
  assert.match(await refusal('network', 'connect', 'kept', 'none'), /in private \(none\) mode$/);
  await box.ok(['network', 'disconnect', 'none', 'none']);
  await box.ok(['network', 'connect', 'kept', 'none']);
  assert.equal((await box.inside('none', 'ls /sys/class/net')).split('\n'), ['eth0', 'lo']);
});

test('what a reboot or another program took is made again', async () => {
  const bridge = bridgeOf(await create('taken', '--subnet', quarter(0, '/26')));
  await sleeper('before', '--network', 'taken');
  await box.ok(['stop', '-t', '0', 'before']);
  const rules = sh('iptables-save')
    .split('\n')
    .filter(line => line.includes(bridge));
  sh(`ip link del ${bridge}; iptables -D MINIDOCK-FORWARD -j MINIDOCK-${bridge}-IN`);
  await box.ok(['start', 'before']);
  assert.match(await routesOf('before'), new RegExp(`^default via ${quarter(0, 1)} dev eth0`));
  assert.equal(
    sh('iptables-save')
      .split('\n')
      .filter(line => line.includes(bridge))
      .sort(),
    rules.sort(),
  );
});

test('of many that are made or started at once none takes what another has', async () => {
  const made = await Promise.all(Array.from({ length: 4 }, () => box.minidock(['network', 'create', 'crowd'])));
  assert.equal(made.map(({ exitCode }) => exitCode).sort(), [0, 1, 1, 1]);
  await Promise.all(['m1', 'm2', 'm3'].map(name => create(name)));
  const subnets = await Promise.all(
    ['crowd', 'm1', 'm2', 'm3'].map(name => box.inspect(name, '{{(index .IPAM.Config 0).Subnet}}')),
  );
  assert.is(new Set(subnets).size, 4, subnets.join(' '));
  const names = Array.from({ length: 20 }, (_, at) => `c${at}x`);
  await Promise.all(
    names.map(name => box.ok(['run', '-d', '--name', name, '--network', 'crowd', 'bb', 'sleep', '1000'])),
  );
  const members = Object.values(JSON.parse(await box.inspect('crowd', '{{json .Containers}}'))) as {
    IPv4Address: string;
  }[];
  assert.is(new Set(members.map(one => one.IPv4Address)).size, 20);
});

test('subnets that are taken are refused, by networks and by routes of the host', async () => {
  await create('here', '--subnet', quarter(0, '/26'));
  const wire = `mdt${testRun}n`;
  sh(
    `ip link add ${wire} type veth peer name ${wire}p; ip addr add ${quarter(2, 1)}/26 dev ${wire}; ip link set ${wire} up`,
  );
  try {
    const overlaps = 'Pool overlaps with other one on this address space';
    assert.is(
      await refusal('network', 'create', '--subnet', quarter(0, '/25'), 'more'),
      `1 ${overlaps}: network here has ${quarter(0, '/26')}`,
    );
    assert.is(
      await refusal('network', 'create', '--subnet', quarter(2, '/27'), 'more'),
      `1 ${overlaps}: the route by ${wire} has ${quarter(2, '/26')}`,
    );
  } finally {
    sh(`ip link del ${wire}`);
  }
  assert.is(await box.ok(['network', 'ls', '-q', '--filter', 'name=more']), '');
});

test.run();
