import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { cgroupParent } from '../src/state/paths.ts';
import { eventually } from './support/eventually.ts';
import { holdings } from './support/leaks.ts';
import { checkout, requires } from './support/requires.ts';

const test = requires('root', 'overlayfs', 'iptables');

/** The demo without Docker Hub, as `npm run demo` runs it after its set-up. */
function demo() {
  return execa(process.execPath, ['--import', 'tsx', 'scripts/demo.ts'], {
    cwd: checkout,
    reject: false,
    stdin: 'ignore',
    all: true,
    timeout: 60_000,
    env: { MINIDOCK_DEMO_OFFLINE: '1', MINIDOCK_TEST_RUN: undefined },
  });
}

function nothingLeft(): void {
  assert.not(existsSync('/run/minidock-demo'));
  assert.not(existsSync('/sys/class/net/minidock-demo'));
  const { rules, mounts } = holdings();
  assert.equal(
    [...rules, ...mounts].filter(line => line.includes('minidock-demo')),
    [],
  );
  const parent = cgroupParent({ root: '/var/cache/minidock-demo/stand-in', execRoot: '' });
  assert.not(existsSync(`/sys/fs/cgroup/memory${parent}`));
}

test('the demo ends with the page, says that the image is a stand-in, and leaves nothing', async () => {
  const { all = '', exitCode } = await demo();
  assert.is(exitCode, 0, all);
  assert.match(all, /^making a stand-in .*\n.*STAND-IN is served/m, 'says what it does before it takes seconds');
  assert.match(all, /\$ minidock run -d -p \d+:80 nginx:alpine/);
  assert.match(all, /HTTP 200/);
  assert.match(all, /<h1>Welcome to nginx!<\/h1>/);
  assert.match(all, /stand-in made on this machine, not Docker Hub's/);
  assert.match(all, /veth pair .* eth0 \(index \d+, [0-9a-f:]+\) ↔ veth\w+ \(index \d+\)/);
  assert.match(all, /--dport \d+ .*-j DNAT --to-destination [\d.]+:80/);
  for (const type of ['pid', 'mnt', 'net', 'uts', 'ipc']) {
    const [, host, container] = new RegExp(`^ +${type} +(\\d+) +(\\d+)$`, 'm').exec(all) ?? [];
    assert.ok(host && container && host !== container, `${type}: ${host} ${container}`);
  }
  nothingLeft();
});

test('where 8080 is taken the next port serves, and the holder is named', async () => {
  const holder = createServer();
  // An error means that somebody else holds it already: as good.
  await new Promise(resolve => holder.once('error', resolve).listen(8080, () => resolve(undefined)));
  try {
    const { all = '', exitCode } = await demo();
    assert.is(exitCode, 0, all);
    assert.match(all, /port 8080 is taken by .+ \(process \d+\); using 8\d\d\d/);
    assert.match(all, /HTTP 200/);
  } finally {
    holder.close();
  }
});

for (const [when, pattern] of [
  ['while the container starts', /\$ minidock run/],
  ['once it runs', /\n[0-9a-f]{64}\n/],
] as const)
  test(`SIGINT ${when} leaves nothing`, async () => {
    const running = demo();
    let output = '';
    running.all?.on('data', chunk => {
      output += chunk;
    });
    await eventually(() => pattern.test(output), 20);
    running.kill('SIGINT');
    const { exitCode } = await running;
    assert.is(exitCode, 130, output);
    nothingLeft();
  });

test.run();
