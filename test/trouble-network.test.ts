// @long it waits for packets that do not arrive
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from './support/eventually.ts';
import { type PrivateHost, privateHost } from './support/private-host.ts';
import { findProgram, requires, unmet } from './support/requires.ts';

/** `network repair` after what other programs do to a host, over both backends of iptables. */
const needs = ['root', 'busybox', 'overlayfs', 'iptables', 'ip', 'nsenter', 'unshare', 'curl'];
const backends = ['nft', 'legacy'].filter(name => findProgram(`iptables-${name}-save`) !== undefined);

if (needs.map(unmet).some(reason => reason !== undefined) || backends.length === 0) {
  const test = requires(...needs);
  test('network repair', () => {});
  test.run();
} else for (const backend of backends) repairs(backend);

function repairs(backend: string): void {
  const test = suite(`iptables-${backend}`);
  const iptables = `iptables-${backend} -w`;
  let host: PrivateHost;

  test.before(async () => {
    host = await privateHost({ backend });
    assert.is(host.minidock('network', 'repair'), 'no network has been used yet: nothing to repair');
    host.minidock('network', 'create', 'own');
    for (const [name, port, network] of [
      ['web', '8080', 'bridge'],
      ['web2', '8081', 'own'],
    ] as const) {
      const server = `mkdir /srv; echo ${name} > /srv/index.html; exec httpd -f -p 80 -h /srv`;
      host.minidock('run', '-d', '--name', name, '--network', network, '-p', `${port}:80`, 'bb', 'sh', '-c', server);
      host.minidock('exec', name, 'sh', '-c', 'until wget -q -O /dev/null http://127.0.0.1/; do sleep 0.05; done');
    }
  });
  test.after(() => host.end());

  const pages = () => [8080, 8081].map(port => host.sh(`curl -s -m 3 http://127.0.0.1:${port}/ || echo "curl: $?"`));
  const rules = () => host.sh(`iptables-${backend}-save | grep -v '^[#:]'`).split('\n').sort();
  const cable = (name: string) => `veth${host.minidock('inspect', '-f', '{{.Id}}', name).slice(0, 7)}`;
  const bridgeOf = (name: string) => / master (\S+)/.exec(host.sh(`ip -o link show dev ${cable(name)}`))?.[1];

  test('all is right: it says so, and changes nothing', () => {
    const before = rules();
    assert.is(host.minidock('network', 'repair'), 'bridge: nothing was missing\nown: nothing was missing');
    assert.equal(rules(), before);
    assert.equal(pages(), ['web', 'web2']);
  });

  for (const [what, script, said] of [
    ['all rules', '$I -F; $I -t nat -F; $I -t raw -F', /^ {2}filter: -A FORWARD -j MINIDOCK-FORWARD$/m],
    [
      'all rules and chains',
      'for t in filter nat raw; do $I -t $t -F; $I -t $t -X; done',
      /^ {2}nat: chain MINIDOCK\S*$/m,
    ],
    [
      'one rule of a port',
      '$I -t nat -D $($S -t nat | grep "dport 8080" | sed "s/^-A //; s/\\"//g")',
      /^ {2}nat: -A MINIDOCK\S* -p tcp -m tcp --dport 8080 /m,
    ],
    ['forwarding', 'echo 0 > /proc/sys/net/ipv4/ip_forward', /^ {2}net\.ipv4\.ip_forward = 1$/m],
    ['a bridge', 'ip link del $B', /^ {2}bridge \S+$/m],
    ['a cable', 'ip link set $C nomaster', /^bridge: /m],
  ] as const)
    test(`gone: ${what}`, async () => {
      const before = rules();
      const bridge = bridgeOf('web');
      host.sh(`I="${iptables}"; B=${bridge}; C=${cable('web')}; S=iptables-${backend}-save; ${script}`);
      // What is for localhost is not forwarded.
      if (what !== 'forwarding') assert.is.not(pages()[0], 'web', 'this breaks it');
      assert.match(host.minidock('network', 'repair'), said);
      // The host goes on for a moment not to know the container's MAC address.
      await eventually(() => pages().join() === 'web,web2', 20);
      assert.equal(rules(), before);
      assert.is(bridgeOf('web'), bridge);
      assert.is(host.minidock('network', 'repair'), 'bridge: nothing was missing\nown: nothing was missing');
    });

  test('an interface that is gone is told', () => {
    host.sh(`ip link del ${cable('web')}`);
    assert.match(host.minidock('network', 'repair'), /^ {2}eth0 of web: gone with its cable; restart the container$/m);
    host.minidock('restart', '-t', '0', 'web');
    host.minidock('exec', 'web', 'sh', '-c', 'until wget -q -O /dev/null http://127.0.0.1/; do sleep 0.05; done');
    assert.equal(pages(), ['web', 'web2']);
  });

  test.run();
}
