// @mounts-nothing its subject is the network
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { demoNginx } from '../scripts/images/stand-in.ts';
import { copyProgram } from '../scripts/images/tree.ts';
import { eventually } from './support/eventually.ts';
import { type PrivateHost, privateHost } from './support/private-host.ts';
import { findProgram, requires } from './support/requires.ts';
import { assertSaid } from './support/sheet.ts';

/**
 * What a course on Docker has its students type to see how containers are networked, typed with our containers: the host's
 * bridges and tables, capturing in two places, and a container without a network that gets one by hand. Where such a course
 * installs programs into a container from the network they are copied in here; its bridge `docker0` is ours.
 */
const test = requires(
  'root',
  'busybox',
  'overlayfs',
  'iptables',
  'ip',
  'nsenter',
  'unshare',
  'curl',
  'brctl',
  'tcpdump',
  'script',
);
let host: PrivateHost;
let folder: string;
/** Another machine, on the wire behind the host's `eth0`. */
let other: string;
const [outside, neighbour] = ['203.0.113.1', '203.0.113.2'];

test.before(async () => {
  host = await privateHost();
  folder = host.box.folder;
  const script = (name: string, content: string) => fs.writeFileSync(path.join(folder, name), content, { mode: 0o755 });
  fs.mkdirSync(path.join(folder, 'bin'));
  script('bin/docker', `#!/bin/sh\nexec ${path.resolve('bin/minidock')} "$@"\n`);
  for (const name of ['netns', 'sys', 'tools']) fs.mkdirSync(path.join(folder, name));
  // /sys shows the network of whoever mounted it, and names of namespaces are not to stay on this machine.
  script(
    'in-host',
    `#!/bin/sh -e
    cd ${folder}; mount -t sysfs sysfs sys; mount --rbind /sys/fs/cgroup sys/fs/cgroup; mount --rbind sys /sys
    mkdir -p /run/netns; mount --bind netns /run/netns
    exec "$@"`,
  );
  const nginx = await demoNginx();
  const image = path.join(folder, 'image.tar');
  fs.copyFileSync(nginx.rootfs, image);
  spawnSync('tar', ['-Af', image, (await busyboxImage()).rootfs]);
  host.minidock('import', '-c', 'CMD ["nginx", "-g", "daemon off;"]', image, 'nginx:alpine');
  copyProgram(path.join(folder, 'tools'), findProgram('tcpdump')!, 'usr/bin/tcpdump');
  other = `nsenter --net=/proc/${host.sh('unshare --net sleep infinity >/dev/null 2>&1 & echo $!')}/ns/net`;
  const pid = /proc\/(\d+)/.exec(other)![1];
  await eventually(() => host.sh(`readlink /proc/${pid}/ns/net`) !== host.sh('readlink /proc/self/ns/net'), 20);
  host.sh(`ip link add eth0 type veth peer name eth0 netns ${pid}
    ip addr add ${outside}/24 dev eth0; ip link set eth0 up
    ${other} sh -c 'ip addr add ${neighbour}/24 dev eth0; ip link set eth0 up'`);
});
test.after.each(() => host.removeAll());
test.after(() => {
  host.sh(`kill ${/proc\/(\d+)/.exec(other)![1]}`);
  host.end();
});

/** Types a block on the host's terminal with `bash -e`; what stands behind `# →` is in what it shows, in that order. */
function type(block: string): string {
  fs.writeFileSync(path.join(folder, 'block'), block);
  const { status, stdout } = spawnSync(
    'nsenter',
    [
      '-t',
      String(host.pid),
      '-n',
      'unshare',
      '--mount',
      path.join(folder, 'in-host'),
      'script',
      '-qec',
      'bash -e block',
      '/dev/null',
    ],
    {
      encoding: 'utf8',
      timeout: 60_000,
      input: '',
      env: {
        ...process.env,
        ...host.box.env,
        NODE_EXTRA_CA_CERTS: '',
        LC_ALL: 'C',
        PATH: `${folder}/bin:${process.env.PATH}:/usr/sbin:/sbin`,
      },
    },
  );
  const said = stdout.replaceAll('\r', '');
  assert.is(status, 0, said);
  assertSaid(block, said);
  return said;
}

const bridge = () => host.box.bridge;
const inspect = (name: string, format: string) => host.minidock('inspect', '-f', format, name);
const addressOf = (name: string) => inspect(name, '{{.NetworkSettings.IPAddress}}');
const gatewayOf = (name: string) => inspect(name, '{{.NetworkSettings.Gateway}}');
const macOf = (name: string) => inspect(name, '{{.NetworkSettings.MacAddress}}');
/** nginx has begun to listen. */
const served = (name: string) => eventually(() => host.sh(`curl -s http://${addressOf(name)}/`).includes('nginx'), 20);

