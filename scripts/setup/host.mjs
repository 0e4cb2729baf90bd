import { existsSync, readFileSync } from 'node:fs';
import { which } from './exec.mjs';
import { SetupError } from './say.mjs';

/** Checks of the machine that no package can mend. Each throws a `SetupError`. */
export function checkPlatform() {
  const major = Number(process.versions.node.split('.')[0]);
  if (process.platform !== 'linux')
    throw new SetupError(
      `minidock makes Linux containers; this is ${process.platform}`,
      'run it in the VM: see labs/vm',
    );
  if (major < 20)
    throw new SetupError(`Node ${process.versions.node} is too old: 20 or newer is needed`, 'see https://nodejs.org/');
  if (process.arch !== 'x64' && process.arch !== 'arm64')
    throw new SetupError(`no syscall numbers for ${process.arch}: x64 and arm64 are known`);
}

/** Namespaces and mounts need root with its capabilities. `command` is what the user typed, for the remedy. */
export function checkRoot(command) {
  if (process.geteuid() !== 0)
    throw new SetupError(
      `${command} needs root: namespaces, mounts and iptables are root's`,
      `sudo env "PATH=$PATH" ${command}`,
    );
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]}`);
  const needed = { CAP_SYS_ADMIN: 21n, CAP_NET_ADMIN: 12n, CAP_SYS_CHROOT: 18n, CAP_MKNOD: 27n };
  const missing = Object.keys(needed).filter(name => !(effective & (1n << needed[name])));
  if (missing.length > 0)
    throw new SetupError(
      `root lacks ${missing.join(', ')}: is this itself a container?`,
      'use a virtual machine, or a container started with --privileged',
    );
}

/** Namespaces, overlayfs and cgroups. Modules are loaded where modprobe can. */
export async function checkKernel(run) {
  for (const namespace of ['mnt', 'uts', 'ipc', 'pid', 'net'])
    if (!existsSync(`/proc/self/ns/${namespace}`))
      throw new SetupError(
        `this kernel has no ${namespace} namespaces`,
        existsSync('/proc/self') ? 'boot a kernel built with CONFIG_NAMESPACES' : 'mount -t proc proc /proc',
      );
  if (!hasFilesystem('overlay')) {
    if (which('modprobe')) await run('modprobe', ['overlay']);
    if (!hasFilesystem('overlay')) throw new SetupError('this kernel has no overlayfs', 'modprobe overlay');
  }
  if (!/ - cgroup2? /.test(readFileSync('/proc/self/mountinfo', 'utf8')))
    throw new SetupError('no cgroup hierarchy is mounted', 'mount -t cgroup2 cgroup2 /sys/fs/cgroup');
}

function hasFilesystem(name) {
  return new RegExp(`\\t${name}$`, 'm').test(readFileSync('/proc/filesystems', 'utf8'));
}
