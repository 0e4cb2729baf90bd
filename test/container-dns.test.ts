// @mounts-nothing its subject is the network
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { namesPort } from '../src/network/dns/port.ts';
import { CLONE } from '../src/syscalls/uapi/flags.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { endProcesses, onExit, temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { becomeMachine } from './support/netns.ts';
import { findProgram, requires } from './support/requires.ts';

/**
 * Names of containers, asked for by real resolvers: dig in a container's network namespace, glibc's getent and busybox's nslookup in containers.
 * This process is a host of its own, with its own network and resolv.conf; the name servers of the world are dnsmasq.
 */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip', 'nsenter', 'dig', 'dnsmasq');
let box: BusyboxEngine;
const folder = temporaryFolder('dns');
const resolv = join(folder, 'resolv.conf');
/** The name servers of this host: one on its loopback, as systemd-resolved has it, one elsewhere, one that is not there. */
const [stub, other, silent] = ['127.0.0.53', '10.53.0.53', '10.53.0.99'];

test.before(async () => {
  const { unshare } = await import('../src/syscalls/ffi.ts');
  assert.is(unshare(CLONE.CLONE_NEWNS).value, 0);
  await becomeMachine();
  sh('mount --make-rprivate /');
  hostResolvers(stub, other);
  sh(`mount --bind ${resolv} /etc/resolv.conf; for a in ${other} ${silent}; do ip address add $a/32 dev lo; done`);
  nameServer(stub, '--address=/world.test/192.0.2.53', ...texts);
  nameServer(other, '--address=/world.test/192.0.2.10', '--address=/other.test/192.0.2.11');
  box = await busyboxEngine();
  for (const network of ['front', 'back']) await box.ok(['network', 'create', network]);
});
test.after.each(() => box.removeAll());
test.after(async () => {
  await box.ok(['network', 'rm', 'front', 'back']);
});

/** More than fits into a UDP answer. */
const texts = Array.from({ length: 40 }, (_, i) => `--txt-record=long.test,${'x'.repeat(100)}${i}`);

function sh(command: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', command], { encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) throw new Error(`${command}: ${stdout}${stderr}`);
  return stdout.trim();
}

function hostResolvers(...addresses: string[]): void {
  writeFileSync(resolv, [...addresses.map(one => `nameserver ${one}`), 'options timeout:2', ''].join('\n'));
}

const plainly = (port: number) => ['-k', '-C', '/dev/null', '-R', '-h', '-x', '', '-u', 'root', '-p', String(port)];
const world: number[] = [];

function nameServer(address: string, ...options: string[]): void {
  const words = [...plainly(53), '--bind-interfaces', '-a', address, '-I', 'none', ...options];
  const child = spawn(findProgram('dnsmasq')!, words, { stdio: 'ignore' });
  child.unref();
  world.push(child.pid!);
  onExit(() => endProcesses([child.pid!]));
}

const run = (name: string, ...flags: string[]) => box.start('sleep 1000', '--name', name, ...flags);
/** As the engine has it on disk: cheaper than a command, of which this test has many. */
const idOf = (name: string) => readlinkSync(join(box.root, 'names', name)).slice(-64);
const pidOf = (name: string) =>
  JSON.parse(readFileSync(join(box.execRoot, idOf(name).slice(0, 12), 'running.json'), 'utf8')).pid as number;
const endpoint = (name: string, network: string): { address: string; gateway: string } =>
  JSON.parse(readFileSync(join(box.root, 'containers', idOf(name), 'container.json'), 'utf8')).network.endpoints.find(
    (one: { network: string }) => one.network === network,
  );
const addressOf = (name: string, network: string) => endpoint(name, network).address;
const gatewayOf = (name: string, network: string) => endpoint(name, network).gateway;

/** What dig says in the network namespace of a container, of the server in the container's resolv.conf: the status, and the data of each record. */
function dig(from: string, ...query: string[]): string[] {
  const pid = pidOf(from);
  const server = /nameserver (\S+)/.exec(readFileSync(`/proc/${pid}/root/etc/resolv.conf`, 'utf8'))![1]!;
  return digAt(pid, server, ...query);
}

