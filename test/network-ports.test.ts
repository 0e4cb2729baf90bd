// @linux-3.10 what a user does in a classroom with CentOS 7
import fs from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ensureBridge, removeNetwork } from '../src/network/bridge.ts';
import { type Endpoint, hostInterfaceOf, vethPair } from '../src/network/endpoint.ts';
import type { Iptables } from '../src/network/firewall/iptables.ts';
import { macOf } from '../src/network/ipv4.ts';
import type { Network } from '../src/network/network.ts';
import { publishPorts, removePorts } from '../src/network/ports/publish.ts';
import { call, open } from '../src/syscalls/calls.ts';
import { runHost } from '../src/syscalls/shim.ts';
import { program, slot } from '../src/syscalls/step.ts';
import { CLONE, O } from '../src/syscalls/uapi/flags.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { becomeMachine, type Machine, startMachine } from './support/netns.ts';
import { findProgram, requires, unmet } from './support/requires.ts';

/**
 * Who reaches what, over both backends of iptables, with bridged packets going through iptables (br_netfilter, as a
 * Docker beside us wants it) and not. This process is the host, in a network namespace of its own; the neighbour is on
 * the same wire; a and b are containers on our bridge, c is one of another engine's. The policy of FORWARD is DROP, as
 * Docker sets it.
 *
 *     neighbour 10.9.0.2 ── 10.9.0.1 host ── mdt-one ── a, b
 *                                       └─── mdt-two ── c
 */
const needs = ['root', 'iptables', 'ip', 'nsenter', 'unshare'];
const skipped = needs.map(unmet).some(reason => reason !== undefined);
const variants = ['nft', 'legacy'].flatMap(backend => ['0', '1'].map(bridged => ({ backend, bridged })));
const available = variants.filter(({ backend }) => findProgram(`iptables-${backend}-restore`) !== undefined);

if (skipped || available.length === 0) {
  const test = requires(...needs);
  test('published ports', () => {});
  test.run();
} else {
  const host = await becomeMachine();
  // Of all variants: a start of Node takes half a second.
  const [neighbour, ...machines] = await Promise.all([startMachine(), startMachine(), startMachine(), startMachine()]);
  host.sh(`ip link add wire type veth peer name wire netns ${neighbour.pid}
    ip addr add 10.9.0.1/24 dev wire; ip link set wire up`);
  neighbour.sh(`ip addr add 10.9.0.2/24 dev wire; ip link set wire up; ip route add 172.16.0.0/12 via 10.9.0.1`);
  await neighbour.serve('tcp', 80, 'neighbour');
  await host.serve('tcp', 9000, 'private', '127.0.0.1');
  await host.serve('udp', 9001, 'trusting');
  for (const [at, name] of ['a', 'b', 'c'].entries()) {
    await machines[at]!.serve('tcp', 80, name);
    await machines[at]!.serve('udp', 53, name);
  }
  for (const { backend, bridged } of available) matrix(backend, bridged, host, neighbour, machines);
  const last = suite('the end');
  last('the machines', () => {
    for (const machine of [neighbour, ...machines]) machine.end();
  });
  last.run();
}

type Host = Awaited<ReturnType<typeof becomeMachine>>;

