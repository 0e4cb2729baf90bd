import type { Exercise, Finding, Mine } from '../../src/workshop/exercise/types.ts';
import type { Text } from '../../src/workshop/text/language.ts';

interface Seen {
  readonly id: number;
  readonly ttl: number;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: readonly string[];
  readonly payload: Uint8Array;
}

interface Values {
  readonly number: number;
  readonly packet: Seen;
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** A further sighting: whether it is the same packet, and what is said to who thinks otherwise. */
interface Sighting {
  readonly change: (packet: Seen) => Partial<Seen>;
  readonly same: boolean;
  readonly what: Text;
  readonly hint: Text;
}

const sightings: readonly Sighting[] = [
  {
    change: () => ({ destination: '172.18.0.2', destinationPort: 80 }),
    same: true,
    what: { en: 'after DNAT it is the same packet', zh: 'DNAT 之后还是同一个包' },
    hint: {
      en: 'your identity holds the destination or its port: DNAT changes both',
      zh: '你的标识里有目的地址或目的端口：DNAT 两者都会改',
    },
  },
  {
    change: ({ sourcePort }) => ({ source: '203.0.113.1', sourcePort: sourcePort + 1 }),
    same: true,
    what: { en: 'after MASQUERADE it is the same packet', zh: 'MASQUERADE 之后还是同一个包' },
    hint: {
      en: 'your identity holds the source or its port: MASQUERADE may choose another port too',
      zh: '你的标识里有源地址或源端口：MASQUERADE 连端口也可能换掉',
    },
  },
  {
    change: ({ ttl }) => ({ ttl: ttl - 1 }),
    same: true,
    what: { en: 'behind a router it is the same packet', zh: '经过路由器还是同一个包' },
    hint: { en: 'each router takes one from the ttl', zh: '每个路由器都把 TTL 减一' },
  },
  {
    change: ({ sequence, payload }) => ({ sequence: sequence + payload.length }),
    same: false,
    what: { en: 'the next part of the stream is another packet', zh: '数据流的下一段是另一个包' },
    hint: { en: 'its sequence number is another one', zh: '它的序列号不同' },
  },
  {
    change: ({ id }) => ({ id: id + 1 }),
    same: false,
    what: { en: 'a repetition is another packet', zh: '重传是另一个包' },
    hint: {
      en: 'a repetition has the same sequence number and content; the sender gave it another IP id',
      zh: '重传的序列号和内容都相同，但发送方给了它另一个 IP id',
    },
  },
  {
    change: () => ({ flags: ['ACK', 'FIN'] }),
    same: false,
    what: { en: 'with other flags it is another packet', zh: '标志不同就是另一个包' },
    hint: { en: 'FIN ends a stream, PSH does not', zh: 'FIN 结束数据流，PSH 不会' },
  },
  {
    change: ({ acknowledgement }) => ({ acknowledgement: acknowledgement + 1448 }),
    same: false,
    what: { en: 'another acknowledgement, another packet', zh: '确认号不同就是另一个包' },
    hint: {
      en: 'of packets without content only the acknowledgement tells one from the next',
      zh: '没有内容的包，只能靠确认号区分',
    },
  },
  {
    change: ({ payload }) => ({ payload: payload.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) }),
    same: false,
    what: { en: 'one other bit of content, another packet', zh: '内容差一个比特就是另一个包' },
    hint: {
      en: 'the length alone is not the content; and a Uint8Array in a template reads as numbers, which is fine if all of them are there',
      zh: '光看长度不算内容；Uint8Array 放进模板字符串会变成一串数字，全都在就没问题',
    },
  },
];

