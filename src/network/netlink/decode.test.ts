import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addressesIn, answersIn, ipOf, isComplete, linksIn, neighboursIn, routesIn } from './decode.ts';
import { sequenceOf } from './dump.ts';
import { attribute, encode, type Part, u8, u16, zstring } from './netlink.ts';

const message = (type: number, sequence: number, ...content: Part[]) =>
  Buffer.from(encode({ type, flags: 0, content, words: '' }, sequence).data.bytes);
const ifinfomsg = (index: number, flags: number) => [u8(0), u8(0), u16(1), index, flags, 0];
const mac = (text: string) => Uint8Array.from(text.split(':'), part => Number.parseInt(part, 16));

test('a veth that is a port of a bridge', () => {
  const port = attribute(5 | 0x8000, attribute(1, u8(3)), attribute(4, u8(1)), attribute(18, u16(2)));
  const bytes = message(
    16,
    100,
    ...ifinfomsg(17, 1),
    attribute(3, zstring('veth42')),
    attribute(1, mac('3e:1e:96:16:15:81')),
    attribute(4, 1500),
    attribute(5, 2),
    attribute(10, 16),
    attribute(16, u8(6)),
    attribute(18, attribute(1, zstring('veth')), attribute(4, zstring('bridge')), port),
  );
  assert.equal(linksIn(answersIn(bytes)), [
    {
      index: 17,
      name: 'veth42',
      mtu: 1500,
      up: true,
      state: 'up',
      kind: 'veth',
      mac: '3e:1e:96:16:15:81',
      link: 2,
      master: 16,
      port: { state: 'forwarding', hairpin: true, number: 2 },
    },
  ]);
});

test('addresses, routes and neighbours of both families', () => {
  const bytes = Buffer.concat([
    message(20, 1, u8(2), u8(16), u8(0), u8(0), 2, attribute(1, u8(9)), attribute(2, Uint8Array.of(172, 18, 0, 2))),
    message(20, 1, u8(10), u8(128), u8(0), u8(254), 1, attribute(1, new Uint8Array(16).fill(1, 15))),
    message(
      24,
      1,
      u8(2),
      ...[0, 0, 0, 254, 3, 0, 1].map(u8),
      0,
      attribute(5, Uint8Array.of(172, 18, 0, 1)),
      attribute(4, 2),
    ),
    message(24, 1, u8(2), ...[32, 0, 0, 255, 2, 254, 2].map(u8), 0, attribute(1, Uint8Array.of(172, 18, 0, 2))),
    message(
      28,
      1,
      u8(2),
      u8(0),
      u16(0),
      2,
      u16(4),
      u16(0),
      attribute(1, Uint8Array.of(172, 18, 0, 1)),
      attribute(2, mac('02:42:ac:12:00:01')),
    ),
    message(
      28,
      1,
      u8(7),
      u8(0),
      u16(0),
      17,
      u16(0x80),
      u16(0),
      attribute(2, mac('3e:1e:96:16:15:81')),
      attribute(9, 16),
    ),
    message(3, 1, 0),
  ]);
  const answers = answersIn(bytes);
  assert.ok(isComplete(answers));
  assert.equal(addressesIn(answers), [
    { index: 2, address: '172.18.0.2/16', family: 4, scope: 'global' },
    { index: 1, address: '::1/128', family: 6, scope: 'host' },
  ]);
  assert.equal(routesIn(answers), [
    { family: 4, target: 'default', scope: 'global', table: 254, type: 'unicast', gateway: '172.18.0.1', index: 2 },
    { family: 4, target: '172.18.0.2', scope: 'host', table: 255, type: 'local' },
  ]);
  assert.equal(neighboursIn(answers), [
    { index: 2, state: 'stale', address: '172.18.0.1', mac: '02:42:ac:12:00:01' },
    { index: 17, state: 'permanent', mac: '3e:1e:96:16:15:81', master: 16 },
  ]);
});

test('what is cut off or says it is shorter than its header ends the reading', () => {
  const whole = message(16, 1, ...ifinfomsg(1, 0), attribute(3, zstring('lo')));
  assert.is(answersIn(Buffer.concat([whole, whole.subarray(0, 20)])).length, 1);
  assert.is(answersIn(Buffer.alloc(64)).length, 0);
  const broken = Buffer.from(whole);
  broken.writeUInt16LE(60000, 32);
  assert.equal(linksIn(answersIn(broken))[0]?.name, '');
  assert.not.ok(isComplete(answersIn(whole)));
});

test('addresses as RFC 5952 writes them', () => {
  const six = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
  assert.is(ipOf(new Uint8Array(16)), '::');
  assert.is(ipOf(six('fe800000000000000042acfffe120001')), 'fe80::42:acff:fe12:1');
  assert.is(ipOf(six('20010db8000000000001000000000001')), '2001:db8::1:0:0:1');
  assert.is(ipOf(six('20010000000000000000000000000000')), '2001::');
  assert.is(ipOf(Uint8Array.of(127, 0, 0, 1)), '127.0.0.1');
});

test('each dump has a sequence number of its own', () => {
  const all = [0, 1, 2].flatMap(question => [0, 1, 2, 3, 4].map(dump => sequenceOf(question, dump)));
  assert.is(new Set(all).size, all.length);
});

test.run();