function matrix(backend: string, bridged: string, host: Host, neighbour: Machine, machines: Machine[]): void {
  const test = suite(`iptables-${backend}, bridge-nf-call-iptables=${bridged}`);
  const iptables: Iptables = { restore: `iptables-${backend}-restore`, save: `iptables-${backend}-save` };
  const folder = temporaryFolder('network');
  const [one, two] = ['one', 'two'].map(name => ({ root: `${folder}/${name}`, execRoot: `${folder}/${name}-run` }));
  let network: Network;
  let other: Network;
  let a: Container;
  let b: Container;
  let c: Container;

  test.before(async () => {
    const switchFile = '/proc/sys/net/bridge/bridge-nf-call-iptables';
    if (fs.existsSync(switchFile)) fs.writeFileSync(switchFile, bridged);
    host.sh(`iptables-${backend} -P FORWARD DROP`);
    network = await ensureBridge(one!, { bridge: 'mdt-one', iptables });
    other = await ensureBridge(two!, { bridge: 'mdt-two', iptables });
    a = await connect(machines[0]!, network, 'aaaaaaaaaaaa', 2);
    b = await connect(machines[1]!, network, 'bbbbbbbbbbbb', 3);
    c = await connect(machines[2]!, other, 'cccccccccccc', 2);
    const port = { hostIp: '0.0.0.0', protocol: 'tcp' } as const;
    await publishPorts(
      network,
      {
        shortId: 'aaaaaaaaaaaa',
        address: a.address,
        ports: [
          { ...port, hostPort: 8080, containerPort: 80 },
          { ...port, hostPort: 8081, containerPort: 80, hostIp: '127.0.0.1' },
          { ...port, hostPort: 8082, containerPort: 80, hostIp: '10.9.0.1' },
          { ...port, hostPort: 5300, containerPort: 53, protocol: 'udp' },
        ],
      },
      iptables,
    );
    await publishPorts(
      other,
      { shortId: 'cccccccccccc', address: c.address, ports: [{ ...port, hostPort: 8090, containerPort: 80 }] },
      iptables,
    );
  });

  test.after(async () => {
    for (const container of [a, b, c]) container.sh('ip link del eth0');
    await removeNetwork(one!, 'mdt-one', iptables);
    await removeNetwork(two!, 'mdt-two', iptables);
    host.sh(`iptables-${backend} -P FORWARD ACCEPT`);
    assert.not.match(host.sh(`${iptables.save}`), /MINIDOCK/);
  });

  test('a container goes out with the address of the host', async () => {
    assert.is(await a.ask('tcp', '10.9.0.2', 80), 'neighbour 10.9.0.1');
  });

  test('containers of a network reach each other by their own addresses', async () => {
    assert.is(await a.ask('tcp', b.address, 80), `b ${a.address}`);
    assert.is(await b.ask('udp', a.address, 53), `a ${b.address}`);
  });

  test('a published port is reached from another host, which is seen with its own address', async () => {
    assert.is(await neighbour.ask('tcp', '10.9.0.1', 8080), 'a 10.9.0.2');
    assert.is(await neighbour.ask('udp', '10.9.0.1', 5300), 'a 10.9.0.2');
  });

  test('… from the host by localhost and by its other addresses', async () => {
    assert.is(await host.ask('tcp', '127.0.0.1', 8080), `a ${network.gateway}`);
    assert.is(await host.ask('udp', '127.0.0.1', 5300), `a ${network.gateway}`);
    assert.is(await host.ask('tcp', '10.9.0.1', 8080), 'a 10.9.0.1');
    assert.is(await host.ask('tcp', network.gateway, 8080), `a ${network.gateway}`);
  });

  test("… from other containers and from the container itself by the host's address", async () => {
    assert.is(await b.ask('tcp', '10.9.0.1', 8080), `a ${network.gateway}`);
    assert.is(await b.ask('udp', '10.9.0.1', 5300), `a ${network.gateway}`);
    assert.is(await b.ask('tcp', network.gateway, 8080), `a ${network.gateway}`);
    assert.is(await a.ask('tcp', '10.9.0.1', 8080), `a ${network.gateway}`);
    assert.is(await a.ask('udp', '10.9.0.1', 5300), `a ${network.gateway}`);
  });

  test('a port of one address is reached by that address only', async () => {
    assert.is(await host.ask('tcp', '127.0.0.1', 8081), `a ${network.gateway}`);
    assert.is(await neighbour.ask('tcp', '10.9.0.1', 8081), 'refused');
    assert.is(await neighbour.ask('tcp', '10.9.0.1', 8082), 'a 10.9.0.2');
    assert.is(await host.ask('tcp', '127.0.0.1', 8082), 'refused');
  });

  test('what is not published is not reached, also by those who route to it', async () => {
    const answers = [neighbour.ask('tcp', a.address, 80), neighbour.ask('tcp', '10.9.0.1', 80)];
    assert.equal(await Promise.all(answers), ['silent', 'refused']);
  });

  test('networks are apart: only what is published goes from one to the other', async () => {
    const answers = [a.ask('tcp', c.address, 80), c.ask('tcp', a.address, 80)];
    assert.equal(await Promise.all(answers), ['silent', 'silent']);
    assert.is(await a.ask('tcp', '10.9.0.1', 8090), `c ${other.gateway}`);
    assert.is(await c.ask('tcp', '10.9.0.1', 8080), `a ${network.gateway}`);
  });

  /** Packets that were dropped for their claim to be of 127/8: `s` by their source, `d` by their destination. */
  const dropped = (what: 's' | 'd') => {
    const rule = new RegExp(`\\[(\\d+):\\d+\\] -A MINIDOCK-\\S+ -${what} 127`, 'g');
    return [...host.sh(`${iptables.save} -c -t raw`).matchAll(rule)].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  /** Sends what is for 127.0.0.1 over the wire, until `end` of it: its own loopback is without that address. */
  const outOfItself = (machine: Machine, device: string, gateway: string) => {
    machine.sh(`echo 1 >/proc/sys/net/ipv4/conf/${device}/route_localnet
      ip addr flush dev lo; ip route add 127.0.0.1/32 via ${gateway}`);
    return () => machine.sh('ip route del 127.0.0.1/32; ip addr add 127.0.0.1/8 dev lo');
  };

  test("a container cannot reach the host's localhost, nor pretend to come from it", async () => {
    const before = { s: dropped('s'), d: dropped('d') };
    const end = outOfItself(b, 'eth0', network.gateway);
    assert.is(await b.ask('tcp', '127.0.0.1', 9000), 'silent');
    assert.ok(dropped('d') > before.d, 'packets for 127.0.0.1 came and were dropped');
    end();
    b.sh(`ip addr add 127.0.0.2/32 dev eth0; ip route add ${network.gateway}/32 dev eth0 src 127.0.0.2`);
    assert.is(await b.ask('udp', network.gateway, 9001), 'silent');
    assert.ok(dropped('s') > before.s, 'packets from 127.0.0.2 came and were dropped');
    b.sh(`ip route del ${network.gateway}/32; ip addr del 127.0.0.2/32 dev eth0`);
  });

  test('a neighbour reaches nothing on 127.0.0.1 by sending it over the wire, also where that way is open', async () => {
    const end = outOfItself(neighbour, 'wire', '10.9.0.1');
    const ports = [9000, 8080, 8081];
    // kube-proxy opens it, for one.
    for (const opened of ['0', '1']) {
      host.sh(`echo ${opened} >/proc/sys/net/ipv4/conf/wire/route_localnet`);
      const before = dropped('d');
      const answers = ports.map(port => neighbour.ask('tcp', '127.0.0.1', port));
      assert.equal(await Promise.all(answers), ['silent', 'silent', 'silent'], ports.join());
      assert.ok(dropped('d') >= before + ports.length, 'packets for 127.0.0.1 came and were dropped');
    }
    host.sh('echo 0 >/proc/sys/net/ipv4/conf/wire/route_localnet');
    end();
  });

  test('the ports of one container go, those of others stay; nothing is an error twice', async () => {
    await removePorts(network, 'aaaaaaaaaaaa', undefined, iptables);
    await removePorts(network, 'aaaaaaaaaaaa', undefined, iptables);
    assert.is(await neighbour.ask('tcp', '10.9.0.1', 8080), 'refused');
    assert.is(await neighbour.ask('tcp', '10.9.0.1', 8090), 'c 10.9.0.2');
    assert.not.match(host.sh(iptables.save), /minidock:aaaaaaaaaaaa/);
  });

  test.run();
}

type Container = Machine & { address: string };

/** The machine, which the real steps connect to the bridge, run by the real shim: it enters the machine in place of cloning. */
async function connect(machine: Machine, network: Network, id: string, number: number): Promise<Container> {
  const address = network.gateway.replace(/1$/, String(number));
  const endpoint: Endpoint = {
    bridge: network.bridge,
    address,
    prefixLength: network.subnet.prefixLength,
    gateway: network.gateway,
    macAddress: macOf(address),
    hostInterface: hostInterfaceOf(id),
    index: 2,
  };
  const { host, child } = vethPair(endpoint);
  const namespace = slot('namespace');
  await runHost(
    program({
      host: [
        ...host,
        open(`/proc/${machine.pid}/ns/net`, O.O_RDONLY, {
          why: { en: 'the machine', zh: '那台机器' },
          save: namespace,
        }),
        call('setns', [namespace, CLONE.CLONE_NEWNET], { why: { en: 'enter it', zh: '进入它' } }),
        ...child,
      ],
    }),
  );
  return { ...machine, address };
}
