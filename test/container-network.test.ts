// @linux-3.10 what a user does in a classroom with CentOS 7
// @mounts-nothing its subject is the network
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { endProcesses, onExit, testRun } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { type Machine, startMachine } from './support/netns.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';

/** Whole containers on the machine's own network; the cases of the rules by themselves stand in network-ports.test.ts. */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip', 'nsenter', 'unshare', 'curl');
let box: BusyboxEngine;
let neighbour: Machine;

/** Another machine on a wire of ours; it knows no route to containers, so only masqueraded packets are answered. */
const wire = `mdt${testRun}w`;
/** Of 198.18.0.0/15, which RFC 2544 keeps for tests: a pair for each run, so that two beside each other do no harm. */
const pair = Number.parseInt(testRun, 16) & 0xfffc;
const [host, away] = [pair + 1, pair + 2].map(last => `198.18.${last >> 8}.${last & 0xff}`) as [string, string];

test.before(async () => {
  box = await busyboxEngine();
  neighbour = await startMachine();
  sh(
    `ip link add ${wire} type veth peer name wire netns ${neighbour.pid}; ip addr add ${host}/30 dev ${wire}; ip link set ${wire} up`,
  );
  onExit(() => void spawnSync('ip', ['link', 'del', wire]));
  neighbour.sh(`ip addr add ${away}/30 dev wire; ip link set wire up; ip link set lo up`);
  await neighbour.serve('tcp', 80, 'neighbour');
  await neighbour.serve('udp', 53, 'neighbour');
});
test.after.each(async () => {
  endProcesses(helpers.splice(0));
  await box.removeAll();
});

test.after(() => neighbour.end());

function sh(command: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', command], { encoding: 'utf8', timeout: 10_000 });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout.trim();
}