function findings(mine: Mine, { number, packet }: Values): Finding[] {
  const swapped: unknown = mine.htons!(number);
  const back: unknown = mine.htons!(mine.htons!(number));
  const identity = mine.identityOf!(packet) as unknown;
  const [one, other] = [
    { ...packet, id: 1, sequence: 23 },
    { ...packet, id: 12, sequence: 3 },
  ];
  return [
    {
      ok: mine.htons!(3) === 0x0300,
      what: { en: 'htons(3) is 768', zh: 'htons(3) 是 768' },
      hint: {
        en: `it returns ${String(mine.htons!(3))}; the bytes 00 03 become 03 00`,
        zh: `它返回 ${String(mine.htons!(3))}；字节 00 03 要变成 03 00`,
      },
    },
    {
      ok: swapped === (((number & 0xff) << 8) | (number >> 8)),
      what: {
        en: `htons(0x${number.toString(16)}) has both bytes, in the other order`,
        zh: `htons(0x${number.toString(16)}) 两个字节都在，次序相反`,
      },
      hint: {
        en: `it returns ${String(swapped)}; the upper byte goes down as well, and nothing may stand above 16 bits`,
        zh: `它返回 ${String(swapped)}；高字节也要移下来，而且结果不能超过 16 位`,
      },
    },
    {
      ok: back === number,
      what: { en: 'twice is as before', zh: '做两次就还原' },
      hint: { en: `it is ${String(back)} then`, zh: `现在得到的是 ${String(back)}` },
    },
    {
      ok: typeof identity === 'string' && identity === mine.identityOf!(packet),
      what: { en: 'identityOf gives a string', zh: 'identityOf 得到一个字符串' },
      hint: { en: `it returns ${JSON.stringify(identity)}`, zh: `它返回 ${JSON.stringify(identity)}` },
    },
    ...sightings.map(({ change, same, what, hint }) => ({
      ok: (mine.identityOf!({ ...packet, ...change(packet) }) === identity) === same,
      what,
      hint,
    })),
    {
      ok: mine.identityOf!(one) !== mine.identityOf!(other),
      what: { en: 'id 1, sequence 23 is not id 12, sequence 3', zh: 'id 1、序列号 23 不等于 id 12、序列号 3' },
      hint: { en: 'there must be something between the parts', zh: '各部分之间要有分隔' },
    },
  ];
}

export const exercise: Exercise<Values> = {
  lesson: 'packet-capture',
  task: {
    en: 'Write `htons(value)`, without which a packet socket hears nothing, and `identityOf(packet)`, by which `minidock capture` knows one packet again at the next interface, when its addresses have been rewritten on the way. Your function is shown one packet at several places, and other packets that resemble it.',
    zh: '写 `htons(value)`：没有它，抓包套接字什么也收不到；再写 `identityOf(packet)`：地址在路上被改写之后，`minidock capture` 靠它在下一个接口认出同一个包。检查程序给你的函数看同一个包在几个地方的样子，以及与它相像的别的包。',
  },
  pieces: ['htons', 'identityOf'],
  values: random => ({
    number: random.integer(0x0102, 0xfefd),
    packet: {
      id: random.integer(100, 60000),
      ttl: 64,
      source: '203.0.113.9',
      destination: '203.0.113.1',
      sourcePort: random.integer(32768, 60000),
      destinationPort: 8080,
      sequence: random.integer(1000, 4_000_000_000),
      acknowledgement: random.integer(1000, 4_000_000_000),
      flags: ['PSH', 'ACK'],
      payload: bytes(`GET /${random.word()} HTTP/1.1\r\n`),
    },
  }),
  judge: findings,
  hints: [
    {
      en: 'Look at the listing “the whole way” once more: what differs between two lines of one packet?',
      zh: '再看一遍“完整的路径”：同一个包的两行之间，有什么不同？',
    },
    {
      en: '`htons`: `(value & 0xff) << 8` is the lower byte moved up; the upper one comes down by `value >>> 8`.',
      zh: '`htons`：`(value & 0xff) << 8` 把低字节移上去；`value >>> 8` 把高字节移下来。',
    },
    {
      en: '`identityOf`: id, sequence, acknowledgement, flags and payload, joined with a space; no address, no port, no ttl.',
      zh: '`identityOf`：id、sequence、acknowledgement、flags 和 payload，用空格连起来；不要地址、端口和 TTL。',
    },
  ],
  wrong: [
    { name: 'the lower byte alone', code: ['  return (value & 0xff) << 8;'], hint: /the upper byte goes down as well/ },
    {
      name: 'more than 16 bits',
      code: ['  return (value << 8) | (value >>> 8);'],
      hint: /nothing may stand above 16 bits/,
    },
    {
      name: 'the connection, not the packet',
      code: [
        undefined,
        '  const { source, destination, sourcePort, destinationPort } = packet;\n  return [source, sourcePort, destination, destinationPort].join();',
      ],
      hint: /DNAT changes both/,
    },
    {
      name: 'everything but the addresses',
      code: [
        undefined,
        '  const { source, destination, sourcePort, destinationPort, payload, ...rest } = packet;\n  return JSON.stringify([rest, [...payload]]);',
      ],
      hint: /each router takes one from the ttl/,
    },
    {
      name: 'the sequence number alone',
      code: [undefined, '  return String(packet.sequence);'],
      hint: /the sender gave it another IP id/,
    },
    {
      name: 'parts joined with nothing',
      code: [
        undefined,
        `  const { id, sequence, acknowledgement, flags, payload } = packet;
  return \`\${id}\${sequence}\${acknowledgement}\${flags.join()}\${Buffer.from(payload).toString('hex')}\`;`,
      ],
      hint: /something between the parts/,
    },
  ],
};
