// @mounts-nothing its subject is the network
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { type PrivateHost, privateHost } from './support/private-host.ts';
import { checkout, requires } from './support/requires.ts';

/** CVE-2020-13401: a container says that it is a router, and the host sends its traffic there. */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip', 'nsenter', 'unshare', 'gcc', 'ipv6');
let host: PrivateHost;
let tools: string;

test.before(async () => {
  tools = temporaryFolder('router');
  const source = join(checkout, 'test/router-advertisement.c');
  const built = spawnSync('gcc', ['-O1', '-static', '-Wall', '-o', join(tools, 'advertise'), source], {
    encoding: 'utf8',
  });
  assert.is(built.status, 0, built.stderr);
  host = await privateHost();
});
test.after.each(() => host.removeAll());
test.after(() => host.end());

/** Sends router advertisements as the container's root, with the capabilities that every container has. */
const advertise = () => host.minidock('run', '--rm', '-v', `${tools}:/tools:ro`, 'bb', '/tools/advertise', 'eth0');
const routes = () => host.sh('ip -6 route show default; ip -6 addr show scope global');
const bridgeSetting = (name: string) => `/proc/sys/net/ipv6/conf/${host.box.bridge}/${name}`;

test('a host takes no route and no address from a container', () => {
  assert.is(advertise(), 'sent');
  assert.is(routes(), '');
  assert.is(host.sh(`cat ${bridgeSetting('accept_ra')}`), '0');
});

test('where somebody lets the bridge take them, the next start mends it before the container can send', async () => {
  host.sh(`echo 1 > ${bridgeSetting('accept_ra')}`);
  assert.is(advertise(), 'sent');
  assert.is(routes(), '');
  assert.is(host.sh(`cat ${bridgeSetting('accept_ra')}`), '0');
});

test('the advertisements of this test are such that a host would take them', async () => {
  const id = host.minidock('run', '-d', '-v', `${tools}:/tools:ro`, 'bb', 'sleep', '1000');
  host.sh(`echo 1 > ${bridgeSetting('accept_ra')}`);
  assert.is(host.minidock('exec', id, '/tools/advertise', 'eth0'), 'sent');
  await eventually(() => assert.match(routes(), new RegExp(`default via fe80::bad dev ${host.box.bridge}`)));
  host.minidock('rm', '-f', id);
});

test('a container has no IPv6 address, not even a local one', () => {
  assert.not.match(host.minidock('run', '--rm', 'bb', 'ip', 'addr'), /inet6/);
});

test.run();
