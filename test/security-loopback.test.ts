// @long it waits for packets that do not arrive
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from './support/cleanup.ts';

import { type PrivateHost, privateHost } from './support/private-host.ts';
import { findProgram, requires, unmet } from './support/requires.ts';

/**
 * The host's own loopback, which the localhost of published ports opens a way to (CVE-2020-8558), while somebody flushes the
 * rules that close it. The whole engine, on a host of its own, over both backends of iptables.
 */
const needs = ['root', 'busybox', 'overlayfs', 'iptables', 'ip', 'nsenter', 'unshare', 'curl'];
const backends = ['nft', 'legacy'].filter(name => findProgram(`iptables-${name}-save`) !== undefined);

if (needs.map(unmet).some(reason => reason !== undefined) || backends.length === 0) {
  const test = requires(...needs);
  test('the loopback of the host', () => {});
  test.run();
} else for (const backend of backends) attacks(backend);

function attacks(backend: string): void {
  const test = suite(`iptables-${backend}`);
  const iptables = `iptables-${backend} -w`;
  let host: PrivateHost;

  test.before(async () => {
    host = await privateHost({ backend });
    await host.serve('tcp', 9000, 'private', '127.0.0.1');
  });
  test.after.each(() => host.removeAll());
  test.after(() => host.end());

  /** What a container gets that sends packets for 127.0.0.1 to its gateway. */
  const reachLoopback = (id: string) => {
    const [pid, gateway] = host.minidock('inspect', '-f', '{{.State.Pid}} {{.NetworkSettings.Gateway}}', id).split(' ');
    return host.sh(`nsenter -t ${pid} -n sh -c '
      echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet
      ip addr flush dev lo; ip route replace 127.0.0.1/32 via ${gateway}
      curl -sS -m 1 telnet://127.0.0.1:9000 </dev/null
      ip route del 127.0.0.1/32; ip addr add 127.0.0.1/8 dev lo' 2>&1 || true`);
  };
  const page = (port: number) => host.sh(`curl -s -m 2 http://127.0.0.1:${port}/ || echo "curl: $?"`);
  const rules = (options = '') => host.sh(`iptables-${backend}-save ${options} | grep -v '^[#:]'`);
  const server = 'mkdir /srv; echo page > /srv/index.html; exec httpd -f -p 80 -h /srv';
  const web = (port: number) => {
    const id = host.minidock('run', '-d', '-p', `${port}:80`, 'bb', 'sh', '-c', server);
    host.minidock('exec', id, 'sh', '-c', 'until wget -q -O /dev/null http://127.0.0.1/; do sleep 0.05; done');
    return id;
  };

  for (const flush of [
    ['-F'],
    ['-t raw -F'],
    ['-t raw -F', '-t raw -X'],
    ['-t nat -F'],
    ['-t nat -F', '-t raw -F', '-F', '-X'],
  ])
    test(`after iptables ${flush.join(' and ')} the next start puts all rules back, published ports included`, () => {
      const id = web(8080);
      const before = rules();
      assert.not.match(reachLoopback(id), /private/);
      assert.is(page(8080), 'page');
      host.sh(flush.map(one => `${iptables} ${one}`).join('; '));
      if (flush.includes('-t raw -F')) assert.match(reachLoopback(id), /private/, 'the attack of this test is one');
      host.minidock('run', '--rm', 'bb', 'true');
      assert.not.match(reachLoopback(id), /private/);
      assert.is(page(8080), 'page');
      assert.equal(rules().split('\n').sort(), before.split('\n').sort());
      host.minidock('rm', '-f', id);
      assert.not.match(rules(), new RegExp(id.slice(0, 12)));
    });

  test('a port is published though its chain has just vanished, and no rule of one that ended comes back', () => {
    const ended = web(8080);
    host.sh(`${iptables} -t nat -F; ${iptables} -t nat -X`);
    host.minidock('stop', '-t', '0', ended);
    const id = web(8081);
    assert.is(page(8081), 'page');
    assert.match(rules(), new RegExp(id.slice(0, 12)));
    assert.not.match(rules(), new RegExp(ended.slice(0, 12)));
    host.minidock('rm', '-f', ended, id);
  });

  test('where all is well nothing is mended: counters of rules that are made anew are 0', () => {
    const dropped = () => rules('-c -t raw');
    const id = web(8080);
    reachLoopback(id);
    const before = dropped();
    assert.match(before, /^\[[1-9]\d*:\d+\] -A MINIDOCK\S* -d 127/m);
    host.minidock('run', '--rm', 'bb', 'true');
    host.minidock('run', '--rm', '-p', '8081:80', 'bb', 'true');
    assert.is(dropped(), before);
  });

  if (unmet('strace') === undefined)
    test('where nobody has changed a rule of nf_tables no program is started to look at them', () => {
      const trace = join(temporaryFolder('trace'), 'trace');
      const started = (...flags: string[]) => {
        host.minidockUnder(
          ['strace', '-f', '-qq', '-o', trace, '-e', 'trace=execve'],
          'run',
          '--rm',
          ...flags,
          'bb',
          'true',
        );
        const calls = readFileSync(trace, 'utf8').matchAll(/execve\("[^"]*\/(iptables-\w+)"/g);
        return [...calls].map(([, name]) => name).sort();
      };
      const [look, change] = ['iptables-save', 'iptables-restore'];
      const usual = backend === 'nft' ? [] : [look];
      for (let round = 0; round < 2; round++) started();
      assert.equal(started(), usual);
      for (let round = 0; round < 2; round++)
        assert.equal(started('-p', '8080:80'), [change, change, ...usual], 'our own changes are counted');
      assert.equal(started(), usual);
      host.sh(`${iptables} -t nat -N foreign`);
      assert.equal(started(), [look], 'a change of others is noticed');
      assert.equal(started(), usual);
    });

  test.run();
}
