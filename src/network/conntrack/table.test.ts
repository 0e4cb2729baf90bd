import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { answersIn } from '../netlink/decode.ts';
import { attribute, encode, u8, u16 } from '../netlink/netlink.ts';
import { connectionsIn, parseConntrack } from './table.ts';

const [client, host, web] = ['198.18.0.2', '198.18.0.1', '172.18.0.2'];
const table = `ipv4     2 tcp      6 117 TIME_WAIT src=${client} dst=${host} sport=40000 dport=8080 src=${web} dst=${client} sport=80 dport=40000 [ASSURED] mark=0 zone=0 use=2
ipv4     2 icmp     1 29 src=${web} dst=${client} type=8 code=0 id=7 src=${client} dst=${host} type=0 code=0 id=9 mark=0 use=2
ipv6     10 udp      17 29 src=fd00:0000:0000:0000:0000:0000:0000:0002 dst=fd00:0000:0000:0000:0000:0000:0000:0001 sport=5 dport=53 [UNREPLIED] src=fd00:0000:0000:0000:0000:0000:0000:0001 dst=fd00:0000:0000:0000:0000:0000:0000:0002 sport=53 dport=5 mark=0 use=2
ipv4     2 unknown  2 594 src=172.18.0.1 dst=224.0.0.1 [UNREPLIED] src=224.0.0.1 dst=172.18.0.1 use=2
rubbish`;

test('connections as the kernel prints them', () => {
  const [tcp, icmp, udp, ...rest] = parseConntrack(table);
  assert.equal(rest, []);
  assert.equal(tcp?.original.destination, { address: host, port: 8080 });
  assert.equal(tcp?.reply, { source: { address: web, port: 80 }, destination: { address: client, port: 40000 } });
  assert.is(icmp?.reply.source.port, 9);
  assert.equal(udp?.original.source, { address: 'fd00::2', port: 5 });
});

const nested = 0x8000;
const port = (number: number) => Uint8Array.of(number >>> 8, number & 0xff);
const address = (text: string) => Uint8Array.from(text.split('.'), Number);

/** As ctnetlink answers: a tuple of addresses, and the parts of its protocol. */
const tuple = (type: number, from: string, to: string, ...proto: ReturnType<typeof attribute>[]) =>
  attribute(
    type | nested,
    attribute(1 | nested, attribute(1, address(from)), attribute(2, address(to))),
    attribute(2 | nested, ...proto),
  );
const message = (type: number, ...content: Uint8Array[] | ReturnType<typeof attribute>[]) =>
  Buffer.from(encode({ type, flags: 0, content: [u8(2), u8(0), u16(0), ...content], words: '' }, 100).data.bytes);

test('connections as netlink answers them: the same as the kernel prints', () => {
  const bytes = Buffer.concat([
    message(
      0x100,
      tuple(1, client, host, attribute(1, u8(6)), attribute(2, port(40000)), attribute(3, port(8080))),
      tuple(2, web, client, attribute(1, u8(6)), attribute(2, port(80)), attribute(3, port(40000))),
    ),
    message(
      0x100,
      tuple(1, web, client, attribute(1, u8(1)), attribute(4, port(7)), attribute(5, u8(8))),
      tuple(2, client, host, attribute(1, u8(1)), attribute(4, port(9)), attribute(5, u8(0))),
    ),
    message(0x100, tuple(1, web, client, attribute(1, u8(2))), tuple(2, client, web, attribute(1, u8(2)))),
    message(3),
  ]);
  assert.equal(connectionsIn(answersIn(bytes)), parseConntrack(table).slice(0, 2));
});

test.run();
