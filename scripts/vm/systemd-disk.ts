import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../images/cache.ts';
import { aptSource } from '../images/debian.ts';
import { must } from '../images/layout.ts';
import { put as write } from '../images/tree.ts';
import { type Extras, guestAgent, guestCheckout, put, putAgent, putCheckout, putModules } from './disk.ts';
import type { GuestKernel } from './kernel.ts';

/** What a server has besides minbase: devices and network are systemd's, rules are iptables'. */
const packages = ['systemd-sysv', 'udev', 'kmod', 'iptables', 'iproute2', 'libstdc++6'];

/**
 * An ext4 file system in `file` with the Debian that this machine's apt knows, as debootstrap makes it, its own systemd as the first
 * process, node and this checkout as it is built. minidock's units are in contrib/ of the checkout there: nothing is enabled.
 */
export function makeSystemdDisk(
  file: string,
  scratch: string,
  kernel: GuestKernel,
  busybox: string,
  extras: Extras,
): void {
  must('tar', ['-xpf', debianWithSystemd(), '-C', scratch, '--numeric-owner']);
  put(scratch, '/usr/local/bin/node', process.execPath);
  putCheckout(scratch);
  put(scratch, join(guestCheckout, 'contrib'), join(checkout, 'contrib'));
  symlinkSync(join(guestCheckout, 'bin/minidock'), join(scratch, 'usr/local/bin/minidock'));
  for (const [path, source] of Object.entries(extras)) put(scratch, path, source);
  putModules(scratch, kernel, busybox);
  // Udev reads an index that busybox's depmod does not write.
  must('chroot', [scratch, '/sbin/depmod', kernel.release]);
  settings(scratch);
  must('mke2fs', ['-q', '-t', 'ext4', '-E', 'lazy_itable_init=1,lazy_journal_init=1', '-d', scratch, file, '3G']);
}

/** Made by debootstrap once and kept: a minute or two. */
function debianWithSystemd(): string {
  const cache = join(checkout, '.cache/vm');
  const { mirror, suite } = aptSource();
  const file = join(cache, `systemd-${suite}-${packages.length}.tar`);
  if (existsSync(file)) return file;
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(join(cache, 'systemd-'));
  try {
    const tree = join(scratch, 'tree');
    const isolate = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
    const include = ['--variant=minbase', `--include=${packages.join(',')}`];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
    must('unshare', [...isolate, 'debootstrap', ...include, suite, tree, mirror], { env });
    for (const path of ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/locale', 'usr/share/man'])
      rmSync(join(tree, path), { recursive: true, force: true });
    for (const path of ['proc', 'sys', 'dev', 'run'])
      for (const name of readdirSync(join(tree, path))) rmSync(join(tree, path, name), { recursive: true });
    must('tar', ['-cpf', join(scratch, 'tar'), '-C', tree, '--numeric-owner', '.']);
    renameSync(join(scratch, 'tar'), file);
    return file;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The card that qemu gives; links of containers have other drivers, and are not networkd's. */
const network = `[Match]
Driver=virtio_net

[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
`;

const agent = `[Unit]
Description=What the test says
After=minidock.service network-online.target
Wants=network-online.target

[Service]
ExecStart=/bin/sh ${guestAgent}

[Install]
WantedBy=multi-user.target
`;

function settings(tree: string): void {
  putAgent(tree);
  const enabled = join(tree, 'etc/systemd/system/multi-user.target.wants');
  write(tree, 'etc/systemd/system/agent.service', agent);
  symlinkSync('/etc/systemd/system/agent.service', join(enabled, 'agent.service'));
  write(tree, 'etc/systemd/network/card.network', network);
  must('systemctl', ['--root', tree, 'enable', '--quiet', 'systemd-networkd', 'systemd-networkd-wait-online']);
  write(tree, 'etc/hostname', 'guest\n');
  // One that is empty makes systemd ask questions at the first boot.
  write(tree, 'etc/machine-id', `${'6d'.repeat(16)}\n`);
}