const server = (name: string) => `mkdir /srv; echo ${name} > /srv/index.html; exec httpd -f -p 80 -h /srv`;
const fetchPage = (url: string) => {
  const { status, stdout } = spawnSync('curl', ['-s', '-m', '2', url], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : `curl: ${status}`;
};
const rules = () =>
  sh('iptables-save')
    .split('\n')
    .filter(line => line.includes(box.bridge));

async function serving(name: string, ...flags: string[]): Promise<string> {
  const id = await box.start(server(name), '--network', 'bridge', '--name', name, ...flags);
  await eventually(async () => {
    if ((await box.minidock(['exec', id, 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1/'])).exitCode !== 0)
      throw new Error(`${name} does not serve`);
  });
  return id;
}

test('eth0 with an address of the bridge’s network, its gateway as default route, loopback up', async () => {
  const id = await box.start('sleep 1000', '--network', 'bridge');
  const [address, gateway, mac, length] = (
    await box.inspect(
      id,
      '{{.NetworkSettings.IPAddress}} {{.NetworkSettings.Gateway}} {{.NetworkSettings.MacAddress}} {{.NetworkSettings.IPPrefixLen}}',
    )
  ).split(' ');
  const seen = await box.inside(
    id,
    'ls /sys/class/net; ip -o -4 addr show eth0; cat /sys/class/net/eth0/address; ip route; cat /sys/class/net/eth0/operstate',
  );
  assert.match(seen, new RegExp(`^eth0\\nlo\\n.* inet ${address}/${length} `));
  assert.match(seen, new RegExp(`^${mac}$`, 'm'));
  assert.match(seen, new RegExp(`^default via ${gateway} dev eth0 *$`, 'm'));
  assert.match(seen, /^up$/m);
  assert.match(sh(`ip -o -4 addr show ${box.bridge}`), new RegExp(` inet ${gateway}/`));
  assert.is(readdirSync(`/sys/class/net/${box.bridge}/brif`).length, 1);
});

test('out of the bridge, tcp and udp, as the host', async () => {
  assert.is(await box.sh(`nc ${away} 80 </dev/null`, '--network', 'bridge'), `neighbour ${host}`);
  const id = await box.start('sleep 1000', '--network', 'bridge');
  const ask = `const s = require('dgram').createSocket('udp4'); s.send('?', 53, '${away}'); s.on('message', m => { console.log(String(m)); s.close(); })`;
  assert.is(await inNetworkOf(id, ask), `neighbour ${host}`);
});

test('-p: from the host, localhost, another machine, another container, and itself', async () => {
  const port = await freePort();
  const id = await serving('web', '-p', `${port}:80`);
  const gateway = await box.inspect(id, '{{.NetworkSettings.Gateway}}');
  for (const address of ['127.0.0.1', 'localhost', gateway, host])
    assert.is(fetchPage(`http://${address}:${port}/`), 'web', address);
  assert.is(neighbour.sh(`curl -s -m 2 http://${host}:${port}/`), 'web');
  for (const address of [gateway, host]) {
    assert.is(
      await box.sh(`wget -q -O - http://${address}:${port}/`, '--network', 'bridge'),
      'web',
      `another container by ${address}`,
    );
    assert.is(await box.inside(id, `wget -q -O - http://${address}:${port}/`), 'web', `itself by ${address}`);
  }
  assert.ok(rules().some(line => line.includes(String(port))));
  await box.ok(['rm', '-f', id]);
  assert.is(fetchPage(`http://127.0.0.1:${port}/`), 'curl: 7');
  assert.equal(
    rules().filter(line => line.includes(String(port))),
    [],
  );
});

test('-p of one address is reached by no other; without a host port one is chosen', async () => {
  const id = await serving('local', '-p', '127.0.0.1::80');
  const port = await box.inspect(id, '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}');
  assert.is(fetchPage(`http://127.0.0.1:${port}/`), 'local');
  assert.is(fetchPage(`http://${host}:${port}/`), 'curl: 7');
  assert.throws(() => neighbour.sh(`curl -s -m 1 http://${host}:${port}/`));
});

/** They hold a container's network, and must not outlive it. */
const helpers: number[] = [];

/** Busybox speaks no udp: Node does in its place, in the container's network. Resolves with the first output. */
async function inNetworkOf(id: string, script: string): Promise<string> {
  const pid = await box.inspect(id, '{{.State.Pid}}');
  const child = spawn('nsenter', ['-t', pid, '-n', process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  helpers.push(child.pid!);
  const limit = setTimeout(() => child.kill('SIGKILL'), 3000);
  const [first] = (await once(child.stdout, 'data').catch(() => [''])) as [Buffer];
  clearTimeout(limit);
  return String(first).trim();
}

test('-p of udp', async () => {
  const port = await freePort();
  const id = await box.start('sleep 1000', '--network', 'bridge', '-p', `${port}:53/udp`);
  await inNetworkOf(
    id,
    `const s = require('dgram').createSocket('udp4'); s.on('message', (m, from) => s.send('answer to ' + m, from.port, from.address)); s.bind(53, () => console.log('bound'));`,
  );
  assert.is(await ask(port), 'answer to ?');
});

function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const done = (action: () => void) => {
      clearTimeout(limit);
      socket.close();
      action();
    };
    const limit = setTimeout(() => done(() => reject(new Error('no answer'))), 2000);
    socket.once('message', message => done(() => resolve(String(message))));
    socket.send('?', port, '127.0.0.1');
  });
}

test('a port in use: by another container, by a process of the host', async () => {
  const port = await freePort();
  await serving('first', '-p', `${port}:80`);
  const second = await box.minidock(['run', '-d', '--name', 'second', '-p', `${port}:80`, 'bb', 'sleep', '10']);
  assert.is(second.exitCode, 125);
  assert.match(String(second.stderr), new RegExp(`^minidock: .*${port}.*(in use|allocated|first)`));
  assert.is(await box.inspect('second', '{{.State.Status}} {{.State.ExitCode}}'), 'created 128');

  const listener = createTcpServer();
  await new Promise<void>(resolve => listener.listen(0, '0.0.0.0', resolve));
  const taken = (listener.address() as AddressInfo).port;
  const third = await box.minidock(['run', '-d', '--name', 'third', '-p', `${taken}:80`, 'bb', 'sleep', '10']);
  listener.close();
  assert.is(third.exitCode, 125);
  assert.match(String(third.stderr), new RegExp(`^minidock: .*${taken}`));
  assert.equal(
    readdirSync(join(box.root, 'networks', box.bridge, 'leases')).length,
    1,
    'only the first has an address',
  );
  assert.is(
    await box.ok(['ps', '-a', '--format', '{{.Names}} {{.State}}']),
    'third created\nsecond created\nfirst running',
  );
});

test('a chosen port that another process took unseen: the next one is chosen', async () => {
  const published = async () => {
    const id = await box.start('sleep 1000', '--network', 'bridge', '-p', '80');
    const port = await box.inspect(id, '{{(index .NetworkSettings.Ports "80/tcp" 0).HostPort}}');
    await box.ok(['rm', '-f', id]);
    return Number(port);
  };
  // Bound and not listening: /proc/net/tcp does not show it, as it does not show a port that is lost between look and bind.
  const hold = `use Socket; socket(S, PF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in($ARGV[0], INADDR_ANY)) or die; $| = 1; print "held\\n"; sleep`;
  const first = await published();
  const holder = spawn('perl', ['-e', hold, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(holder.stdout, 'data');
    assert.ok((await published()) > first);
    assert.is(await box.ok(['run', '--rm', '-p', '80', 'bb', 'echo', 'ran']), 'ran');
    assert.is(await box.ok(['ps', '-aq']), '');
    const named = await box.minidock(['run', '--rm', '-p', `${first}:80`, 'bb', 'true']);
    assert.is(named.exitCode, 125, 'a port that the user named is not exchanged');
    assert.match(String(named.stderr), new RegExp(`0\\.0\\.0\\.0:${first}/tcp: it is already in use`));
  } finally {
    holder.kill();
  }
});

test('the host’s localhost is out of reach', async () => {
  const answers: string[] = [];
  const local: Server = createServer((request, response) => {
    answers.push(String(request.url));
    response.end('private');
  });
  await new Promise<void>(resolve => local.listen(0, '127.0.0.1', resolve));
  const { port } = local.address() as AddressInfo;
  const result = await box.sh(
    `for a in 127.0.0.1 $(ip route | sed -n "s/default via \\([^ ]*\\).*/\\1/p") ${host}; do wget -q -T 1 -O - http://$a:${port}/$a 2>&1 | head -c 60; echo; done`,
    '--network',
    'bridge',
  );
  local.close();
  assert.not.match(result, /private/);
  assert.equal(answers, []);
});

test('containers reach each other, by the address in inspect', async () => {
  const id = await serving('peer');
  const address = await box.inspect(id, '{{.NetworkSettings.IPAddress}}');
  assert.is(await box.sh(`wget -q -O - http://${address}/`, '--network', 'bridge'), 'peer');
});

test('--network none reaches nothing, host is the host', async () => {
  assert.match(await box.sh(`nc -w 1 ${away} 80 </dev/null 2>&1; true`), /Network is unreachable/);
  assert.is(await box.sh(`nc ${away} 80 </dev/null`, '--network', 'host'), `neighbour ${host}`);
  assert.is(
    await box.sh(`cat /sys/class/net/${wire}/ifindex`, '--network', 'host'),
    sh(`cat /sys/class/net/${wire}/ifindex`),
  );
});

test('in a network of its own everyone may listen on low ports and ping, and IPv6 is off; the host’s network stays as it is', async () => {
  const names = [
    'net/ipv4/ip_unprivileged_port_start',
    'net/ipv4/ping_group_range',
    'net/ipv6/conf/all/disable_ipv6',
    'net/ipv6/conf/default/disable_ipv6',
    'net/ipv6/conf/lo/disable_ipv6',
  ];
  const read = `cd /proc/sys; cat ${names.join(' ')}`;
  const here = names.map(name => readFileSync(`/proc/sys/${name}`, 'utf8')).join('');
  for (const network of ['none', 'bridge'])
    assert.is(await box.sh(read, '--network', network), '0\n0\t2147483647\n1\n1\n1', network);
  assert.is(await box.sh(read, '--network', 'host'), here.trim());
  assert.is(names.map(name => readFileSync(`/proc/sys/${name}`, 'utf8')).join(''), here, 'the host is as before');

  assert.is(await box.sh('httpd -p 80 && echo listens', '--network', 'bridge', '-u', '1000:1000'), 'listens');
  const id = await box.start('sleep 1000', '--network', 'bridge');
  assert.not.match(await box.inside(id, 'ip addr'), /inet6/);
});

test('--network host discards -p, and says so as Docker does', async () => {
  const warning = 'WARNING: Published ports are discarded when using host network mode';
  const { stdout, stderr } = await box.minidock([
    'run',
    '--rm',
    '--network',
    'host',
    '-p',
    '80:80',
    'bb',
    'echo',
    'hi',
  ]);
  assert.equal([stdout, stderr], ['hi', warning]);
  for (const flags of [
    ['--network', 'host'],
    ['--network', 'none', '-p', '80:80'],
  ])
    assert.is((await box.minidock(['run', '--rm', ...flags, 'bb', 'true'])).stderr, '');
});

test('an address and a port are free again after an exit, and after a kill of everything', async () => {
  const port = await freePort();
  for (let round = 0; round < 3; round++) {
    const id = await box.start('sleep 1000', '--network', 'bridge', '-p', `${port}:80`);
    assert.match(await box.inspect(id, '{{.NetworkSettings.IPAddress}}'), /\.2$/);
    const pid = await box.inspect(id, '{{.State.Pid}}');
    const supervisor = sh(`sed -n 's/^PPid:\\s*//p' /proc/${pid}/status`);
    process.kill(Number(round === 1 ? supervisor : pid), 'SIGKILL');
    await eventually(async () => assert.is(await box.inspect(id, '{{.State.Status}}'), 'exited'));
    await box.ok(['rm', id]);
  }
  await eventually(() => assert.equal(readdirSync(`/sys/class/net/${box.bridge}/brif`), []));
  assert.equal(
    rules().filter(line => line.includes(String(port))),
    [],
  );
});

test('a container’s raw sockets cannot forge another’s address onto the host’s loopback, nor configure its network', async () => {
  const answer = await box.sh(
    'ip link set eth0 down 2>&1; ip addr add 10.0.0.1/8 dev eth0 2>&1; ip route add 1.2.3.4 dev eth0 2>&1; (echo 1 > /proc/sys/net/ipv4/ip_forward) 2>&1; true',
    '--network',
    'bridge',
  );
  assert.match(answer, /^(ip: .*Operation not permitted\n){3}sh: .*Read-only file system$/);
});

/** Holds a supervisor up: it attaches to the output, and takes none. */
async function hungClient(id: string) {
  const path = join(box.execRoot, id.slice(0, 12), 'shim.sock');
  const client = connect({ path, onread: { buffer: Buffer.alloc(1), callback: () => false } });
  client.on('error', () => {});
  await once(client, 'connect');
  // ATTACH to stdout (native/protocol.h).
  client.pause().write(Buffer.from([97, 2, 0, 0, 0, 0, 0, 0]));
  return client;
}

test('with the end go port and interface, also where the supervisor still waits for a client; the root stays mounted', async () => {
  const port = await freePort();
  const talks = 'until test -e /go; do sleep 0.05; done; head -c 4000000 /dev/zero';
  const id = await box.start(talks, '--network', 'bridge', '-p', `${port}:80`);
  const pid = await box.inspect(id, '{{.State.Pid}}');
  const [, supervisor] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  const interfaces = () => sh(`ip -br link show master ${box.bridge}`).split('\n').filter(Boolean).length;
  assert.is(interfaces(), 1);
  const client = await hungClient(id);
  try {
    await box.ok(['exec', id, 'touch', '/go']);
    await eventually(async () => assert.is(await box.inspect(id, '{{.State.Status}}'), 'exited'));
    for (const address of ['0.0.0.0', '::']) {
      const server = createTcpServer().listen({ port, host: address, ipv6Only: true });
      await once(server, 'listening');
      server.close();
    }
    // The kernel removes it some time after the last process.
    await eventually(() => assert.is(interfaces(), 0));
    assert.is(mountedAgain(id), false, 'the end was told before the overlay was unmounted');
    assert.match(readFileSync(`/proc/${supervisor}/comm`, 'utf8'), /shim/, 'it still waits');
  } finally {
    client.destroy();
  }
  await eventually(() => assert.is(mountedAgain(id), true));
});

/** Whether the container's layer can be mounted by one who wants it alone: overlayfs with `index` refuses one that is mounted. */
function mountedAgain(id: string): boolean {
  const bundle = join(box.root, 'containers', id);
  const layers = `lowerdir=${bundle}/rootfs,upperdir=${bundle}/upper,workdir=${bundle}/work,index=on`;
  return spawnSync('unshare', ['-m', 'mount', '-t', 'overlay', '-o', layers, 'overlay', '/mnt']).status === 0;
}

test.run();