function digAt(pid: number, server: string, ...query: string[]): string[] {
  const words = ['+time=8', '+tries=1', '+noall', '+comments', '+answer', ...query];
  const { stdout } = spawnSync('nsenter', ['-t', String(pid), '-n', 'dig', `@${server}`, ...words], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  const status = /status: (\w+)/.exec(stdout)?.[1] ?? stdout;
  const records = stdout.split('\n').filter(line => /^[^;\s]/.test(line));
  return [status, ...records.map(line => line.split(/\s+/).slice(4).join(' '))];
}

const keeper = () => JSON.parse(readFileSync(join(box.execRoot, 'keeper.json'), 'utf8')) as { pid: number };

test('a container has its name, its aliases, its hostname and its short id on its network, with or without the name of that', async () => {
  const id = await run('web', '--network', 'front', '--network-alias', 'www', '--hostname', 'machine');
  await run('asks', '--network', 'front');
  const address = addressOf('web', 'front');
  for (const name of ['web', 'www', 'machine', id.slice(0, 12), 'web.front', 'WWW.Front', 'wEB'])
    assert.equal(dig('asks', name), ['NOERROR', address], name);
  assert.equal(dig('web', 'web'), ['NOERROR', address]);
  assert.equal(dig('asks', '+tcp', 'web'), ['NOERROR', address]);
  assert.equal(dig('asks', '-x', address), ['NOERROR', 'web.front.']);
  for (const type of ['AAAA', 'MX', 'TXT']) assert.equal(dig('asks', type, 'web'), ['NOERROR'], type);
});

test('glibc and busybox find names by the files of the container', async () => {
  const libraries = ['/lib/x86_64-linux-gnu', '/lib64', '/usr/bin/getent'].filter(existsSync);
  const volumes = libraries.flatMap(file => ['-v', `${file}:${file}:ro`]);
  await run('web', '--network', 'front', '--network-alias', 'www');
  await run('asks', '--network', 'front', '--dns-search', 'front', ...volumes);
  const address = addressOf('web', 'front');
  assert.is(
    await box.inside('asks', 'cat /etc/resolv.conf'),
    `search front\nnameserver ${gatewayOf('asks', 'front')}\noptions timeout:2 ndots:0`,
  );
  assert.match(await box.inside('asks', 'nslookup web'), new RegExp(`^Address: ${address}$`, 'm'));
  assert.match(await box.inside('asks', 'ping -c 1 -w 20 www'), ` from ${address}: seq=0 `);
  if (existsSync('/lib/x86_64-linux-gnu/libc.so.6')) {
    assert.match(
      await box.inside('asks', 'getent ahosts web'),
      new RegExp(`^${address.replaceAll('.', '\\.')}\\s+STREAM web$`, 'm'),
    );
    assert.match(await box.inside('asks', `getent hosts ${address}`), new RegExp(`^${address}\\s+web.front$`));
  }
});

test('a shared alias leads to each in turn', async () => {
  for (const name of ['one', 'two', 'three']) await run(name, '--network', 'front', '--network-alias', 'all');
  const addresses = ['one', 'two', 'three'].map(name => addressOf(name, 'front'));
  const firsts = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const [status, ...found] = dig('one', 'all');
    assert.equal([status, found.sort()], ['NOERROR', [...addresses].sort()]);
  }
  const pid = pidOf('one');
  const server = gatewayOf('one', 'front');
  for (let i = 0; i < 6; i++) firsts.add(digAt(pid, server, 'all')[1]!);
  assert.equal([...firsts].sort(), [...addresses].sort());
});

