import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allocateAddress, releaseAddress } from './addresses.ts';
import { parseSubnet } from './ipv4.ts';
import { networkOf } from './network.ts';
import { choosePorts, releasePorts } from './ports/ephemeral.ts';
import { isIpv6, type Port } from './ports/ports.ts';

interface Context {
  root: string;
}
const test = suite<Context>('leases');
test.before.each(context => {
  context.root = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-leases-'));
});
test.after.each(({ root }) => fs.rmSync(root, { recursive: true, force: true }));

function container(root: string, id: string): string {
  const directory = path.join(root, 'containers', id);
  fs.mkdirSync(directory, { recursive: true });
  return directory;
}

const networkIn = (root: string, subnet = '172.18.0.0/16') =>
  networkOf({ root, execRoot: root }, 'minidock0', parseSubnet(subnet));

test('the lowest free address, and a link that leads from it to its container', ({ root }) => {
  const network = networkIn(root);
  assert.is(allocateAddress(network, container(root, 'a')), '172.18.0.2');
  assert.is(allocateAddress(network, container(root, 'b')), '172.18.0.3');
  const link = path.join(root, 'networks/minidock0/leases/172.18.0.3');
  assert.is(fs.readlinkSync(link), '../../../containers/b');
  assert.is(fs.realpathSync(link), fs.realpathSync(path.join(root, 'containers/b')));
});

test('asked twice, a container keeps its address', ({ root }) => {
  const network = networkIn(root);
  const a = container(root, 'a');
  assert.is(allocateAddress(network, a), allocateAddress(network, a));
});

test('an address is free again when released, or when its container is simply gone', ({ root }) => {
  const network = networkIn(root);
  const [a, b, c] = ['a', 'b', 'c'].map(id => container(root, id)) as [string, string, string];
  for (const one of [a, b, c]) allocateAddress(network, one);
  releaseAddress(network, b);
  releaseAddress(network, b);
  assert.is(allocateAddress(network, container(root, 'd')), '172.18.0.3');
  fs.rmSync(a, { recursive: true });
  assert.is(allocateAddress(network, container(root, 'e')), '172.18.0.2');
  assert.is(allocateAddress(network, container(root, 'f')), '172.18.0.5');
});

test('a full subnet says so', ({ root }) => {
  const network = networkIn(root, '192.168.7.0/29');
  for (let i = 2; i <= 6; i++) assert.is(allocateAddress(network, container(root, `c${i}`)), `192.168.7.${i}`);
  assert.throws(
    () => allocateAddress(network, container(root, 'one too many')),
    (error: Error) => error.message === 'no free address is left for a container in 192.168.7.0/29 (bridge minidock0)',
  );
});

test('host ports that were not named are chosen from the ephemeral range, each once', ({ root }) => {
  const network = networkIn(root);
  const mapping = { containerPort: 80, protocol: 'tcp' } as const;
  const a = container(root, 'a');
  const ofIpv4 = (ports: readonly Port[]) => ports.filter(port => !isIpv6(port));
  const both = choosePorts(network, [mapping, mapping], a);
  const [first, second] = ofIpv4(both);
  const [third] = ofIpv4(choosePorts(network, [mapping], container(root, 'b')));
  const ports = [first, second, third].map(port => port!.hostPort);
  assert.is(new Set(ports).size, 3);
  const [low, high] = fs.readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/).map(Number);
  assert.ok(ports.every(port => port >= low! && port <= high!));
  assert.is(first!.hostIp, '0.0.0.0');
  if (fs.existsSync('/proc/net/if_inet6')) assert.equal(both[1], { ...first!, hostIp: '::' }, 'the same of IPv6');
  releasePorts(network, a);
  assert.is(choosePorts(network, [mapping], container(root, 'c'))[0]!.hostPort, ports[0]);
});

test('of a range the first free port is chosen, and none beyond it', ({ root }) => {
  const network = networkIn(root);
  const range = {
    hostIp: '127.0.0.1',
    containerPort: 80,
    protocol: 'udp',
    hostPort: 61001,
    lastHostPort: 61003,
  } as const;
  const chosen = () => choosePorts(network, [range], container(root, 'a'), new Set([61002])).map(port => port.hostPort);
  assert.equal([chosen(), chosen()], [[61001], [61003]]);
  assert.throws(chosen, (error: Error) => error.message === 'no free udp port is left between 61001 and 61003');
});

test('a named port stays, and a port that could not be bound is not chosen again', ({ root }) => {
  const network = networkIn(root);
  const a = container(root, 'a');
  const [named, chosen] = choosePorts(
    network,
    [
      { hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { containerPort: 81, protocol: 'tcp' },
    ],
    a,
  );
  assert.equal(named, { hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80, protocol: 'tcp' });
  releasePorts(network, a);
  const [again] = choosePorts(network, [{ containerPort: 81, protocol: 'tcp' }], a, new Set([chosen!.hostPort]));
  assert.is.not(again!.hostPort, chosen!.hostPort);
});

test.run();
