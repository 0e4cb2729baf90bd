import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as assert from 'uvu/assert';
import { ensureBridge, removeNetwork } from '../src/network/bridge.ts';
import { loopbackOnly } from '../src/network/endpoint.ts';
import { checkFirewall } from '../src/network/firewall/firewall.ts';
import { formatSubnet } from '../src/network/ipv4.ts';
import { networkError } from '../src/network/netlink/failure.ts';
import { exchange, type Message, openNetlink } from '../src/network/netlink/netlink.ts';
import { addDefaultRoute, setUp, showLink } from '../src/network/netlink/rtnetlink.ts';
import { portError, portMapping } from '../src/network/ports/ports.ts';
import { publishPorts, removePorts } from '../src/network/ports/publish.ts';
import { call, open } from '../src/syscalls/calls.ts';
import { StepError } from '../src/syscalls/failure.ts';
import { runHost } from '../src/syscalls/shim.ts';
import { program, slot } from '../src/syscalls/step.ts';
import { CLONE, O } from '../src/syscalls/uapi/flags.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { becomeMachine, startMachine } from './support/netns.ts';
import { rejection } from './support/rejection.ts';
import { requires, unmet } from './support/requires.ts';

/** The bridge itself, in a network namespace of its own that this process moves into. */
const needs = ['root', 'iptables', 'ip'];
const test = requires(...needs);
const host = needs.map(unmet).some(reason => reason !== undefined) ? undefined : await becomeMachine();
const sh = (command: string): string => host!.sh(command);

