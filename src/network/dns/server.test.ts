import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Asker } from './answer.ts';
import { Frames, framed } from './exchange.ts';
import { rcodes, readMessage, types, writeQuery, writeResponse } from './message.ts';
import { DnsServer } from './server.ts';

/** Addresses of this process alone, all of which are the machine itself: 127/8. */
const host = (last: number) =>
  `127.${64 + (process.pid >> 14)}.${(process.pid >> 6) & 255}.${((process.pid & 63) << 2) | last}`;
const [own, good, other] = [host(1), host(2), host(3)];

interface Context {
  server: DnsServer;
  /** The port of the servers that are asked further. */
  port: number;
  heard: string[];
  close: (() => void)[];
}
const test = suite<Context>('server');

/** A name server that answers every name with 192.0.2.7, or as `behave` says. */
type Behaviour = (packet: Buffer, answer: Uint8Array) => readonly Uint8Array[];
async function upstream(context: Context, address: string, behave: Behaviour): Promise<void> {
  const udp = dgram.createSocket('udp4');
  const answers = (packet: Buffer, over: string) => {
    const query = readMessage(packet);
    context.heard.push(
      `${over} ${address.slice(-1) === good.slice(-1) ? 'good' : 'other'} ${query.questions[0]!.name}`,
    );
    const addresses = Array.from({ length: over === 'udp' ? 1 : 60 }, () => ({ address: '192.0.2.7' }));
    return behave(
      packet,
      writeResponse(
        { ...query, opcode: 0, rcode: 0, question: query.questions[0]!, answers: addresses, ttl: 1 },
        0xffff,
      ),
    );
  };
  udp.on('message', (packet, from) => {
    for (const one of answers(packet, 'udp')) udp.send(one, from.port, from.address);
  });
  udp.bind({ address, port: context.port });
  await once(udp, 'listening');
  context.port = udp.address().port;
  const tcp = net.createServer(socket => {
    const frames = new Frames();
    socket.on('error', () => {});
    socket.on('data', chunk => {
      for (const packet of frames.push(chunk)) for (const one of answers(packet, 'tcp')) socket.write(framed(one));
    });
  });
  tcp.listen({ host: address, port: context.port });
  await once(tcp, 'listening');
  context.close.push(() => {
    udp.close();
    tcp.close();
  });
}

const asker = (resolvers: string[]): Asker => ({
  addressesOf: name => (name === 'web' ? ['10.0.0.2'] : undefined),
  nameOf: () => undefined,
  resolvers: () => resolvers,
  keepsShortNames: false,
});

async function serve(context: Context, resolvers: string[], patience = 10_000): Promise<number> {
  context.server = new DnsServer({
    askerAt: address => (address === own ? asker(resolvers) : undefined),
    port: 0,
    upstreamPort: context.port,
    patience,
  });
  await context.server.listen(own);
  return context.server.portAt(own)!;
}

async function overUdp(port: number, name: string, from = own) {
  const socket = dgram.createSocket('udp4').bind(0, from);
  try {
    await once(socket, 'listening');
    socket.send(writeQuery(0x4d44, { name, type: types.A, class: 1 }), port, own);
    const [packet] = (await once(socket, 'message')) as [Buffer];
    return readMessage(packet);
  } finally {
    socket.close();
  }
}

async function overTcp(port: number, names: string[]) {
  const socket = net.connect({ port, host: own, localAddress: own });
  const bytes = names.flatMap((name, i) => [...framed(writeQuery(i, { name, type: types.A, class: 1 }))]);
  // Byte by byte: a message may come in any pieces. Then our side is closed.
  socket.setNoDelay(true);
  for (const byte of bytes) socket.write(Uint8Array.of(byte));
  socket.end();
  const frames = new Frames();
  const got = [];
  for await (const chunk of socket) got.push(...frames.push(chunk as Buffer).map(readMessage));
  return got.sort((a, b) => a.id - b.id);
}
const addressesIn = ({ answers }: ReturnType<typeof readMessage>) => answers.map(({ data }) => [...data].join('.'));
const plain: Behaviour = (_, answer) => [answer];

test.before.each(context => {
  Object.assign(context, { port: 0, heard: [], close: [] });
});
test.after.each(context => {
  context.server.close(own);
  for (const close of context.close) close();
});

test('its own names over UDP and TCP, and nobody is asked', async context => {
  await upstream(context, good, plain);
  const port = await serve(context, [good]);
  assert.equal(addressesIn(await overUdp(port, 'web')), ['10.0.0.2']);
  assert.equal((await overTcp(port, ['web', 'web'])).map(addressesIn), [['10.0.0.2'], ['10.0.0.2']]);
  assert.equal(context.heard, []);
});

