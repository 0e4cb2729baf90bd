import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatSubnet, parseAddress, parseSubnet } from './ipv4.ts';
import { candidates, chooseSubnet, parseRoutes, subnetOfDevice } from './subnet.ts';

const table = [
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
  'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
  'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
  'br-1\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
  'wg0\t0F0013AC\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0',
  '',
].join('\n');

test('the kernel prints routes in the byte order of the machine', () => {
  assert.equal(
    parseRoutes(table).map(({ device, destination }) => `${device} ${formatSubnet(destination)}`),
    ['eth0 0.0.0.0/0', 'docker0 172.17.0.0/16', 'br-1 172.18.0.0/16', 'wg0 172.19.0.15/32'],
  );
});

test('a subnet with a route into it is taken, be it one address; a default route covers nothing', () => {
  assert.is(formatSubnet(chooseSubnet(parseRoutes(table), [])), '172.20.0.0/16');
  assert.is(formatSubnet(chooseSubnet([], [])), '172.18.0.0/16');
});

test('the name server stays in reach', () => {
  assert.is(formatSubnet(chooseSubnet([], [parseAddress('172.18.3.4')!])), '172.19.0.0/16');
});

test('nothing free is a clear error', () => {
  const all = [{ device: 'vpn', destination: parseSubnet('128.0.0.0/1') }];
  assert.throws(() => chooseSubnet(all, [], ['172.18.0.0/16']), /no free subnet.*172\.18\.0\.0\/16/);
});

test('all candidates are well-formed and do not overlap', () => {
  const taken = candidates.map(text => ({ device: 'x', destination: parseSubnet(text) }));
  assert.is(new Set(candidates).size, candidates.length);
  for (const [i, one] of candidates.entries()) {
    const others = taken.filter((_, j) => i !== j);
    assert.is(formatSubnet(chooseSubnet(others, [], [one])), one);
  }
});

test('the subnet of a bridge is that of its route', () => {
  assert.is(formatSubnet(subnetOfDevice('br-1', parseRoutes(table))!), '172.18.0.0/16');
  assert.is(subnetOfDevice('wg0', parseRoutes(table)), undefined);
  assert.is(subnetOfDevice('minidock0', parseRoutes(table)), undefined);
});

test.run();
