import * as assert from 'uvu/assert';
import { eventually } from './support/eventually.ts';
import { type PrivateHost, privateHost } from './support/private-host.ts';
import { requires } from './support/requires.ts';

/**
 * Published ports by IPv6, of containers that have none: the supervisor holds the sockets, and a relay runs as long as somebody
 * uses them. The whole engine, on a host of its own.
 */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip', 'nsenter', 'unshare', 'curl', 'ipv6');
let host: PrivateHost;
let neighbour: string;

test.before(async () => {
  host = await privateHost();
  // A neighbour on the wire, in a namespace below the host's.
  neighbour = `nsenter --net=/proc/${host.sh('unshare --net sleep infinity >/dev/null 2>&1 & echo $!')}/ns/net`;
  const pid = /proc\/(\d+)/.exec(neighbour)![1];
  await eventually(() => host.sh(`readlink /proc/${pid}/ns/net`) !== host.sh('readlink /proc/self/ns/net'));
  host.sh(`ip link add wire type veth peer name wire netns ${pid}
    ip addr add 10.9.0.1/24 dev wire; ip -6 addr add 2001:db8::1/64 dev wire nodad; ip link set wire up
    ${neighbour} sh -c 'ip addr add 10.9.0.2/24 dev wire; ip -6 addr add 2001:db8::2/64 dev wire nodad; ip link set wire up'`);
});
test.after.each(() => host.removeAll());
test.after(() => {
  host.sh(`kill ${/proc\/(\d+)/.exec(neighbour)![1]}`);
  host.end();
});

const server = [
  'mkdir /srv; echo page > /srv/index.html; head -c 20000000 /dev/urandom > /srv/big',
  'nc -ll -p 7 -e cat &',
  'exec httpd -f -p 80 -h /srv',
].join('\n');

/** A container that serves files (80) and echoes (7); its short id. */
function serve(...flags: string[]): string {
  const id = host.minidock('run', '-d', ...flags, 'bb', 'sh', '-c', server);
  untilItServes(id);
  return id.slice(0, 12);
}
const untilItServes = (id: string) =>
  host.minidock('exec', id, 'sh', '-c', 'until wget -q -O /dev/null http://127.0.0.1/; do sleep 0.05; done');
const relays = () => host.sh('ps -eo comm,pid,ppid | grep ^minidock-relay || true').split('\n').filter(Boolean);
/** Those of this host: `ps` shows the whole machine. */
const own = () =>
  relays().filter(
    line => host.sh(`readlink /proc/${line.split(/\s+/)[1]}/ns/net || true`) === host.sh('readlink /proc/self/ns/net'),
  );
const page = (address: string, port = 8080, from = '') =>
  host.sh(`${from} curl -s -m 10 http://${address}:${port}/ || echo "curl: $?"`);

const closed = (answer: string) => answer.replace(/^curl: (52|56)$/, 'curl: closed');

