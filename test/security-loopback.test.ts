import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { temporaryFolder } from './support/cleanup.ts';
import { minidockPath } from './support/minidock.ts';
import { type PrivateHost, privateHost } from './support/private-host.ts';
import { requires } from './support/requires.ts';

/**
 * The host's own loopback, which the localhost of published ports opens a way to (CVE-2020-8558), while somebody flushes the
 * rules that close it. The whole engine, on a host of its own.
 */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip', 'nsenter', 'unshare', 'curl');
let host: PrivateHost;

test.before(async () => {
  host = await privateHost();
  await host.serve('tcp', 9000, 'private', '127.0.0.1');
});
test.after.each(() => host.removeAll());
test.after(() => host.end());

/** What a container gets that sends packets for 127.0.0.1 to its gateway. */
function reachLoopback(id: string): string {
  const [pid, gateway] = host.minidock('inspect', '-f', '{{.State.Pid}} {{.NetworkSettings.Gateway}}', id).split(' ');
  return host.sh(`nsenter -t ${pid} -n sh -c '
    echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet
    ip addr flush dev lo; ip route replace 127.0.0.1/32 via ${gateway}
    curl -sS -m 1 telnet://127.0.0.1:9000 </dev/null
    ip route del 127.0.0.1/32; ip addr add 127.0.0.1/8 dev lo' 2>&1 || true`);
}

const page = (port: number) => host.sh(`curl -s -m 2 http://127.0.0.1:${port}/ || echo "curl: $?"`);
const server = 'mkdir /srv; echo page > /srv/index.html; exec httpd -f -p 80 -h /srv';
const rules = () => host.sh('iptables-save | grep -v "^[#:]"');

async function web(port: number): Promise<string> {
  const id = host.minidock('run', '-d', '-p', `${port}:80`, 'bb', 'sh', '-c', server);
  host.minidock('exec', id, 'sh', '-c', 'until wget -q -O /dev/null http://127.0.0.1/; do sleep 0.05; done');
  return id;
}

for (const flush of [
  'iptables -F',
  'iptables -t raw -F',
  'iptables -t raw -F; iptables -t raw -X',
  'iptables -t nat -F',
  'iptables -t nat -F; iptables -t nat -X; iptables -F; iptables -X; iptables -t raw -F',
])
  test(`after "${flush}" the next start of any container puts all rules back, published ports included`, async () => {
    const id = await web(8080);
    const before = rules();
    assert.not.match(reachLoopback(id), /private/);
    assert.is(page(8080), 'page');
    host.sh(flush);
    assert.is.not(rules(), before);
    if (flush.includes('raw')) assert.match(reachLoopback(id), /private/, 'the attack of this test is one');
    host.minidock('run', '--rm', 'bb', 'true');
    assert.not.match(reachLoopback(id), /private/);
    assert.is(page(8080), 'page');
    assert.equal(rules().split('\n').sort(), before.split('\n').sort());
    host.minidock('rm', '-f', id);
    assert.not.match(rules(), new RegExp(id.slice(0, 12)));
  });

test('a port is published though its chain has just vanished, and no rule of one that ended comes back', async () => {
  const ended = await web(8080);
  host.sh('iptables -t nat -F; iptables -t nat -X');
  host.minidock('stop', '-t', '0', ended);
  const id = await web(8081);
  assert.is(page(8081), 'page');
  assert.match(rules(), new RegExp(id.slice(0, 12)));
  assert.not.match(rules(), new RegExp(ended.slice(0, 12)));
  host.minidock('rm', '-f', ended, id);
});

requires('strace')(
  'where nobody has changed a rule no program is started to look at them, published ports or not',
  () => {
    const trace = join(temporaryFolder('trace'), 'trace');
    const started = (...flags: string[]) => {
      host.sh(`rm -f ${trace}`);
      const command = ['strace', '-f', '-qq', '-o', trace, '-e', 'trace=execve', minidockPath, 'run', '--rm', ...flags];
      host.sh(
        `${Object.entries(host.box.env)
          .map(one => one.join('='))
          .join(' ')} ${command.join(' ')} bb true`,
      );
      return [...readFileSync(trace, 'utf8').matchAll(/execve\("[^"]*\/(iptables-\w+)".* = 0$/gm)].map(
        found => found[1],
      );
    };
    const isCounted = host.sh('iptables-save').includes('(nf_tables)');
    const look = isCounted ? [] : ['iptables-save'];
    started();
    started();
    assert.equal(started(), look);
    const published = () => started('-p', '8080:80').sort();
    assert.equal(published(), [...look, 'iptables-restore', 'iptables-restore'].sort());
    assert.equal(published(), [...look, 'iptables-restore', 'iptables-restore'].sort());
    assert.equal(started(), look);
    host.sh('iptables -t nat -N foreign');
    assert.equal(started(), ['iptables-save'], 'a change of others is noticed');
    assert.equal(started(), look);
    host.sh('iptables -t nat -X foreign');
  },
);

test('a start that changes nothing of the network finds nothing to mend, and mends nothing', () => {
  host.minidock('run', '--rm', 'bb', 'true');
  const before = host.sh('iptables-save -c -t raw | grep "A MINIDOCK"');
  host.minidock('run', '--rm', 'bb', 'true');
  assert.is(host.sh('iptables-save -c -t raw | grep "A MINIDOCK"'), before, 'counters of rules made anew would be 0');
});

test.run();