test('names follow what happens: stop, start, rename, connect, disconnect, rm, and a supervisor that is killed', async () => {
  await run('asks', '--network', 'front');
  await run('web', '--network', 'front');
  const known = (name: string) => dig('asks', name).length === 2;
  assert.ok(known('web'));
  await box.ok(['stop', '-t', '0', 'web']);
  assert.not.ok(known('web'));
  await box.ok(['start', 'web']);
  assert.ok(known('web'));
  await box.ok(['rename', 'web', 'site']);
  assert.equal([known('web'), known('site')], [false, true]);
  await box.ok(['network', 'disconnect', 'front', 'site']);
  assert.not.ok(known('site'));
  await box.ok(['network', 'connect', '--alias', 'late', 'front', 'site']);
  assert.equal([known('site'), known('late')], [true, true]);
  await box.ok(['pause', 'site']);
  assert.ok(known('site'));
  await box.ok(['unpause', 'site']);
  const supervisor = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pidOf('site')}/status`, 'utf8'))![1];
  process.kill(Number(supervisor), 'SIGKILL');
  await eventually(() => assert.not.ok(known('site')));
  await box.ok(['start', 'site']);
  assert.ok(known('site'));
  await box.ok(['rm', '-f', 'site']);
  assert.not.ok(known('site'));
});

test('networks do not see into each other; who is on two knows both, and the default network has no names', async () => {
  await run('front1', '--network', 'front');
  await run('back1', '--network', 'back');
  await run('plain', '--network', 'bridge');
  assert.equal(dig('front1', 'back1'), dig('front1', 'nobody'));
  assert.equal(dig('front1', 'back1.back'), dig('front1', 'nobody.back'));
  assert.equal(dig('front1', 'plain'), dig('front1', 'nobody'));
  // By the other network's server neither: who asks decides.
  const foreign = digAt(pidOf('front1'), gatewayOf('back1', 'back'), 'back1');
  assert.not.ok(foreign.includes(addressOf('back1', 'back')));
  await box.ok(['network', 'connect', 'back', 'front1']);
  assert.equal(dig('front1', 'back1'), ['NOERROR', addressOf('back1', 'back')]);
  assert.equal(dig('front1', 'front1.front'), ['NOERROR', addressOf('front1', 'front')]);
  assert.equal(dig('front1', 'front1.back'), ['NOERROR', addressOf('front1', 'back')]);
  assert.equal(dig('back1', 'front1'), ['NOERROR', addressOf('front1', 'back')]);
});

test('other names are asked of the host’s servers, over UDP and TCP, those on its loopback too; of --dns where that is given', async () => {
  await run('asks', '--network', 'front');
  await run('own', '--network', 'front', '--dns', other);
  assert.equal(dig('asks', 'world.test'), ['NOERROR', '192.0.2.53']);
  assert.equal(dig('own', 'world.test'), ['NOERROR', '192.0.2.10']);
  // The answer does not fit into UDP: dig asks again over TCP.
  assert.is(dig('asks', 'TXT', 'long.test').length, 41);
  // The stub refuses what it does not know, and the next one is asked; a server that is silent is passed over.
  assert.equal(dig('asks', 'other.test'), ['NOERROR', '192.0.2.11']);
  hostResolvers(silent, other);
  sh(`iptables -I INPUT -d ${silent} -j DROP`);
  assert.equal(dig('asks', 'world.test'), ['NOERROR', '192.0.2.10']);
  hostResolvers('10.53.0.98');
  assert.equal(dig('asks', 'world.test'), ['SERVFAIL']);
  assert.equal(dig('asks', '+tcp', 'world.test'), ['SERVFAIL']);
  assert.equal(dig('asks', 'own'), ['NOERROR', addressOf('own', 'front')]);
  sh(`iptables -D INPUT -d ${silent} -j DROP`);
  hostResolvers(stub, other);
});

test('on an internal network nothing else is asked of anybody, but of a server of --dns on this network', async () => {
  await box.ok(['network', 'create', '--internal', 'inner']);
  await run('inside', '--network', 'inner');
  assert.equal(dig('inside', 'inside'), ['NOERROR', addressOf('inside', 'inner')]);
  assert.equal(dig('inside', 'world.test'), ['SERVFAIL']);
  await run('far', '--network', 'inner', '--dns', other);
  assert.equal(dig('far', 'world.test'), ['SERVFAIL']);
  await box.ok(['network', 'connect', 'front', 'inside']);
  assert.equal(dig('inside', 'world.test'), ['NOERROR', '192.0.2.53']);
  await box.ok(['rm', '-f', 'inside', 'far']);
  await box.ok(['network', 'rm', 'inner']);
});

test('the keeper that answers is there while a container needs it, and a killed one is back with the next command', async () => {
  await run('web', '--network', 'front');
  const { pid } = keeper();
  process.kill(pid, 'SIGKILL');
  await eventually(() => assert.not.ok(existsSync(`/proc/${pid}/exe`)));
  await box.ok(['ps']);
  const address = addressOf('web', 'front');
  await eventually(() => assert.equal(dig('web', 'web'), ['NOERROR', address]), 30);
  assert.is.not(keeper().pid, pid);
  const last = keeper().pid;
  // A container may ask before anybody is told that it has started.
  const asksAtOnce = async (name: string) =>
    assert.match(
      await box.ok(['run', '--rm', '--network', 'front', '--name', name, 'bb', 'nslookup', name]),
      `Name:\t${name}\n`,
    );
  await asksAtOnce('second');
  await box.ok(['stop', '-t', '0', 'web']);
  await eventually(() => assert.not.ok(existsSync(`/proc/${last}`)), 30);
  // A start that finds no keeper waits for it.
  await asksAtOnce('first');
});

test('a start calls the keeper again where the one that it called has died', async () => {
  const lock = join(box.execRoot, 'keeper.lock');
  await eventually(() => assert.not.ok(existsSync(join(box.execRoot, 'keeper.json'))), 30);
  // Holds the lock as a keeper does that is about to live, and dies. One that ends has it still when its file is gone; and
  // whoever tries whether it is held has it for a moment himself.
  const dying = spawn('flock', ['-w', '30', lock, 'sh', '-c', 'echo held; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  let isHeld = false;
  dying.stdout.once('data', () => {
    isHeld = true;
  });
  await eventually(() => isHeld, 30);
  const { ctimeMs } = statSync(lock);
  const starts = run('late', '--network', 'front');
  // The call truncates the lock's file. Any other command would call as well: none runs from here on.
  await eventually(() => statSync(lock).ctimeMs !== ctimeMs, 30);
  process.kill(-dying.pid!, 'SIGKILL');
  await starts;
  assert.equal(dig('late', 'late'), ['NOERROR', addressOf('late', 'front')]);
});

test('hosts and resolv.conf have a line for each connection, follow them live, and keep what the container wrote', async () => {
  const id = await run('web', '--network', 'bridge', '--add-host', 'there:192.0.2.1');
  const short = id.slice(0, 12);
  const hosts = async () => (await box.inside('web', 'cat /etc/hosts')).split('\n').slice(6);
  const plain = await box.inside('web', 'cat /etc/resolv.conf');
  const own = `${addressOf('web', 'bridge')}\t${short}`;
  assert.equal(await hosts(), ['192.0.2.1\tthere', own]);
  await box.inside('web', 'echo 192.0.2.2 mine >> /etc/hosts');
  await box.ok(['network', 'connect', 'front', 'web']);
  const front = `${addressOf('web', 'front')}\t${short}`;
  assert.equal(await hosts(), ['192.0.2.1\tthere', own, '192.0.2.2 mine', front]);
  assert.match(await box.inside('web', 'cat /etc/resolv.conf'), `nameserver ${gatewayOf('web', 'front')}\n`);
  await box.ok(['network', 'disconnect', 'bridge', 'web']);
  assert.equal(await hosts(), ['192.0.2.1\tthere', '192.0.2.2 mine', front]);
  await box.ok(['network', 'disconnect', 'front', 'web']);
  assert.equal(await hosts(), ['192.0.2.1\tthere', '192.0.2.2 mine']);
  assert.is(await box.inside('web', 'cat /etc/resolv.conf'), plain);
});

test('--link on a network of one’s own: a name that this container alone has', async () => {
  await run('db', '--network', 'front');
  await run('app', '--network', 'front', '--link', 'db:store', '--link', 'nobody:gone');
  const found = ['NOERROR', addressOf('db', 'front')];
  for (const name of ['store', 'store.front', 'db']) assert.equal(dig('app', name), found, name);
  assert.equal(dig('db', 'store'), dig('db', 'nobody'));
  assert.equal(dig('app', 'gone'), dig('app', 'nobody'));
});

test('a host that lets nothing in lets questions in', async () => {
  sh(
    'iptables -P INPUT DROP; iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT',
  );
  await run('web', '--network', 'front');
  assert.equal(dig('web', 'web'), ['NOERROR', addressOf('web', 'front')]);
  assert.equal(dig('web', '+tcp', 'web'), ['NOERROR', addressOf('web', 'front')]);
  sh('iptables -P INPUT ACCEPT');
});

test('a name server of the host at all of its addresses, and a container that publishes port 53, do no harm', async () => {
  endProcesses(world.splice(0));
  const everywhere = spawn(findProgram('dnsmasq')!, [...plainly(53), '--address=/world.test/192.0.2.77'], {
    stdio: 'ignore',
  });
  everywhere.unref();
  onExit(() => endProcesses([everywhere.pid!]));
  await eventually(() => assert.match(sh('ss -ltn'), '0.0.0.0:53 '), 30);
  await run('web', '--network', 'back');
  const found = ['NOERROR', addressOf('web', 'back')];
  const isFound = () => {
    assert.equal(dig('web', 'web'), found);
    assert.equal(dig('web', '+tcp', 'web'), found);
  };
  isFound();
  assert.equal(dig('web', 'world.test'), ['NOERROR', '192.0.2.77']);
  endProcesses([everywhere.pid!]);
  await eventually(() => assert.not.match(sh('ss -lutn'), ':53 '), 30);
  await run('serves', '--network', 'back', '-p', '53:53/udp', '-p', '53:53');
  isFound();
});

test('where the port of ours is taken, that is told, and the container does not start', async () => {
  await run('web', '--network', 'back');
  const gateway = gatewayOf('web', 'back');
  await box.ok(['stop', '-t', '0', 'web']);
  await eventually(() => assert.not.ok(existsSync(join(box.execRoot, 'keeper.json'))), 30);
  const child = spawn(findProgram('dnsmasq')!, plainly(namesPort), { stdio: 'ignore' });
  child.unref();
  onExit(() => endProcesses([child.pid!]));
  await eventually(() => assert.match(sh('ss -lun'), `:${namesPort} `), 30);
  const { exitCode, stderr } = await box.minidock(['start', 'web']);
  assert.is(exitCode, 1);
  assert.match(String(stderr), `names cannot be answered at ${gateway}, port ${namesPort}: EADDRINUSE`);
  endProcesses([child.pid!]);
  await box.ok(['start', 'web']);
});

test.run();