test('another name is asked for elsewhere, by the way it came, under the number it came with', async context => {
  await upstream(context, good, plain);
  const port = await serve(context, [good]);
  const answer = await overUdp(port, 'example.com');
  assert.equal([answer.id, addressesIn(answer)], [0x4d44, ['192.0.2.7']]);
  const [first, second] = await overTcp(port, ['example.com', 'web']);
  assert.is(first!.answers.length, 60);
  assert.equal(addressesIn(second!), ['10.0.0.2']);
  assert.equal(context.heard, ['udp good example.com', 'tcp good example.com']);
});

test('fail-over: silence, refusal, failure and forgeries make it ask the next one', async context => {
  const behaviours: Record<string, Behaviour> = {
    silence: () => [],
    failure: (_, answer) => [Uint8Array.from(answer, (byte, i) => (i === 3 ? (byte & 0xf0) | rcodes.SERVFAIL : byte))],
    'another number': (_, answer) => [Uint8Array.from(answer, (byte, i) => (i === 0 ? byte ^ 1 : byte))],
    'another name': (_, answer) => [Uint8Array.from(answer, (byte, i) => (i === 14 ? byte ^ 1 : byte))],
    'no answer': packet => [packet],
    rubbish: packet => [packet.subarray(0, 2), packet.subarray(0, 13)],
  };
  // All at once: most cost the whole patience. The name says what is wanted.
  const names = Object.entries(behaviours).map(([what, behave], i) => ({ what, behave, name: `name${i}.example` }));
  await upstream(context, other, (packet, answer) => {
    const { name } = readMessage(packet).questions[0]!;
    return names.find(one => one.name === name)!.behave(packet, answer);
  });
  await upstream(context, good, plain);
  const port = await serve(context, [other, good], 300);
  const answers = await Promise.all(names.map(({ name }) => overUdp(port, name)));
  for (const [at, { what, name }] of names.entries()) {
    assert.equal(addressesIn(answers[at]!), ['192.0.2.7'], what);
    const heard = context.heard.filter(line => line.endsWith(` ${name}`));
    assert.equal(heard, [`udp other ${name}`, `udp good ${name}`], what);
  }
});

test('where none answers that is said, at once if nobody listens there', async context => {
  await upstream(context, good, () => []);
  const port = await serve(context, [other, '::1'], 60_000);
  assert.is((await overUdp(port, 'example.com')).rcode, rcodes.SERVFAIL);
  assert.is((await overTcp(port, ['example.com']))[0]!.rcode, rcodes.SERVFAIL);
});

test('strangers are refused, and so is everybody while it cannot be found out who asks', async context => {
  const port = await serve(context, [good]);
  assert.is((await overUdp(port, 'web', other)).rcode, rcodes.REFUSED);
  context.server.close(own);
  const fails = () => {
    throw new Error('too many open files');
  };
  context.server = new DnsServer({ askerAt: fails, port: 0 });
  await context.server.listen(own);
  assert.is((await overUdp(context.server.portAt(own)!, 'web')).rcode, rcodes.REFUSED);
});

test('one that asks too much at once is told so; the others are not', async context => {
  const silent = dgram.createSocket('udp4').bind(0, good);
  await once(silent, 'listening');
  const waiting: [Buffer, dgram.RemoteInfo][] = [];
  silent.on('message', (packet, from) => waiting.push([packet, from]));
  context.port = silent.address().port;
  const port = await serve(context, [good], 60_000);
  const greedy = dgram.createSocket('udp4').bind(0, own);
  await once(greedy, 'listening');
  const answered = once(greedy, 'message');
  for (let i = 0; i < 65; i++) greedy.send(writeQuery(i, { name: 'example.com', type: 1, class: 1 }), port, own);
  // The first answer that comes is to the one above the limit, as all others wait.
  assert.is(readMessage((await answered)[0]).rcode, rcodes.SERVFAIL);
  assert.equal(addressesIn(await overUdp(port, 'web')), ['10.0.0.2']);
  const done = new Promise<void>(resolve => {
    let left = 64;
    greedy.on('message', () => --left === 0 && resolve());
  });
  while (waiting.length < 64) await once(silent, 'message');
  for (const [packet, from] of waiting) {
    const { id, questions, recursionDesired } = readMessage(packet);
    const response = { id, opcode: 0, recursionDesired, rcode: 0, question: questions[0]!, answers: [], ttl: 0 };
    silent.send(writeResponse(response, 512), from.port, from.address);
  }
  await done;
  greedy.close();
  silent.close();
});

test('a port that is taken is an error, and nothing stays open', async context => {
  const port = await serve(context, [good]);
  const second = new DnsServer({ askerAt: () => undefined, port });
  try {
    await second.listen(own);
    assert.unreachable();
  } catch (error) {
    assert.is((error as NodeJS.ErrnoException).code, 'EADDRINUSE');
  }
  assert.equal(second.addresses, []);
});

test.run();
