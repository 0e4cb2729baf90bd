// @long lab 6 is done once on a machine of each kind
import { spawnSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import { checkout, requires } from '../test/support/requires.ts';

/**
 * Lab 6 on hosts that differ in their firewall, whatever this one is: each is a network namespace of its own, with the /sys that belongs to it,
 * in which labs.test.ts works through sheet and key.
 */
const test = requires('root', 'overlayfs', 'iptables', 'busybox', 'ip', 'nsenter', 'unshare');

const switchFile = '/proc/sys/net/bridge/bridge-nf-call-iptables';
// Where the module is not loaded no host sees bridged packets, and older kernels have one switch for all namespaces.
const isSwitched = spawnSync('unshare', ['--net', 'test', '-e', switchFile]).status === 0;

/** Without `forwarding` the engine switches it on, and sets the policy DROP. The line of FORWARD at the end tells what the policy has met. */
const hosts = [
  {
    name: 'a fresh host beside Docker drops what is bridged',
    forwarding: 0,
    bridged: 1,
    forward: /^:FORWARD DROP \[[1-9]/m,
  },
  {
    name: 'a host that was a router before accepts it',
    forwarding: 1,
    bridged: 1,
    forward: /^:FORWARD ACCEPT \[[1-9]/m,
  },
  { name: 'a fresh host without Docker is not asked', forwarding: 0, bridged: 0, forward: /^:FORWARD DROP \[0:0\]/m },
];

for (const { name, forwarding, bridged, forward } of hosts.filter(one => isSwitched || one.bridged === 0))
  test(name, () => {
    const script = `
      mount --rbind /sys/fs/cgroup /mnt; mount -t sysfs sysfs /sys; mount --rbind /mnt /sys/fs/cgroup; umount -R -l /mnt
      ip link set lo up; iptables -P FORWARD ACCEPT; echo ${forwarding} > /proc/sys/net/ipv4/ip_forward
      [ ! -e ${switchFile} ] || echo ${bridged} > ${switchFile}
      "$@" >&2; iptables-save -c -t filter`;
    const { status, stdout, stderr } = spawnSync(
      'unshare',
      ['--net', '--mount', 'sh', '-ec', script, 'sh', process.execPath, '--import', 'tsx', 'labs/labs.test.ts'],
      { cwd: checkout, env: { ...process.env, MINIDOCK_LAB: '06' }, encoding: 'utf8', timeout: 180_000 },
    );
    assert.is(status, 0, stderr);
    assert.match(stdout, forward);
    assert.not.match(stdout, /^-A FORWARD .*-j ACCEPT/m);
  });

test.run();
