import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Data } from '../syscalls/data.ts';
import type { Step } from '../syscalls/step.ts';
import { containerIndex, hostInterfaceOf, loopbackOnly, vethPair } from './endpoint.ts';

const endpoint = {
  bridge: 'minidock0',
  address: '172.18.0.2',
  prefixLength: 16,
  gateway: '172.18.0.1',
  macAddress: '02:42:ac:12:00:02',
  hostInterface: 'veth0123456',
  index: 2,
};

const said = (steps: readonly Step[]): string[] =>
  steps.flatMap(step => (step.op === 'syscall' && step.name === 'sendto' ? [(step.args[1] as Data).text] : []));

test('the whole network in the words of ip', () => {
  assert.equal(said(vethPair(endpoint).child), [
    'link add eth0 index 2 address 02:42:ac:12:00:02 type veth peer name veth0123456 netns hostNetns',
    'link show minidock0',
    'link set veth0123456 master (index of minidock0) up',
    'link show veth0123456',
    'bridge link set dev veth0123456 hairpin on',
    'link set lo up',
    'addr replace 172.18.0.2/16 broadcast 172.18.255.255 dev eth0',
    'link set eth0 up',
    'route add default via 172.18.0.1',
  ]);
});

test('every descriptor that is opened is closed: in the child all, in the parent those it opened', () => {
  const { host, parent, child } = vethPair(endpoint);
  const opened = (steps: readonly Step[]) =>
    steps.flatMap(step => (step.op === 'syscall' && step.save ? [step.save] : []));
  const closed = (steps: readonly Step[]) =>
    steps.flatMap(step => (step.op === 'syscall' && step.name === 'close' ? [step.args[0]] : []));
  assert.equal(new Set(closed(parent)), new Set(opened(host)));
  assert.equal(new Set(closed(child)), new Set([...opened(host), ...opened(child)]));
});

test('network none brings up loopback and nothing else', () => {
  const { host, parent, child } = loopbackOnly();
  assert.equal(said(child), ['link set lo up']);
  assert.is(host.length + parent.length, 0);
});

test('the name of the host end fits and leads back to the container', () => {
  assert.is(hostInterfaceOf('0123456789ab'.repeat(5)), 'veth0123456');
});

test('eth0 is 2, unless the kernel fills new namespaces with tunnels', () => {
  assert.is(containerIndex(['lo', 'eth0', 'ifb0', 'docker0']), 2);
  assert.is(containerIndex(['lo', 'eth0', 'tunl0']), 64);
});

test.run();
