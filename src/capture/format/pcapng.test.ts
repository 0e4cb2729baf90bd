import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../../errors.ts';
import { PcapStream } from './pcap.ts';
import { enhancedPacket, interfaceDescription, interfaceStatistics, option, sectionHeader } from './pcapng.ts';
import { readPcapng } from './read-pcapng.ts';

const time = 1_795_308_974_158_747_727n;
const packet = (bytes: string, at = 0n) => ({ time: time + at, length: 100, bytes: Buffer.from(bytes) });
const file = Buffer.concat([
  sectionHeader([
    [option.comment, 'of web'],
    [option.shb_userappl, 'minidock 1'],
  ]),
  interfaceDescription({
    linkType: 1,
    snapLength: 96,
    name: 'eth0',
    description: 'outside',
    filter: 'tcp',
    comment: 'c',
  }),
  interfaceDescription({ linkType: 113, snapLength: 96, name: 'web:eth0', description: '网卡' }),
  enhancedPacket(0, packet('abcde'), 'first'),
  enhancedPacket(1, packet('', 1n)),
  interfaceStatistics(0, time, 2, 1),
]);

function refusal(content: Buffer): string {
  try {
    readPcapng('f', content);
    return '';
  } catch (error) {
    if (!(error instanceof MinidockError)) throw error;
    assert.is(error.code, 'broken-capture');
    return error.message;
  }
}

test('what is written is read again, to the nanosecond', () => {
  const read = readPcapng('f', file);
  assert.equal([read.comment, read.application, read.cutOff], ['of web', 'minidock 1', false]);
  assert.equal(read.interfaces, [
    { linkType: 1, name: 'eth0', description: 'outside', comment: 'c', resolution: 9 },
    { linkType: 113, name: 'web:eth0', description: '网卡', comment: '', resolution: 9 },
  ]);
  assert.equal(
    read.packets.map(({ bytes, ...rest }) => ({ ...rest, text: Buffer.from(bytes).toString() })),
    [
      { interface: 0, time, length: 100, comment: 'first', text: 'abcde' },
      { interface: 1, time: time + 1n, length: 100, comment: '', text: '' },
    ],
  );
});

test('a file that is cut off anywhere is read as far as it is whole', () => {
  const begin = sectionHeader([
    [option.comment, 'of web'],
    [option.shb_userappl, 'minidock 1'],
  ]).length;
  for (let length = begin; length < file.length; length++) {
    const read = readPcapng('f', file.subarray(0, length));
    assert.ok(read.packets.length <= 2);
    if (length % 4 !== 0) assert.ok(read.cutOff);
  }
  for (let length = 0; length < 12; length++) assert.is.not(refusal(file.subarray(0, length)), '');
});

test('other files are told apart, and broken blocks are named', () => {
  assert.match(refusal(Buffer.from('not a capture at all')), /^f: it is no pcapng$/);
  const pcap = Buffer.alloc(24);
  pcap.writeUInt32LE(0xa1b2c3d4, 0);
  assert.match(refusal(pcap), /^f: it is a pcap of one interface, and no pcapng$/);
  const cases: [number, number, RegExp][] = [
    [4, 7, /^f: the block at byte 0: its length cannot be 7$/],
    [4, 0x7ffffff0, /cannot be/],
    [8, 0, /byte order/],
  ];
  for (const [at, value, message] of cases) {
    const broken = Buffer.from(file);
    broken.writeUInt32LE(value, at);
    assert.match(refusal(broken), message);
  }
  const orphan = Buffer.concat([file.subarray(0, file.readUInt32LE(4)), enhancedPacket(0, packet('a'))]);
  assert.match(refusal(orphan), /a packet of interface 0, and there are 0$/);
});

test('bytes that anybody may have changed make an error of one line, or a capture', () => {
  let seed = 7;
  for (let round = 0; round < 20_000; round++) {
    const broken = Buffer.from(file);
    for (let change = 0; change < 3; change++) {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      broken[seed % broken.length] = seed >>> 24;
    }
    assert.not.match(refusal(broken), /\n/);
  }
});

test('a pcap stream is cut into packets whatever its chunks are', () => {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b23c4d, 0);
  head.writeUInt32LE(1, 20);
  const record = (text: string) => {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt32LE(5, 0);
    bytes.writeUInt32LE(7, 4);
    bytes.writeUInt32LE(text.length, 8);
    bytes.writeUInt32LE(60, 12);
    return Buffer.concat([bytes, Buffer.from(text)]);
  };
  const all = Buffer.concat([head, record('one'), record(''), record('three')]);
  for (const size of [1, 7, 24, 1000]) {
    const stream = new PcapStream();
    const found: string[] = [];
    for (let at = 0; at < all.length; at += size)
      for (const { time, length, bytes } of stream.push(all.subarray(at, at + size)))
        found.push(`${time} ${length} ${Buffer.from(bytes)}`);
    assert.is(stream.linkType, 1);
    assert.equal(found, ['5000000007 60 one', '5000000007 60 ', '5000000007 60 three']);
  }
  assert.throws(() => [...new PcapStream().push(Buffer.alloc(24))], /a pcap begins with/);
});

test.run();
