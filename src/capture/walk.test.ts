import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConntrack } from '../network/conntrack/table.ts';
import { widthOf } from '../syscalls/text/columns.ts';
import { packetComment, parseComment } from './comments.ts';
import { Follower } from './follow.ts';
import type { Point, Target, Visit, Walk } from './model.ts';
import { ConnectionTable } from './nat/conntrack.ts';
import { Translations } from './nat/rewrites.ts';
import { parseRules } from './nat/rules.ts';
import { decode } from './packet/decode.ts';
import { Surroundings } from './surroundings.ts';
import { type TcpPacket, tcpPacket } from './testing/packets.ts';
import { TerminalView } from './views/terminal.ts';

const points: Point[] = [
  { role: 'host', interface: 'eth0', name: 'eth0' },
  { role: 'bridge', interface: 'minidock0', name: 'minidock0' },
  { role: 'veth', interface: 'veth1', name: 'veth1', container: 'web' },
  { role: 'container', interface: 'eth0', name: 'web:eth0', container: 'web' },
];
const [client, host, web] = ['198.18.0.2', '198.18.0.1', '172.18.0.2'];
const target: Target = {
  name: 'web',
  addresses: [web],
  macs: ['02:42:ac:12:00:02'],
  sharesHost: false,
  ports: [{ protocol: 'tcp', host: 8080, container: 80 }],
};
const surroundings = new Surroundings([target], [host, '172.18.0.1']);
const macs: [string, string] = ['02:42:ac:12:00:01', '02:42:ac:12:00:02'];

function seen(point: number, microseconds: number, packet: Partial<TcpPacket>): Visit {
  const bytes = tcpPacket({
    source: client,
    destination: host,
    sourcePort: 40000,
    destinationPort: 8080,
    macs,
    ...packet,
  });
  const time = 1_000_000_000_000n + BigInt(microseconds) * 1000n;
  return { frame: { point, time, length: bytes.length, bytes }, packet: decode(1, bytes) };
}
const inside = { destination: web, destinationPort: 80 };
const arrival = [seen(0, 0, {}), seen(1, 10, inside), seen(2, 12, inside), seen(3, 14, inside)];
const back = { source: web, sourcePort: 80, destination: client, destinationPort: 40000, flags: 18, id: 0 };
const fromContainer = { ...back, macs: [...macs].reverse() as [string, string] };
const answer = [
  seen(3, 20, fromContainer),
  seen(2, 22, fromContainer),
  seen(1, 22, fromContainer),
  seen(0, 30, { ...back, source: host, sourcePort: 8080 }),
];

test('a packet is one at all points whatever the order in which they tell of it, a repetition is another', () => {
  for (const order of [
    [0, 1, 2, 3],
    [3, 1, 0, 2],
    [2, 3, 1, 0],
  ]) {
    const follower = new Follower(points, surroundings);
    for (const at of order) follower.add(arrival[at]!, 0);
    for (const at of order) follower.add(answer[at]!, 0);
    const walks = follower.takeFinished(200).map(visits => visits.map(({ frame }) => frame.point).join(''));
    assert.equal(walks, ['0123', '3210'], String(order));
  }
  const follower = new Follower(points, surroundings);
  for (const visit of [...arrival, ...arrival]) follower.add(visit, 0);
  assert.is(follower.takeFinished(5000).length, 2);
});

test('one that has not been everywhere is waited for longer', () => {
  const follower = new Follower(points, surroundings);
  follower.add(arrival[0]!, 0);
  assert.is(follower.takeFinished(1000).length, 0);
  assert.is(follower.oldest, arrival[0]!.frame.time);
  assert.is(follower.takeFinished(2000).length, 1);
  assert.is(follower.oldest, undefined);
});

const rules = parseRules(
  '-A PREROUTING -j MINIDOCK\n-A MINIDOCK -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80\n',
);
const line = `ipv4 2 tcp 6 1 src=${client} dst=${host} sport=40000 dport=8080 src=${web} dst=${client} sport=80 dport=40000 use=1`;

test('rewrites: with the kernel’s table, and inferred without it', () => {
  for (const evidence of ['conntrack', 'inferred'] as const) {
    const connections = new ConnectionTable();
    if (evidence === 'conntrack') for (const one of parseConntrack(line)) connections.add(one);
    const translations = new Translations(points, surroundings, connections, () => rules);
    const [dnat, ...more] = translations.of(arrival, true);
    assert.equal(more, []);
    assert.equal([dnat?.kind, dnat?.at, dnat?.evidence], ['DNAT', 1, evidence]);
    assert.equal(dnat?.rule?.chains, ['PREROUTING', 'MINIDOCK']);
    const [undone] = translations.of(answer, true);
    assert.equal(
      [undone?.kind, undone?.at, undone?.after, undone?.rule],
      ['un-DNAT', 3, { address: host, port: 8080 }, undefined],
    );
  }
});

test('what only the table shows stands before the first point', () => {
  const connections = new ConnectionTable();
  for (const one of parseConntrack(line)) connections.add(one);
  const found = new Translations(points, surroundings, connections, () => rules).of(arrival.slice(1), true);
  assert.equal(
    found.map(({ kind, at, before }) => [kind, at, before]),
    [['DNAT', 0, { address: host, port: 8080 }]],
  );
});

function walks(): Walk[] {
  const translations = new Translations(points, surroundings, new ConnectionTable(), () => rules);
  return [
    { number: 1, visits: arrival, rewrites: translations.of(arrival, true), heading: 'in', conversation: 1 },
    { number: 2, visits: answer, rewrites: translations.of(answer, true), heading: 'out', conversation: 1 },
  ];
}

test('comments hold what packets do not tell, and are read again', () => {
  for (const walk of walks()) {
    const read = walk.visits.map((_, at) => parseComment(packetComment(walk, at))!);
    assert.equal(
      read.flatMap(({ rewrites }) => rewrites),
      [...walk.rewrites],
    );
    assert.equal(
      read.map(one => [one.walk, one.visit, one.heading, one.conversation]),
      walk.visits.map((_, at) => [walk.number, at, walk.heading, 1]),
    );
  }
  for (const foreign of ['', 'walk', 'walk 1, point 1 of 1', 'a\nb']) assert.is(parseComment(foreign), undefined);
});

test('the walk fits the terminal, and is plain text without colours', () => {
  for (const width of [60, 80, 120]) {
    const plain = new TerminalView(points, width, false);
    const coloured = new TerminalView(points, width, true);
    const text = walks()
      .map(walk => plain.walk(walk))
      .join('');
    for (const one of text.split('\n')) assert.ok(widthOf(one) <= width, `${width}: ${one}`);
    assert.not.match(text, /\x1b/);
    assert.is(
      walks()
        .map(walk => coloured.walk(walk))
        .join('')
        .replace(/\x1b\[[\d;]*m/g, ''),
      text,
    );
  }
  const [first] = walks().map(walk => new TerminalView(points, 80, false).walk(walk));
  assert.is(
    first,
    `
     eth0              minidock0         veth1             web:eth0
#1   0.000000 s  TCP SYN
     ●── DNAT 10 µs ──▶●──── 2.0 µs ────▶●──── 2.0 µs ────▶●
from 198.18.0.2:40000
to   198.18.0.1:8080   172.18.0.2:80
     DNAT: nat PREROUTING > MINIDOCK: -p tcp -m tcp --dport 8080 -j DNAT
       --to-destination 172.18.0.2:80 (inferred: no connection table)
`,
  );
});

test.run();