test('a port is reached at every address of the host, by IPv4 and IPv6; nothing runs before and the relay has no rights', () => {
  serve('-p', '8080:80');
  assert.equal(own(), []);
  for (const address of ['127.0.0.1', '10.9.0.1']) assert.is(page(address), 'page', address);
  assert.equal(own(), [], 'IPv4 needs none');
  for (const address of ['[::1]', '[2001:db8::1]']) assert.is(page(address), 'page', address);
  for (const address of ['10.9.0.1', '[2001:db8::1]']) assert.is(page(address, 8080, neighbour), 'page', address);
  const [relay, ...more] = own();
  assert.equal(more, [], 'one process for all');
  const status = host.sh(`cat /proc/${relay!.split(/\s+/)[1]}/status`);
  assert.match(status, /^Uid:\t65534\t65534\t65534\t65534$/m);
  assert.match(status, /^CapEff:\t0+$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
});

test('all bytes arrive, in both directions, also after one direction was ended', async () => {
  serve('-p', '8080:80', '-p', '7:7');
  host.sh('curl -s http://127.0.0.1:8080/big > /dev/null');
  const sum = (address: string) => host.sh(`curl -s http://${address}:8080/big | md5sum`);
  assert.is(sum('[::1]'), sum('127.0.0.1'));
  // nc ends its direction when its input is over, and prints what comes after that.
  const there = `head -c 5000000 /dev/zero | tr '\\0' x | busybox nc ::1 7 | md5sum`;
  assert.is(host.sh(there), host.sh(`head -c 5000000 /dev/zero | tr '\\0' x | md5sum`));
});

test('datagrams and their answers are carried, each client by itself, from the address that was asked', async () => {
  const id = serve('-p', '53:53/udp', '-p', '[::1]:5353:53/udp');
  const inside = `nsenter -t ${host.minidock('inspect', '-f', '{{.State.Pid}}', id)} -n`;
  const echoes = `const socket = require('node:dgram').createSocket('udp4');
    socket.on('message', (text, from) => socket.send(text, from.port, from.address)).bind(53);`;
  const server = host.sh(`${inside} ${process.execPath} -e "${echoes}" >/dev/null 2>&1 & echo $!`);
  await eventually(() => host.sh(`${inside} ss -lun`).includes(':53 '));
  // A connected socket takes answers from the address alone that it asked; another try where one was lost.
  const script = `const [address, port] = process.argv.slice(1);
    const socket = require('node:dgram').createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.on('error', () => {}).on('message', answer => { console.log(String(answer)); process.exit(); });
    socket.connect(Number(port), address, () => { const ask = () => socket.send('hello'); ask(); setInterval(ask, 200); });
    setTimeout(() => process.exit(), 5000);`;
  const echo = (address: string, port: number, from = '') =>
    host.sh(`${from} ${process.execPath} -e "${script}" ${address} ${port}`);
  for (const address of ['127.0.0.1', '::1', '2001:db8::1']) assert.is(echo(address, 53), 'hello', address);
  assert.is(echo('2001:db8::1', 53, neighbour), 'hello');
  host.sh('ip -6 addr add 2001:db8::9/64 dev wire nodad');
  assert.is(echo('2001:db8::9', 53, neighbour), 'hello', 'an address that the route would not choose');
  assert.is(echo('::1', 5353), 'hello');
  host.sh(`kill ${server}`);
});

test('a client that goes on sending datagrams comes to whoever has the port now', async () => {
  const client =
    host.sh(`${neighbour} ${process.execPath} -e "const socket = require('node:dgram').createSocket('udp4');
    socket.on('error', () => {}).on('message', answer => console.log(String(answer))).bind(7777);
    setInterval(() => socket.send('?', 53, '10.9.0.1'), 20)" >${host.box.folder}/answers 2>&1 & echo $!`);
  const answers = () => host.sh(`cat ${host.box.folder}/answers`).split('\n');
  await eventually(() =>
    /udp .* sport=7777 dport=53 .* sport=53 dport=7777/.test(host.sh('cat /proc/net/nf_conntrack')),
  );
  const servers: string[] = [];
  try {
    for (const name of ['first', 'second']) {
      const id = host.minidock('run', '-d', '--name', name, '-p', '53:53/udp', 'bb', 'sleep', '1000');
      const inside = `nsenter -t ${host.minidock('inspect', '-f', '{{.State.Pid}}', id)} -n`;
      servers.push(
        host.sh(`${inside} ${process.execPath} -e "const socket = require('node:dgram').createSocket('udp4');
        socket.on('message', (text, from) => socket.send('${name}', from.port, from.address)).bind(53)" >/dev/null 2>&1 & echo $!`),
      );
      await eventually(() => answers().at(-1) === name, 30);
      host.minidock('rm', '-f', id);
      // The next one gets another address.
      host.minidock('run', '-d', 'bb', 'sleep', '1000');
      assert.not.match(host.sh('cat /proc/net/nf_conntrack'), /sport=7777 dport=53 .*src=172\./);
    }
  } finally {
    host.sh(`kill ${client} ${servers.join(' ')}`);
  }
});

test('a port whose server is not there is closed; ports of one address are reached by that alone', () => {
  serve('-p', '8081:81', '-p', '[::1]:8082:80', '-p', '127.0.0.1:8083:80', '-p', '[2001:db8::1]::80');
  assert.match(page('[::1]', 8081), /^curl: (52|56)$/);
  assert.is(page('[::1]', 8082), 'page');
  for (const [address, port] of [
    ['127.0.0.1', 8082],
    ['[2001:db8::1]', 8082],
    ['[::1]', 8083],
  ] as const)
    assert.is(page(address, port), 'curl: 7', `${address}:${port}`);
  const [chosen] = /\[2001:db8::1\]:\d+/.exec(host.sh('ss -ltn')) ?? [''];
  assert.is(page('[2001:db8::1]', Number(chosen.split(':').at(-1))), 'page');
});

test('it follows the container from network to network, and closes what comes while there is none', () => {
  for (const name of ['net-a', 'net-b']) host.minidock('network', 'create', name);
  const id = serve('--network', 'net-a', '-p', '8080:80');
  host.minidock('network', 'connect', 'net-b', id);
  for (const [verb, name, seen] of [
    ['disconnect', 'net-a', 'page'],
    ['disconnect', 'net-b', 'curl: closed'],
    ['connect', 'net-a', 'page'],
    ['connect', 'net-b', 'page'],
    ['disconnect', 'net-a', 'page'],
  ] as const) {
    // One that is in use, and is not asked to end by anybody.
    const held = host.sh('busybox nc ::1 8080 </dev/zero >/dev/null 2>&1 & echo $!');
    host.minidock('network', verb, name, id);
    for (const address of ['[::1]', '127.0.0.1', '10.9.0.1'])
      assert.is(closed(page(address)), seen, `${verb} ${name}, ${address}`);
    assert.is(closed(page('10.9.0.1', 8080, neighbour)), seen, `${verb} ${name}, from a neighbour`);
    assert.ok(own().length <= 1);
    host.sh(`kill ${held} 2>/dev/null || true`);
  }
  host.minidock('rm', '-f', id);
  host.minidock('network', 'rm', 'net-a', 'net-b');
});

test('a container on no network that leads out lets nobody wait at its ports; what it gets later opens them', () => {
  host.minidock('network', 'create', '--internal', 'inside');
  serve('--network', 'inside', '-p', '8080:80');
  const alone = host.minidock('create', '-p', '127.0.0.1:8081:80', 'bb', 'sh', '-c', server);
  host.minidock('network', 'disconnect', 'bridge', alone);
  host.minidock('start', alone);
  untilItServes(alone);
  for (const [address, port] of [
    ['127.0.0.1', 8080],
    ['[::1]', 8080],
    ['10.9.0.1', 8080],
    ['127.0.0.1', 8081],
  ] as const)
    assert.is(closed(page(address, port)), 'curl: closed', `${address}:${port}`);
  host.minidock('network', 'connect', 'bridge', alone);
  assert.is(page('127.0.0.1', 8081), 'page');
  host.removeAll();
  host.minidock('network', 'rm', 'inside');
});

test('while no rule translates a connection it is closed, and does not wait', () => {
  serve('-p', '8080:80');
  host.sh('iptables -t nat -F');
  for (const from of ['', neighbour]) assert.is(closed(page('10.9.0.1', 8080, from)), 'curl: closed');
  host.minidock('network', 'repair');
  for (const from of ['', neighbour]) assert.is(page('10.9.0.1', 8080, from), 'page');
});

test('with the container ends the relay, and its port can be taken at once', () => {
  for (const verb of [['rm', '-f'], ['kill']]) {
    const id = serve('-p', '8080:80');
    const slow = host.sh('busybox nc ::1 8080 </dev/zero >/dev/null 2>&1 & echo $!');
    assert.is(page('[::1]'), 'page');
    assert.is(own().length, 1);
    host.minidock(...verb, id);
    assert.equal(own(), []);
    host.sh(`kill ${slow} 2>/dev/null || true`);
  }
  serve('-p', '8080:80');
  assert.is(page('[::1]'), 'page');
});

test.run();
