import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Asker, answer } from './answer.ts';
import { type Message, rcodes, readMessage, types, writeQuery, writeResponse } from './message.ts';
import { MalformedMessage, nameBytes, readName } from './name.ts';

const packetOf = (hex: string) => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
const read = (hex: string, offset = 0) => readName(packetOf(hex), offset);

test('names: labels, the root, pointers, and what no text can show', () => {
  assert.equal(read('03 776562 03 6e6574 00'), { name: 'web.net', end: 9 });
  assert.equal(read('00'), { name: '', end: 1 });
  // "f.isi.arpa" and, pointing to it, "foo.f.isi.arpa": RFC 1035, 4.1.4
  assert.equal(read('01 66 03 697369 04 61727061 00 03 666f6f c000', 12), { name: 'foo.f.isi.arpa', end: 18 });
  assert.is(read('05 612e5c0020 00').name, 'a\\.\\\\\\000\\032');
  for (const name of ['', 'web', 'WEB.Net', 'a\\.b.c', '\\000\\255', `${'x'.repeat(63)}.y`])
    assert.is(readName(Uint8Array.from(nameBytes(name)), 0).name, name);
});

test('no name leads in a circle, leaves the packet, or is too long', () => {
  const wrong = {
    'to itself': 'c000',
    'two to each other': 'c002 c000',
    forward: 'c002 00',
    'back into the label that it ends': '01 61 c000',
    'beyond the end': '05 6162',
    'without an end': '01 61',
    'half a pointer': 'c0',
    'an unknown kind': '40 00',
    '256 bytes': `${`3f${'61'.repeat(63)}`.repeat(4)}00`,
  };
  for (const [what, hex] of Object.entries(wrong))
    for (const offset of [0, 2].filter(one => one < packetOf(hex).length))
      if (offset === 0 || what === 'two to each other')
        assert.throws(
          () => read(hex, offset),
          (error: unknown) => error instanceof MalformedMessage,
          what,
        );
  assert.throws(() => nameBytes(`${'x'.repeat(64)}`), /no name/);
  assert.throws(() => nameBytes('a..b'), /no name/);
  assert.throws(() => nameBytes(`${'x'.repeat(60)}.`.repeat(5).slice(0, -1)), /too long/);
});

test('a query as dig sends it', () => {
  // dig +noall web A: id 0x1234, RD and AD, an OPT record of 1232 bytes with a cookie
  const query = readMessage(
    packetOf(
      '1234 0120 0001 0000 0000 0001 03776562 00 0001 0001 00 0029 04d0 00000000 000c 000a 0008 0102030405060708',
    ),
  );
  assert.equal(query.questions, [{ name: 'web', type: types.A, class: 1 }]);
  assert.is(query.additionals[0]!.class, 1232);
  assert.is(query.recursionDesired, true);
  assert.is(query.isResponse, false);
});

test('a response, byte for byte: the owner is a pointer to the question', () => {
  const response = writeResponse(
    {
      id: 0xabcd,
      opcode: 0,
      recursionDesired: true,
      rcode: 0,
      question: { name: 'Web', type: types.A, class: 1 },
      answers: [{ address: '172.18.0.2' }],
      ttl: 600,
    },
    512,
  );
  assert.is(
    Buffer.from(response).toString('hex'),
    'abcd8180000100010000000003576562' + '0000010001' + 'c00c00010001000002580004ac120002',
  );
});

const many = Array.from({ length: 100 }, (_, i) => `10.0.0.${i + 1}`);
const asker: Asker = {
  addressesOf: name => ({ web: ['10.0.0.2'], shared: ['10.0.0.3', '10.0.0.4', '10.0.0.5'], all: many })[name],
  nameOf: address => (address === '10.0.0.2' ? 'web.net' : undefined),
  resolvers: () => ['192.0.2.1'],
  keepsShortNames: false,
};

/** The answer to a question, read again; undefined where it is to be forwarded. */
function ask(name: string, type: number = types.A, given: Partial<Asker> = {}, turn = 0, over: 'udp' | 'tcp' = 'udp') {
  const outcome = answer(writeQuery(7, { name, type, class: 1 }), { ...asker, ...given }, over, turn);
  return outcome.kind === 'answer' ? { ...readMessage(outcome.packet), packet: outcome.packet } : undefined;
}
const addressesIn = ({ answers }: Message) => answers.map(({ data }) => [...data].join('.'));

test('A: the address, in any letters, with the name as it was asked for', () => {
  const got = ask('wEB')!;
  assert.equal(addressesIn(got), ['10.0.0.2']);
  assert.equal([got.id, got.rcode, got.isResponse, got.answers[0]!.ttl], [7, 0, true, 600]);
  assert.is(got.questions[0]!.name, 'wEB');
  assert.is(got.answers[0]!.name, 'wEB');
});

test('a known name has no other records: an empty answer, and nothing is asked of others', () => {
  for (const type of [types.AAAA, 15, 16, 65])
    assert.equal([ask('web', type)!.rcode, ask('web', type)!.answers], [0, []]);
  assert.equal(addressesIn(ask('web', types.ANY)!), ['10.0.0.2']);
});

