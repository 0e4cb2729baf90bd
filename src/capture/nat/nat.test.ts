import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConntrack } from '../../network/conntrack/table.ts';
import { decode } from '../packet/decode.ts';
import { tcpPacket } from '../testing/packets.ts';
import { ConnectionTable } from './conntrack.ts';
import { findRule, parseRules } from './rules.ts';

const [client, host, web] = ['198.18.0.2', '198.18.0.1', '172.18.0.2'];
const table = `ipv4     2 tcp      6 117 TIME_WAIT src=${client} dst=${host} sport=40000 dport=8080 src=${web} dst=${client} sport=80 dport=40000 [ASSURED] mark=0 zone=0 use=2
ipv4     2 icmp     1 29 src=${web} dst=${client} type=8 code=0 id=7 src=${client} dst=${host} type=0 code=0 id=9 mark=0 use=2
ipv6     10 udp      17 29 src=fd00:0000:0000:0000:0000:0000:0000:0002 dst=fd00:0000:0000:0000:0000:0000:0000:0001 sport=5 dport=53 [UNREPLIED] src=fd00:0000:0000:0000:0000:0000:0000:0001 dst=fd00:0000:0000:0000:0000:0000:0000:0002 sport=53 dport=5 mark=0 use=2
ipv4     2 unknown  2 594 src=172.18.0.1 dst=224.0.0.1 [UNREPLIED] src=224.0.0.1 dst=172.18.0.1 use=2
rubbish`;

test('a packet’s place in its connection, before and after translation, in both directions', () => {
  const connections = new ConnectionTable();
  for (const connection of parseConntrack(table)) connections.add(connection);
  const place = (source: string, sourcePort: number, destination: string, destinationPort: number) => {
    const found = connections.find(decode(1, tcpPacket({ source, sourcePort, destination, destinationPort })));
    return found && `${found.direction} ${found.before.destination.address} ${found.after.source.address}`;
  };
  assert.is(place(client, 40000, host, 8080), `original ${host} ${client}`);
  assert.is(place(client, 40000, web, 80), `original ${host} ${client}`);
  assert.is(place(web, 80, client, 40000), `reply ${client} ${host}`);
  assert.is(place(host, 8080, client, 40000), `reply ${client} ${host}`);
  assert.is(place(client, 40001, host, 8080), undefined);
});

const saved = `*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
:MINIDOCK - [0:0]
:MINIDOCK-NAT - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A PREROUTING ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j MINIDOCK
-A POSTROUTING -j MINIDOCK-NAT
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8088 -j DNAT --to-destination 172.17.0.2:80
-A MINIDOCK -d 198.18.0.9/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.9:80
-A MINIDOCK -p tcp -m tcp --dport 8080 -m comment --comment "minidock: a b" -j DNAT --to-destination 172.18.0.2:80
-A MINIDOCK-NAT -s 172.18.0.0/16 ! -o minidock0 -j MASQUERADE
-A MINIDOCK-NAT -s 172.18.0.0/16 -o minidock0 -m conntrack --ctstate DNAT -j MASQUERADE
COMMIT`;

test('the rule that the kernel finds, and the chains that lead there', () => {
  const rules = parseRules(saved);
  const to = (address: string, port: number) => ({
    protocol: 'tcp',
    source: { address: client, port: 40000 },
    destination: { address, port },
    incoming: 'eth0',
  });
  const found = findRule(rules, 'PREROUTING', to(host, 8080));
  assert.equal(found?.chains, ['PREROUTING', 'MINIDOCK']);
  assert.match(found?.text ?? '', /--comment "minidock: a b" -j DNAT --to-destination 172\.18\.0\.2:80$/);
  assert.match(findRule(rules, 'PREROUTING', to('198.18.0.9', 8080))?.text ?? '', /172\.18\.0\.9:80$/);
  assert.equal(findRule(rules, 'PREROUTING', to(host, 8088))?.chains, ['PREROUTING', 'DOCKER']);
  assert.is(findRule(rules, 'PREROUTING', { ...to(host, 8088), incoming: 'docker0' }), undefined);
  assert.is(findRule(rules, 'PREROUTING', { ...to(host, 8080), protocol: 'udp' }), undefined);

  const out = { protocol: 'tcp', source: { address: web, port: 5 }, destination: { address: client, port: 80 } };
  assert.is(findRule(rules, 'POSTROUTING', { ...out, outgoing: 'eth0' })?.target, 'MASQUERADE');
  const inside = { ...out, outgoing: 'minidock0', destination: { address: '172.18.0.3', port: 80 } };
  assert.is(findRule(rules, 'POSTROUTING', { ...inside, translated: false }), undefined);
  assert.match(findRule(rules, 'POSTROUTING', { ...inside, translated: true })?.text ?? '', /ctstate DNAT/);
});

test('chains that jump in a circle come to an end', () => {
  const rules = parseRules('-A PREROUTING -j A\n-A A -j B\n-A B -j A\n');
  assert.is(
    findRule(rules, 'PREROUTING', { protocol: 'tcp', source: { address: web }, destination: { address: host } }),
    undefined,
  );
});

test.run();