test('the bridge and its ports, containers that reach each other, MAC tables, which veth belongs to which eth0', async () => {
  type('docker run -d --name test1 nginx:alpine; docker run -d --name test2 nginx:alpine');
  await served('test1');
  const first = addressOf('test1');
  const gateway = gatewayOf('test1');
  const said = type(`
    brctl show # → bridge name…bridge id…STP enabled…interfaces
    # → ${bridge()}…8000.…no…veth
    ip a | grep veth # → veth…@if…master ${bridge()} state UP
    docker exec -ti test1 sh -c ifconfig # → eth0…HWaddr ${macOf('test1').toUpperCase()}
    # → inet addr:${first}…Mask:255.255.0.0
    docker exec -ti test2 sh -c 'wget -q -O - ${first}:80' # → Welcome to nginx!
    docker exec -ti test2 route -n # → 0.0.0.0…${gateway}…0.0.0.0…UG…eth0
    # → ${gateway.replace(/\.1$/, '.0')}…0.0.0.0…255.255.0.0…U…eth0
    docker exec -ti test2 arp -an # → ${first}) at ${macOf('test1')}
    docker exec -ti test2 ping -c 1 ${first} # → 1 packets transmitted, 1 packets received
    echo table; brctl showmacs ${bridge()}
    echo index; docker exec -ti test1 cat /sys/class/net/eth0/ifindex
    ip a | grep @if
    echo pairs
    for container in $(docker ps -q); do
        iflink=\`docker exec -it $container sh -c 'cat /sys/class/net/eth0/iflink'\`
        iflink=\`echo $iflink|tr -d '\\r'\`
        veth=\`grep -l $iflink /sys/class/net/veth*/ifindex\`
        veth=\`echo $veth|sed -e 's;^.*net/\\(.*\\)/ifindex$;\\1;'\`
        echo $container:$veth
    done`);
  const rows = /table\n(.*)index\n/s.exec(said)![1]!;
  for (const name of ['test1', 'test2']) assert.match(rows, new RegExp(`${macOf(name)}\\s+no`), rows);
  // The host's own ends stand there as local.
  assert.is(rows.match(/\syes\s/g)?.length, 2, rows);
  const [index, ...links] = /index\n(.*)pairs\n/s.exec(said)![1]!.trim().split('\n');
  assert.ok(
    links.some(link => link.includes(`@if${index}:`) && link.includes(bridge())),
    links.join('\n'),
  );
  const pairs = /pairs\n(.*)$/s.exec(said)![1]!.trim().split('\n');
  const held = ['test2', 'test1'].map(name => {
    const link = host.sh(`nsenter -t ${inspect(name, '{{.State.Pid}}')} -n ip -o link show eth0`);
    const index = /@if(\d+)/.exec(link)![1];
    return `${inspect(name, '{{.Id}}').slice(0, 12)}:${/^\d+: (veth\w+)@/.exec(host.sh(`ip -o link | grep '^${index}: '`))![1]}`;
  });
  assert.equal(pairs, held);
  assert.not.match(type('docker rm -f `docker ps -aq`; docker ps; echo; brctl show'), /veth/);
});

test('a published port: the tables as iptables -nvL lists them, and what counts as local', async () => {
  type('docker run --name test -d -p 8088:80 nginx:alpine');
  await served('test');
  const address = addressOf('test');
  const gateway = gatewayOf('test');
  const net = `${gateway.replace(/\.1$/, '.0')}/16`;
  const said = type(`
    curl -s localhost:8088 # → Welcome to nginx!
    iptables -t nat -nvL PREROUTING # → Chain PREROUTING (policy ACCEPT
    # → MINIDOCK-${bridge()}…ADDRTYPE match dst-type LOCAL
    ip route show table local type local # → 127.0.0.0/8 dev lo
    # → ${gateway} dev ${bridge()}
    # → ${outside} dev eth0
    iptables -t nat -nvL MINIDOCK-${bridge()} # → (2 references)
    # → DNAT…tcp dpt:8088 /* minidock:${inspect('test', '{{.Id}}').slice(0, 12)} */ to:${address}:80
    iptables -t nat -nvL POSTROUTING # → MINIDOCK-${bridge()}-NAT
    iptables -t nat -nvL MINIDOCK-${bridge()}-NAT # → MASQUERADE…!${bridge()}…${net}
    sysctl net.ipv4.ip_forward # → net.ipv4.ip_forward = 1`);
  assert.match(said, / [1-9]\d* +\d+ DNAT /, 'the counter of the rule counts');
});

