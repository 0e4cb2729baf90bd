import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseSubnet } from '../ipv4.ts';
import { networkOf } from '../network.ts';
import { chainsOf } from './chains.ts';
import { missingRules, removalRules } from './firewall.ts';
import { portRules, rulesOf } from './port-rules.ts';

const roots = { root: '/r', execRoot: '/e' };
const network = networkOf(roots, 'minidock0', parseSubnet('172.18.0.0/16'));
const other = networkOf(roots, 'bridge-15-bytes', parseSubnet('172.19.0.0/16'));

/** What iptables-save would print after these rules were restored into empty tables. */
function saved(restore: string): string {
  return restore.replace(/^\*(.*)\n([\s\S]*?)^COMMIT$/gm, (_, table: string, content: string) => {
    const chains = new Map<string, string[]>();
    const declared = [...content.matchAll(/^(?::|-N )(\S+)/gm)].map(([, chain]) => `:${chain} - [0:0]`);
    for (const [, command, chain, rule] of content.matchAll(/^-([AI]) (\S+) (?:1 (?=-))?(.*)$/gm)) {
      const rules = chains.get(chain!) ?? [];
      chains.set(chain!, command === 'I' ? [rule!, ...rules] : [...rules, rule!]);
    }
    const rules = [...chains].flatMap(([chain, those]) => those.map(rule => `-A ${chain} ${rule}`));
    return [`*${table}`, ...declared, ...rules, 'COMMIT', '# Completed'].join('\n');
  });
}

test('into empty tables goes everything, then nothing is missing', () => {
  const first = missingRules(network, '');
  assert.match(first, /^-I FORWARD 1 -j MINIDOCK-FORWARD$/m);
  assert.match(first, /^-A MINIDOCK -d 127\.0\.0\.0\/8 ! -i lo -j DROP$/m);
  assert.is(missingRules(network, saved(first)), '');
});

test('each chain and each jump is missed', () => {
  const all = saved(missingRules(network, ''));
  const lines = all.split('\n').filter(line => /^(:|-A)/.test(line));
  for (const line of lines) {
    const without = all.replace(`${line}\n`, '');
    assert.is.not(missingRules(network, without), '', line);
  }
});

test('a network that differs from the default one', () => {
  const rulesFor = (wanted: object) => missingRules({ ...network, ...wanted }, '').split('\n');
  const usual = rulesFor({});
  const without = (wanted: object) => usual.filter(line => !rulesFor(wanted).includes(line));
  assert.equal(without({ masquerade: false }), ['-A MINIDOCK-NAT -s 172.18.0.0/16 ! -o minidock0 -j MASQUERADE']);
  assert.equal(without({ icc: false }), ['-A MINIDOCK-IN -i minidock0 -j ACCEPT']);
  const internal = rulesFor({ internal: true });
  assert.equal(
    internal.filter(line => !usual.includes(line)),
    [
      '*mangle',
      '-A MINIDOCK -i minidock0 ! -o minidock0 -j DROP',
      '-A MINIDOCK ! -i minidock0 -o minidock0 -j DROP',
      '-I FORWARD 1 -j MINIDOCK',
    ],
  );
  const all = saved(internal.join('\n'));
  assert.is(missingRules({ ...network, internal: true }, all), '');
  assert.match(removalRules(network, all), /^\*mangle\n-D FORWARD -j MINIDOCK\n-F MINIDOCK\n-X MINIDOCK\nCOMMIT$/m);
});

