import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ethernet, tcpPacket, udpPacket } from '../testing/packets.ts';
import { decode } from './decode.ts';
import { wordsFor } from './words.ts';

const ETHERNET = 1;
const syn = {
  source: '198.18.0.2',
  destination: '198.18.0.1',
  sourcePort: 40000,
  destinationPort: 8080,
  payload: '',
};

test('addresses, ports, flags and what is carried', () => {
  const packet = decode(ETHERNET, tcpPacket({ ...syn, flags: 0x18, payload: 'GET / HTTP/1.1\r\nHost: a\r\n' }));
  assert.equal(
    [packet.source, packet.sourcePort, packet.destination, packet.destinationPort, packet.ttl],
    ['198.18.0.2', 40000, '198.18.0.1', 8080, 64],
  );
  assert.equal(packet.tcp?.flags, ['PSH', 'ACK']);
  assert.is(wordsFor(packet), 'TCP PSH ACK, 25 bytes: GET / HTTP/1.1');
  assert.is(wordsFor(decode(ETHERNET, udpPacket({ ...syn, payload: '\x00\x01\x02' }))), 'UDP, 3 bytes');
});

test('translation, a router and padding leave a packet’s identity alone; what makes another packet does not', () => {
  const identity = (change: object) => decode(ETHERNET, tcpPacket({ ...syn, ...change })).identity;
  const same = [
    { destination: '172.18.0.2', destinationPort: 80 },
    { source: '198.18.0.1', sourcePort: 1024, ttl: 63 },
    { macs: ['02:42:ac:12:00:02', '02:42:ac:12:00:01'] },
  ];
  for (const change of same) assert.is(identity(change), identity({}), JSON.stringify(change));
  for (const change of [{ id: 8 }, { sequence: 1001 }, { flags: 16 }, { payload: 'x' }])
    assert.is.not(identity(change), identity({}), JSON.stringify(change));
  const padded = Buffer.concat([tcpPacket(syn), Buffer.alloc(6)]);
  assert.is(decode(ETHERNET, padded).identity, identity({}));
});

test('what an ICMP error quotes is translated, and the error is the same', () => {
  const error = (destination: string) => {
    const quoted = tcpPacket({ ...syn, destination }).subarray(14);
    const icmp = Buffer.concat([Buffer.from([3, 3, 0, 0, 0, 0, 0, 0]), quoted]);
    const ip = Buffer.from(tcpPacket({ ...syn, source: destination, destination: syn.source }).subarray(14, 34));
    ip[9] = 1;
    ip.writeUInt16BE(20 + icmp.length, 2);
    return decode(ETHERNET, ethernet(0x0800, Buffer.concat([ip, icmp])));
  };
  assert.is(error('172.18.0.2').identity, error('198.18.0.1').identity);
  assert.is(wordsFor(error('172.18.0.2')), 'ICMP destination unreachable');
});

test('IPv6 with extension headers, in the shortest form; a VLAN tag; packets without Ethernet', () => {
  const six = Buffer.alloc(40 + 8 + 20);
  six[0] = 0x60;
  six.writeUInt16BE(28, 4);
  six[6] = 60;
  six[7] = 64;
  Buffer.from('fd000000000000000000000000000002', 'hex').copy(six, 8);
  Buffer.from('20010db8000100000000000000000001', 'hex').copy(six, 24);
  six[40] = 6;
  six.writeUInt16BE(443, 48);
  six.writeUInt16BE(50000, 50);
  six[60] = 5 << 4;
  const tagged = ethernet(0x8100, Buffer.concat([Buffer.from([0, 5, 0x86, 0xdd]), six]));
  for (const packet of [decode(ETHERNET, ethernet(0x86dd, six)), decode(ETHERNET, tagged), decode(101, six)])
    assert.equal(
      [packet.source, packet.sourcePort, packet.destination, packet.destinationPort],
      ['fd00::2', 443, '2001:db8:1::1', 50000],
    );
});

test('a frame that ends anywhere, or lies about its lengths, is taken apart as far as it goes', () => {
  const whole = tcpPacket({ ...syn, payload: 'hello' });
  for (let length = 0; length <= whole.length; length++)
    for (const linkType of [1, 12, 101, 113, 276, 147]) decode(linkType, whole.subarray(0, length), whole.length);
  let seed = 1;
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(whole);
    for (let change = 0; change < 4; change++) {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      bytes[seed % bytes.length] = seed >>> 24;
    }
    wordsFor(decode(ETHERNET, bytes));
  }
});

test.run();