const bridge = 'mdt-bridge';
const folder = temporaryFolder('bridge');
let count = 0;
const fresh = () => {
  count += 1;
  return { root: `${folder}/${count}`, execRoot: `${folder}/${count}-run` };
};
const backendOf = (name: string) => ({ restore: `iptables-${name}-restore`, save: `iptables-${name}-save` });
const nothing = { restore: '/nonexistent/restore', save: '/nonexistent/save' };
const published = {
  shortId: '0123456789ab',
  address: '172.18.0.2',
  ports: [{ hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' as const }],
};

test('a bridge with its address, its own MAC and its sysctls; the second time nothing is run', async () => {
  const roots = fresh();
  const network = await ensureBridge(roots, { bridge });
  assert.match(sh(`ip -4 addr show ${bridge}`), /UP.*inet 172\.18\.0\.1\/16 brd 172\.18\.255\.255/s);
  assert.match(sh(`ip link show ${bridge}`), /02:42:ac:12:00:01/);
  assert.is(sh('cat /proc/sys/net/ipv4/ip_forward'), '1');
  assert.is(sh(`cat /proc/sys/net/ipv4/conf/${bridge}/route_localnet`), '1');
  assert.equal(await ensureBridge(roots, { bridge, iptables: nothing }), network);
  await removeNetwork(roots, bridge);
  await removeNetwork(roots, bridge);
  assert.not.match(sh('ip link; iptables-save'), /mdt-bridge/);
  assert.equal(fs.readdirSync(`${roots.root}/networks`), []);
});

test('what vanished comes back: the bridge, its address, a sysctl', async () => {
  const roots = fresh();
  await ensureBridge(roots, { bridge });
  for (const accident of [
    `ip link delete ${bridge}`,
    `ip addr flush dev ${bridge}`,
    `ip link set ${bridge} down`,
    'echo 0 >/proc/sys/net/ipv4/ip_forward',
    `echo 0 >/proc/sys/net/ipv4/conf/${bridge}/route_localnet`,
  ]) {
    sh(accident);
    await ensureBridge(roots, { bridge });
    assert.match(sh(`ip -4 addr show ${bridge}`), /[<,]UP.*172\.18\.0\.1\/16/s, accident);
    assert.is(sh('cat /proc/sys/net/ipv4/ip_forward'), '1', accident);
    assert.is(sh(`cat /proc/sys/net/ipv4/conf/${bridge}/route_localnet`), '1', accident);
  }
  await removeNetwork(roots, bridge);
});

for (const backend of ['nft', 'legacy']) {
  test(`iptables-${backend}: whatever becomes of the rules, the next look puts them right`, async () => {
    const roots = fresh();
    const iptables = backendOf(backend);
    const network = await ensureBridge(roots, { bridge, iptables });
    const rules = () => sh(`${iptables.save} | grep -v '^[#:]'`);
    const before = rules();
    const chain = `MINIDOCK-${bridge}`;
    for (const accident of [
      '-F',
      '-t raw -F',
      '-t nat -F',
      '-t nat -F; $I -t nat -X',
      '-F; $I -X',
      '-D FORWARD -j MINIDOCK-FORWARD',
      '-D MINIDOCK-FORWARD -j MINIDOCK-USER; $I -X MINIDOCK-USER',
      '-D MINIDOCK-FORWARD -j MINIDOCK-USER; $I -A MINIDOCK-FORWARD -j MINIDOCK-USER',
      `-D MINIDOCK-FORWARD -j ${chain}-IN`,
      `-t raw -D ${chain} -d 127.0.0.0/8 ! -i lo -j DROP`,
      `-t raw -I ${chain} -d 127.0.0.1 -j ACCEPT`,
      `-t raw -R ${chain} 1 -d 127.0.0.0/8 -i nowhere -j DROP`,
      `-t nat -R PREROUTING 1 -m addrtype --dst-type LOCAL -j ${chain}`,
    ]) {
      sh(`I="iptables-${backend} -w"; $I ${accident}`);
      assert.is.not(rules(), before, accident);
      assert.is((await checkFirewall(network, iptables)).mended, true, accident);
      if (!accident.includes('-R PREROUTING')) assert.is(rules(), before, accident);
      assert.equal(
        await checkFirewall(network, iptables),
        { mended: false, counted: backend === 'nft' },
        `${accident}: the second look finds nothing amiss`,
      );
    }
    await removeNetwork(roots, bridge, iptables);
    assert.not.match(sh(iptables.save), /MINIDOCK/);
  });
}

for (const backend of ['nft', 'legacy']) {
  test(`iptables-${backend}: whoever switches forwarding on drops what nobody allows, as Docker does`, async () => {
    const iptables = backendOf(backend);
    const policy = () => /^:FORWARD (\w+)/m.exec(sh(`${iptables.save} -t filter`))?.[1];
    const forwarding = '/proc/sys/net/ipv4/ip_forward';
    for (const [before, after] of [
      ['1', 'ACCEPT'],
      ['0', 'DROP'],
    ]) {
      const roots = fresh();
      sh(`iptables-${backend} -w -P FORWARD ACCEPT; echo ${before} >${forwarding}`);
      await ensureBridge(roots, { bridge, iptables });
      assert.equal([policy(), sh(`cat ${forwarding}`)], [after, '1']);
      await removeNetwork(roots, bridge, iptables);
    }
    sh(`iptables-${backend} -w -P FORWARD ACCEPT`);
  });
}

test('no router advertisement is taken on the bridge, from its first moment up', async () => {
  const roots = fresh();
  const setting = `/proc/sys/net/ipv6/conf/${bridge}/accept_ra`;
  await ensureBridge(roots, { bridge });
  assert.is(sh(`cat ${setting}`), '0');
  sh(`echo 1 >${setting}`);
  await ensureBridge(roots, { bridge });
  assert.is(sh(`cat ${setting}`), '0');
  await removeNetwork(roots, bridge);
});

test('a subnet that is taken is left alone, and the choice is remembered', async () => {
  const roots = fresh();
  sh('ip link add taken type veth peer name taken1; ip addr add 172.18.5.1/24 dev taken; ip link set taken up');
  const network = await ensureBridge(roots, { bridge });
  assert.is(formatSubnet(network.subnet), '172.19.0.0/16');
  sh(`ip link delete taken; ip link delete ${bridge}`);
  assert.is(formatSubnet((await ensureBridge(roots, { bridge })).subnet), '172.19.0.0/16');
  await removeNetwork(roots, bridge);
});

test('four at once on one bridge agree; two bridges at once end with different subnets', async () => {
  const roots = fresh();
  const four = await Promise.all([1, 2, 3, 4].map(() => ensureBridge(roots, { bridge })));
  assert.is(new Set(four.map(network => formatSubnet(network.subnet))).size, 1);
  assert.is(sh('iptables-save').match(/-A POSTROUTING -j MINIDOCK-mdt-bridge-NAT/g)?.length, 1);
  await removeNetwork(roots, bridge);
  const [first, second] = [fresh(), fresh()];
  const two = await Promise.all([
    ensureBridge(first, { bridge: 'mdt-first' }),
    ensureBridge(second, { bridge: 'mdt-second' }),
  ]);
  assert.is.not(formatSubnet(two[0].subnet), formatSubnet(two[1].subnet));
  assert.is(sh('iptables-save').match(/-A MINIDOCK-FORWARD /g)?.length, 5);
  assert.is(sh('iptables-save').match(/-A FORWARD -j MINIDOCK-FORWARD/g)?.length, 1);
  await removeNetwork(first, 'mdt-first');
  assert.match(sh('iptables-save'), /-A FORWARD -j MINIDOCK-FORWARD/);
  await removeNetwork(second, 'mdt-second');
  assert.not.match(sh('iptables-save'), /MINIDOCK/);
});

test('publishing is undone exactly, with and without knowing the ports, and twice', async () => {
  const roots = fresh();
  const network = await ensureBridge(roots, { bridge });
  const before = sh("iptables-save | grep -v '^[#:]'");
  for (const known of [published, undefined]) {
    await publishPorts(network, published);
    assert.is.not(sh("iptables-save | grep -v '^[#:]'"), before);
    await removePorts(network, published.shortId, known);
    await removePorts(network, published.shortId, known);
    assert.is(sh("iptables-save | grep -v '^[#:]'"), before);
  }
  await removeNetwork(roots, bridge);
});

for (const backend of ['nft', 'legacy']) {
  test(`twenty containers at once publish and go: iptables-${backend} loses no rule and leaves none`, async () => {
    const roots = fresh();
    const iptables = backendOf(backend);
    const network = await ensureBridge(roots, { bridge, iptables });
    const many = Array.from({ length: 20 }, (_, i) => ({
      shortId: `${100 + i}`.repeat(4),
      address: `172.18.0.${2 + i}`,
      ports: [{ ...published.ports[0]!, hostPort: 8000 + i }],
    }));
    const rules = () => sh(`${iptables.save} -t nat`).match(/minidock:/g)?.length ?? 0;
    await Promise.all(many.map(one => publishPorts(network, one, iptables)));
    assert.is(rules(), 20);
    await Promise.all(many.map(one => removePorts(network, one.shortId, one, iptables)));
    assert.is(rules(), 0);
    await removeNetwork(roots, bridge, iptables);
  });
}

test('a port in use fails at its bind, and the error says who has it', async () => {
  const server = http.createServer().listen(0);
  await new Promise(resolve => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const held = portMapping([{ hostIp: '0.0.0.0', hostPort: port, containerPort: 80, protocol: 'tcp' }]);
  try {
    await runHost(program({ host: held }));
    assert.unreachable('the port is taken');
  } catch (error) {
    assert.instance(error, StepError);
    const { step, errno } = error as StepError;
    assert.is(
      portError(step, errno)?.message,
      `cannot publish port 0.0.0.0:${port}/tcp: it is already in use by node (process ${process.pid})`,
    );
  } finally {
    server.close();
  }
});

test('network none: loopback is up and there is nothing else', async () => {
  const machine = await startMachine();
  const namespace = slot('namespace');
  const enter = [
    open(`/proc/${machine.pid}/ns/net`, O.O_RDONLY, {
      why: { en: 'a new namespace', zh: '新的命名空间' },
      save: namespace,
    }),
    call('setns', [namespace, CLONE.CLONE_NEWNET], {
      why: { en: 'enter it, where an engine would clone into it', zh: '进入它；引擎则会直接 clone 进去' },
    }),
  ];
  assert.not.match(machine.sh('ip addr show lo'), /UP/);
  await runHost(program({ host: [...enter, ...loopbackOnly().child] }));
  assert.match(machine.sh('ip addr show lo'), /UP.*inet 127\.0\.0\.1\/8/s);
  assert.is(machine.sh('ip -4 route'), '');
  machine.end();
});

test('a refusal of the kernel reads in the words of ip', async () => {
  const netlink = slot('netlink');
  const refusal = async (message: Message) => {
    const about = { why: { en: 'to be refused', zh: '会被拒绝' } };
    try {
      await runHost(program({ host: [openNetlink(netlink, about), ...exchange(netlink, [{ message, ...about }])] }));
    } catch (error) {
      return networkError(error as StepError)?.message;
    }
    return 'done';
  };
  assert.is(await refusal(showLink('mdt-nowhere').message), 'the kernel refused "link show mdt-nowhere": ENODEV');
  assert.is(await refusal(setUp('mdt-nowhere')), 'the kernel refused "link set mdt-nowhere up": ENODEV');
  assert.is(
    await refusal(addDefaultRoute('203.0.113.1')),
    'the kernel refused "route add default via 203.0.113.1": ENETUNREACH',
  );
  assert.is(await refusal(setUp('lo')), 'done');
});

test('without iptables, and with a bad name, the error says what to do', async () => {
  const roots = fresh();
  const missing = await rejection(ensureBridge(roots, { bridge, iptables: nothing }));
  assert.match(missing.message, /is not installed: containers on a bridge need it$/);
  assert.not.match(sh('ip link'), new RegExp(bridge));
  assert.match((await rejection(ensureBridge(roots, { bridge: 'a/b' }))).message, /^invalid bridge name "a\/b"/);
});

test.run();