test('mending keeps the rules of containers', () => {
  const rule = portRules('minidock0', {
    shortId: '0123456789ab',
    address: '172.18.0.2',
    ports: [{ hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' }],
  })[0]!;
  const all = saved(missingRules(network, '')).replace('-A POSTROUTING', `-A ${rule}\n-A POSTROUTING`);
  const flushed = all.replace(/^-A OUTPUT .*\n/m, '');
  assert.is(missingRules(network, flushed), '*nat\n-A OUTPUT -m addrtype --dst-type LOCAL -j MINIDOCK\nCOMMIT\n');
});

test('chains fit into the 28 characters of the kernel and differ by bridge', () => {
  const names = [network, other].flatMap(({ bridge }) => {
    const { forward, user, raw, internal, ...rest } = chainsOf(bridge);
    return Object.values(rest);
  });
  assert.is(new Set(names).size, names.length);
  assert.ok(names.every(name => name.length <= 28));
});

test('removing one bridge leaves the other and the chain that they share', () => {
  const one = saved(missingRules(network, ''));
  const both = one.replace(
    '-A MINIDOCK-FORWARD -j MINIDOCK-OUT',
    '-A MINIDOCK-FORWARD -j MINIDOCK-OUT\n-A MINIDOCK-FORWARD -j MINIDOCK-bridge-15-bytes-IN',
  );
  assert.not.match(removalRules(network, both), /-X MINIDOCK-FORWARD/);
  const last = removalRules(network, one);
  assert.match(last, /^-D FORWARD -j MINIDOCK-FORWARD$/m);
  assert.match(last, /^-X MINIDOCK-FORWARD$/m);
  assert.not.match(last, /bridge-15/);
  assert.is(removalRules(network, ''), '');
});

test('a jump that stands there more than once is one again, where the first was', () => {
  const all = saved(missingRules(network, ''));
  const [jump, own] = ['-A FORWARD -j MINIDOCK-FORWARD', '-A MINIDOCK-FORWARD -j MINIDOCK-IN'];
  const twice = all
    .replace(jump, `-A FORWARD -j ADMIN\n${jump}\n${jump}\n-A FORWARD -j ADMIN\n${jump}`)
    .replace(own, `${own}\n${own}`)
    .replace('-A MINIDOCK-FORWARD -j MINIDOCK-OUT', match => `${match}\n${match}`);
  assert.equal(missingRules(network, twice).split('\n').slice(1, -2), [
    ...['-D MINIDOCK-FORWARD -j MINIDOCK-IN', '-D MINIDOCK-FORWARD -j MINIDOCK-IN'],
    '-I MINIDOCK-FORWARD 2 -j MINIDOCK-IN',
    ...['-D MINIDOCK-FORWARD -j MINIDOCK-OUT', '-D MINIDOCK-FORWARD -j MINIDOCK-OUT'],
    '-I MINIDOCK-FORWARD 3 -j MINIDOCK-OUT',
    ...['-D FORWARD -j MINIDOCK-FORWARD', '-D FORWARD -j MINIDOCK-FORWARD', '-D FORWARD -j MINIDOCK-FORWARD'],
    '-I FORWARD 2 -j MINIDOCK-FORWARD',
  ]);
  const removed = removalRules(network, twice);
  assert.is(removed.match(/^-D FORWARD -j MINIDOCK-FORWARD$/gm)?.length, 3);
  // What it holds was read; what was not read must not go with it.
  assert.not.match(removed, /-F MINIDOCK-FORWARD/);
});

test('the chain of the administrator comes first and is never emptied', () => {
  const all = saved(missingRules(network, ''));
  const own = all.replace('-A FORWARD', '-A MINIDOCK-USER -s 192.0.2.1/32 -j DROP\n-A FORWARD');
  assert.is(missingRules(network, own), '');
  const second = missingRules(other, own);
  assert.match(
    second,
    /-I MINIDOCK-FORWARD 1 -j MINIDOCK-bridge-15-bytes-IN\n[\s\S]*-I MINIDOCK-FORWARD 1 -j MINIDOCK-USER\n/,
  );
  assert.not.match(second, /(:|-N )MINIDOCK-USER/);
  const moved = all
    .replace('-A MINIDOCK-FORWARD -j MINIDOCK-USER\n', '')
    .replace('-A FORWARD', '-A MINIDOCK-FORWARD -j MINIDOCK-USER\n-A FORWARD');
  assert.is(
    missingRules(network, moved),
    '*filter\n-D MINIDOCK-FORWARD -j MINIDOCK-USER\n-I MINIDOCK-FORWARD 1 -j MINIDOCK-USER\nCOMMIT\n',
  );
  assert.match(removalRules(network, all), /^-X MINIDOCK-USER$/m);
  assert.not.match(removalRules(network, own), /-[XF] MINIDOCK-USER$/m);
});

test('before the rules by which Docker lets its containers out, and after those of anybody else', () => {
  const all = saved(missingRules(network, ''));
  const late = all.replace(
    '-A FORWARD',
    '-A FORWARD -j ADMIN\n-A FORWARD -j DOCKER-USER\n-A FORWARD -i docker0 ! -o docker0 -j ACCEPT\n-A FORWARD',
  );
  assert.is(
    missingRules(network, late),
    '*filter\n-D FORWARD -j MINIDOCK-FORWARD\n-I FORWARD 3 -j MINIDOCK-FORWARD\nCOMMIT\n',
  );
  assert.is(missingRules(network, all.replace('-A FORWARD', '-A FORWARD -i br0 -o eth0 -j ACCEPT\n-A FORWARD')), '');
});

test('a port of one address matches that address, others match all', () => {
  const ports = [
    { hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
    { hostIp: '127.0.0.1', hostPort: 5353, containerPort: 53, protocol: 'udp' },
  ] as const;
  assert.equal(portRules('minidock0', { shortId: '0123456789ab', address: '172.18.0.2', ports }), [
    'MINIDOCK -p tcp -m tcp --dport 8080 -m comment --comment minidock:0123456789ab -j DNAT --to-destination 172.18.0.2:80',
    'MINIDOCK -d 127.0.0.1/32 -p udp -m udp --dport 5353 -m comment --comment minidock:0123456789ab -j DNAT --to-destination 172.18.0.2:53',
  ]);
});

test("a container's rules are found by its comment, quoted or not, and no one else's", () => {
  const rule = (comment: string, chain = 'MINIDOCK') => `-A ${chain} -p tcp -m comment --comment ${comment} -j DNAT`;
  const mine = [rule('"minidock:0123456789ab"'), rule('minidock:0123456789ab')];
  const foreign = [rule('"minidock:0123456789abc"'), rule('minidock:a'), rule('minidock:0123456789ab', 'DOCKER')];
  assert.equal(rulesOf([...mine, ...foreign].join('\n'), 'minidock0', '0123456789ab'), mine);
});

test.run();
