import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  addressesIn,
  broadcastOf,
  contains,
  formatAddress,
  formatSubnet,
  gatewayOf,
  macOf,
  overlaps,
  parseAddress,
  parseSubnet,
} from './ipv4.ts';

test('addresses survive both ways, also above 127.255.255.255', () => {
  for (const text of ['0.0.0.0', '10.1.2.3', '172.18.0.2', '255.255.255.255']) {
    assert.is(formatAddress(parseAddress(text)!), text);
  }
});

test('what is no address is not taken for one', () => {
  for (const text of ['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.-4', '::1', '1.2.3.4 ', '1.2.3.']) {
    assert.is(parseAddress(text), undefined, text);
  }
  for (const part of ['-0', '+4', '0x4', '4e0', '4.0', '1e9', '４'])
    assert.is(parseAddress(`1.2.3.${part}`), undefined, part);
});

test('a subnet is refused unless it is the start of a network', () => {
  assert.is(formatSubnet(parseSubnet('172.18.0.0/16')), '172.18.0.0/16');
  assert.is(formatSubnet(parseSubnet('172.0.0.0/08')), '172.0.0.0/8');
  for (const text of ['172.18.0.1/16', '172.18.0.0', '172.18.0.0/33', '172.18.0.0/31', 'x/8']) {
    assert.throws(() => parseSubnet(text), /invalid subnet/, text);
  }
  for (const prefix of ['', '/', '016', ' 8', '+8', '8.', '8/', '-0', '1e1', '/8', '8/8'])
    assert.throws(() => parseSubnet(`0.0.0.0/${prefix}`), /invalid subnet/, prefix);
});

test('subnets overlap where one holds the other', () => {
  const all = parseSubnet('0.0.0.0/0');
  const wide = parseSubnet('172.16.0.0/12');
  const narrow = parseSubnet('172.18.0.0/16');
  assert.ok(overlaps(wide, narrow) && overlaps(narrow, wide) && overlaps(all, narrow));
  assert.not(overlaps(narrow, parseSubnet('172.19.0.0/16')));
  assert.ok(contains(narrow, parseAddress('172.18.255.255')!));
  assert.not(contains(narrow, parseAddress('172.19.0.0')!));
});

test('the subnet of a bridge: all its addresses, the gateway the second, the broadcast address last', () => {
  const subnet = parseSubnet('192.168.7.248/29');
  assert.is(gatewayOf(subnet), '192.168.7.249');
  assert.is(broadcastOf(subnet), '192.168.7.255');
  assert.equal(
    [...addressesIn(subnet)],
    [248, 249, 250, 251, 252, 253, 254, 255].map(last => `192.168.7.${last}`),
  );
});

test('the MAC is made of the address', () => {
  assert.is(macOf('172.18.0.2'), '02:42:ac:12:00:02');
});

test.run();