test('PTR: the name with its network', () => {
  const got = ask('2.0.0.10.IN-addr.arpa', types.PTR)!;
  assert.is(readName(got.packet, got.answers[0]!.at).name, 'web.net');
  assert.is(ask('9.0.0.10.in-addr.arpa', types.PTR), undefined);
  assert.is(ask('b._dns-sd._udp.0.0.0.10.in-addr.arpa', types.PTR), undefined);
});

test('several addresses change places', () => {
  const firsts = [0, 1, 2, 3].map(turn => addressesIn(ask('shared', types.A, {}, turn)!)[0]);
  assert.equal(firsts, ['10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.3']);
});

test('what does not fit into UDP is cut, and says so; TCP and EDNS take more', () => {
  const plain = ask('all')!;
  assert.ok(plain.truncated && plain.packet.length <= 512 && plain.answers.length > 20);
  const whole = ask('all', types.A, {}, 0, 'tcp')!;
  assert.equal([whole.truncated, whole.answers.length], [false, 100]);
  const edns = answer(writeQuery(7, { name: 'all', type: 1, class: 1 }, { takes: 4096 }), asker, 'udp');
  assert.ok(edns.kind === 'answer' && edns.packet.length > 512 && edns.packet.length <= 1232);
  assert.is(readMessage(edns.packet).additionals[0]!.type, types.OPT);
});

test('what is not known is forwarded, or fails where nobody is to be asked', () => {
  assert.is(ask('example.com'), undefined);
  assert.is(ask('example.com', types.A, { resolvers: () => [] })!.rcode, rcodes.SERVFAIL);
  assert.equal(
    [ask('db', types.A, { keepsShortNames: true })!.rcode, ask('db.x', types.A, { keepsShortNames: true })],
    [0, undefined],
  );
});

test('strangers, other classes, other operations, two questions, later EDNS', () => {
  const query = writeQuery(7, { name: 'web', type: 1, class: 1 }, { takes: 1232 });
  const changed = (at: number, value: number) => Uint8Array.from(query, (byte, i) => (i === at ? value : byte));
  const rcodeOf = (packet: Uint8Array, by: Asker | undefined = asker) => {
    const outcome = answer(packet, by, 'udp');
    return outcome.kind === 'answer' ? readMessage(outcome.packet).rcode : outcome.kind;
  };
  const refused = answer(query, undefined, 'udp');
  assert.ok(refused.kind === 'answer' && readMessage(refused.packet).rcode === rcodes.REFUSED);
  assert.is(rcodeOf(changed(2, 0x80)), 'nothing');
  assert.is(rcodeOf(changed(2, 0x28)), rcodes.NOTIMP);
  assert.is(rcodeOf(changed(5, 2)), rcodes.FORMERR);
  assert.is(rcodeOf(query.subarray(0, 14)), rcodes.FORMERR);
  assert.is(rcodeOf(query.subarray(0, 11)), 'nothing');
  assert.is(rcodeOf(writeQuery(7, { name: 'web', type: 1, class: 3 })), 'forward');
  assert.is(rcodeOf(new Uint8Array(5000)), rcodes.FORMERR);
  const later = answer(changed(query.length - 5, 1), asker, 'udp');
  // BADVERS is 16: its low bits are 0, and the OPT record has the others.
  assert.ok(later.kind === 'answer');
  const { rcode, additionals, answers } = readMessage(later.packet);
  assert.equal([rcode, additionals[0]!.ttl >>> 24, answers.length], [0, 1, 0]);
});

/** A small generator of numbers (xorshift32): a failure can be had again by its seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed | 1;
  return below => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

test('hostile packets: 10,000 of noise and of messages with bytes changed, cut and repeated', () => {
  const seeds = [
    writeQuery(1, { name: 'web.net', type: 1, class: 1 }, { takes: 1232 }),
    writeQuery(2, { name: '2.0.0.10.in-addr.arpa', type: 12, class: 1 }),
    ask('shared', types.A, {}, 0)!.packet,
    packetOf('0001 0100 0001 0000 0000 0000 c00c 0001 0001'),
  ];
  for (let seed = 1; seed <= 10_000; seed++) {
    const next = numbers(seed * 2_654_435_761);
    const base = seed % 4 === 0 ? Array.from({ length: next(600) }, () => next(256)) : [...seeds[next(seeds.length)]!];
    for (let i = next(6); i > 0 && base.length > 0; i--) base[next(base.length)] = [0, 0xc0, 0xff, next(256)][next(4)]!;
    if (next(3) === 0) base.length = next(base.length + 1);
    if (next(5) === 0) base.push(...base);
    const packet = Uint8Array.from(base);
    for (const over of ['udp', 'tcp'] as const) {
      const outcome = answer(packet, asker, over, seed);
      if (outcome.kind !== 'answer') continue;
      const { id, isResponse } = readMessage(outcome.packet);
      assert.equal([id, isResponse], [(packet[0]! << 8) | packet[1]!, true], `seed ${seed}`);
      assert.ok(outcome.packet.length <= (over === 'udp' ? 1232 : 0xffff), `seed ${seed}`);
    }
  }
});

test.run();
