import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { checkout } from '../images/cache.ts';
import { must } from '../images/layout.ts';
import type { GuestKernel } from './kernel.ts';

const guestFiles = join(checkout, 'scripts/vm/guest');
/** Where the checkout is in the guest. */
export const guestCheckout = '/opt/minidock';
export const guestAgent = '/opt/agent.sh';

/** To reach a disk: each after those that it needs. */
const diskModules = [
  'drivers/virtio/virtio_ring',
  'drivers/virtio/virtio',
  'drivers/virtio/virtio_pci_legacy_dev',
  'drivers/virtio/virtio_pci_modern_dev',
  'drivers/virtio/virtio_pci',
  'drivers/block/virtio_blk',
];
/** What the guest's modprobe finds on the disk. */
const systemModules = [
  ...['net/netfilter', 'net/ipv4', 'net/ipv6', 'net/bridge', 'net/802', 'net/llc', 'net/core', 'fs/overlayfs'],
  ...['lib', 'crypto', 'drivers/net/tun', 'drivers/net/veth', 'drivers/net/virtio_net', 'drivers/net/net_failover'],
];

/** The initramfs, as a cpio archive in `file`; `scratch` is an empty folder for it. */
export function makeInitramfs(file: string, scratch: string, kernel: GuestKernel, busybox: string): void {
  for (const folder of ['bin', 'dev', 'root', 'modules']) mkdirSync(join(scratch, folder), { recursive: true });
  copyFileSync(busybox, join(scratch, 'bin/busybox'));
  chmodSync(join(scratch, 'bin/busybox'), 0o755);
  copyFileSync(join(guestFiles, 'initramfs.sh'), join(scratch, 'init'));
  chmodSync(join(scratch, 'init'), 0o755);
  for (const name of diskModules) copyModule(join(kernel.modules, 'kernel', name), join(scratch, 'modules'));
  writeFileSync(join(scratch, 'modules/order'), diskModules.map(name => `${basename(name)}\n`).join(''));
  must('sh', ['-c', `find . | "$1" cpio -o -H newc > "$2"`, 'sh', busybox, file], { cwd: scratch });
}

/** A module, whatever its package compressed it with, uncompressed into `folder`. */
function copyModule(path: string, folder: string): void {
  const name = `${basename(path)}.ko`;
  if (existsSync(`${path}.ko`)) copyFileSync(`${path}.ko`, join(folder, name));
  else must('sh', ['-c', 'xz -dc "$1" > "$2"', 'sh', `${path}.ko.xz`, join(folder, name)]);
}

/** What is on the disk besides the system: a file or folder of the host by its path in the guest. */
export type Extras = Readonly<Record<string, string>>;

/** What is on a disk besides kernel modules and this checkout. */
export interface DiskContents {
  readonly busybox: string;
  /** Programs of this host besides node, iptables and unshare. */
  readonly programs?: readonly string[];
  readonly extras: Extras;
}

/** An ext4 file system in `file` with busybox, node, iptables and this checkout as it is built; `scratch` is an empty folder. */
export function makeDisk(
  file: string,
  scratch: string,
  kernel: GuestKernel,
  { busybox, programs = [], extras }: DiskContents,
): void {
  for (const folder of ['bin', 'dev', 'etc', 'opt', 'proc', 'root', 'run', 'sbin', 'sys', 'tmp', 'usr/sbin', 'var'])
    mkdirSync(join(scratch, folder), { recursive: true });
  put(scratch, '/bin/busybox', busybox);
  // Busybox's own knows no cgroup namespace.
  for (const applet of must(busybox, ['--list']).split('\n').filter(Boolean))
    if (applet !== 'busybox' && applet !== 'unshare')
      linkSync(join(scratch, 'bin/busybox'), join(scratch, 'bin', applet));
  symlinkSync('../bin/busybox', join(scratch, 'sbin/modprobe'));
  put(scratch, '/sbin/init', join(guestFiles, 'init.sh'));
  chmodSync(join(scratch, 'sbin/init'), 0o755);
  putAgent(scratch);
  writeFileSync(join(scratch, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(scratch, 'etc/group'), 'root:x:0:\n');
  writeFileSync(join(scratch, 'etc/hosts'), '127.0.0.1 localhost\n');
  for (const program of ['node', 'iptables', 'unshare', ...programs]) putProgram(scratch, program);
  putCheckout(scratch);
  for (const [path, source] of Object.entries(extras)) put(scratch, path, source);
  putModules(scratch, kernel, busybox);
  must('mke2fs', ['-q', '-t', 'ext4', '-O', '^has_journal', '-E', 'lazy_itable_init=1', '-d', scratch, file, '2G']);
}

export function put(root: string, path: string, source: string): void {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(source, target, { recursive: true, dereference: true, mode: constants.COPYFILE_FICLONE });
}

/** This checkout as it is built. */
export function putCheckout(root: string): void {
  for (const name of ['bin', 'dist', 'native/build', 'package.json'])
    put(root, join(guestCheckout, name), join(checkout, name));
}

/** The script that does what comes over the serial port: `guestAgent`. */
export function putAgent(root: string): void {
  put(root, guestAgent, join(guestFiles, 'agent.sh'));
}

/** A program of the host with the libraries that it is linked with, and what it loads later. */
function putProgram(root: string, name: string): void {
  const path = must('sh', ['-c', 'PATH=$PATH:/usr/sbin:/sbin; command -v "$1"', 'sh', name]).trim();
  const program = name === 'node' ? process.execPath : realpathSync(path);
  put(root, program, program);
  for (const [library] of must('ldd', [program]).matchAll(/\/\S+/g)) put(root, library, library);
  if (name !== 'iptables') {
    if (basename(program) !== name) symlinkSync(program, join(root, 'usr/sbin', name));
    return;
  }
  for (const alias of ['iptables', 'iptables-save', 'iptables-restore'])
    symlinkSync(program, join(root, 'usr/sbin', alias));
  const [extensions] = readFileSync(program, 'latin1').match(/\/usr\/[\w/-]+\/xtables\b/) ?? [];
  const folder = extensions ?? must('sh', ['-c', 'ls -d /usr/lib/*/xtables']).trim();
  put(root, folder, folder);
}

export function putModules(root: string, { modules, release }: GuestKernel, busybox: string): void {
  const target = join('/lib/modules', release);
  for (const name of systemModules) {
    const source = join(modules, 'kernel', name);
    if (existsSync(source)) put(root, join(target, 'kernel', name), source);
    else {
      mkdirSync(dirname(join(root, target, 'kernel', name)), { recursive: true });
      copyModule(source, dirname(join(root, target, 'kernel', name)));
    }
  }
  for (const name of readdirSync(modules))
    if (name.startsWith('modules.')) put(root, join(target, name), join(modules, name));
  must(busybox, ['depmod', '-b', root, release]);
}