test('an interface of the host is not taken as the bridge: its addresses stay as they are', () => {
  const before = host.sh('ip addr show eth0');
  type(`docker --bridge eth0 run --rm nginx:alpine true 2>&1 || true # → cannot take eth0 as the bridge: it is another interface
    # → fix: name one that does not exist yet
    docker ps -aq; iptables-save | grep MINIDOCK-eth0 || echo no rules # → no rules`);
  assert.is(host.sh('ip addr show eth0'), before);
});

test('the same connection captured at the host’s eth0 and at the container’s: DNAT between the two', async () => {
  type('docker run --name test -d -p 8088:80 nginx:alpine; docker cp tools/. test:/');
  await served('test');
  const address = addressOf('test');
  // Each writes its file when it ends; what it says at its begin comes first.
  const said = type(`
    tcpdump -Z root -i eth0 -c 8 port 8088 -w host.cap 2>host.said &
    docker exec test sh -c 'cd /root; exec tcpdump -Z root -i eth0 -c 8 port 80 -w container.cap' 2>container.said &
    until grep -q listening host.said && grep -q listening container.said; do sleep 0.05; done
    ${other} curl -s ${outside}:8088/ # → Welcome to nginx!
    wait
    docker cp test:/root/container.cap container.cap
    tcpdump -nr host.cap; echo --; tcpdump -nr container.cap`);
  const [before, after] = said.split('--\n') as [string, string];
  const packet = (from: string, to: string, flags: string) =>
    new RegExp(`IP ${from} > ${to}: Flags [${flags}]`.replace(/[.[\]]/g, '\\$&').replaceAll('PORT', '\\d+'));
  assert.match(before, packet(`${neighbour}.PORT`, `${outside}.8088`, 'S'));
  assert.match(after, packet(`${neighbour}.PORT`, `${address}.80`, 'S'));
  assert.match(before, packet(`${outside}.8088`, `${neighbour}.PORT`, 'S.'));
  assert.match(after, packet(`${address}.80`, `${neighbour}.PORT`, 'S.'));
});

test('the host’s network, and another container’s', async () => {
  type(`docker run --net host -d --name mysql nginx:alpine nc -ll -p 3306 -e echo mysql
    docker run -d --name first nginx:alpine nc -ll -p 3306 -e echo shared`);
  const listens = (name: string) => inspect(name, '{{.State.Pid}}');
  for (const name of ['mysql', 'first'])
    await eventually(() => assert.match(host.sh(`nsenter -t ${listens(name)} -n ss -ltn`), /:3306 /), 20);
  type(`
    busybox nc -w 5 127.0.0.1 3306 </dev/null # → mysql
    docker run -ti --rm --net=container:first nginx:alpine ip a # → inet ${addressOf('first')}/16
    docker run -ti --rm --net=container:first nginx:alpine sh -c 'netstat -tl | grep 3306' # → :3306
    docker run -ti --rm --net=container:first nginx:alpine sh -c 'sleep 1 | telnet localhost 3306 || true' # → shared`);
});

test('a container without a network gets one by hand: veth, bridge, /var/run/netns, address, route', async () => {
  type(`docker run -d --name test1 nginx:alpine
    docker run -itd --name=network-none --net=none nginx:alpine sh`);
  await served('test1');
  const gateway = gatewayOf('test1');
  const free = gateway.replace(/\.1$/, '.100');
  const isolated = type(`docker exec -it network-none ifconfig -a
    docker exec -it network-none ping -c 1 -W 1 ${gateway} || echo unreachable # → unreachable`);
  assert.not.match(isolated, /eth0/);
  type(
    `
    ip link add A type veth peer name B
    brctl addif ${bridge()} A
    ip link set A up
    PID=$(docker inspect -f '{{.State.Pid}}' network-none)
    mkdir -p /var/run/netns
    ln -s /proc/$PID/ns/net /var/run/netns/$PID
    ip link set B netns $PID
    ip netns exec $PID ip link set dev B name eth0
    ip netns exec $PID ip link set eth0 up
    ip netns exec $PID ip addr add ${free}/16 dev eth0
    ip netns exec $PID ip route add default via ${gateway}
    ip netns exec $PID ip route # → default via ${gateway} dev eth0
    brctl show # → A
    docker exec -it network-none ifconfig # → eth0
    # → inet addr:${free}
    docker exec -it network-none ping -c 2 ${addressOf('test1')} # → 2 packets transmitted, 2 packets received
    docker exec -it network-none wget -q -O - ${addressOf('test1')} # → Welcome to nginx!
    docker exec -it test1 ping -c 1 ${free} # → 1 packets received
    docker exec -it network-none ping -c 1 ${neighbour} # → 1 packets received
    ip netns list
    docker rm -f network-none`,
  );
  // The cable goes with its end in the container.
  await eventually(() => assert.not.match(host.sh('ip -o link'), /^\d+: A@/m), 20);
});

test.run();
