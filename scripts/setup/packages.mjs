import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, which } from './exec.mjs';
import { SetupError, say } from './say.mjs';

/**
 * What each purpose needs from the system. `has` is a program on PATH or a file; `apt` and `yum` are package names
 * (absent: not to be had there, the tests that need it are skipped).
 */
const compiler = [
  { has: 'gcc', apt: 'gcc', yum: 'gcc', why: 'compiles native/' },
  { has: 'make', apt: 'make', yum: 'make', why: 'builds native/' },
  { has: '/usr/include/stdio.h', apt: 'libc6-dev', yum: 'glibc-devel', why: 'headers for native/' },
];
const engine = [{ has: 'iptables', apt: 'iptables', yum: 'iptables', why: 'published ports and masquerading' }];
const network = [{ has: 'ip', apt: 'iproute2', yum: 'iproute', why: 'shows links, addresses and routes' }];
const processes = [{ has: 'ps', apt: 'procps', yum: 'procps-ng', why: 'shows processes' }];
const busybox = { has: 'busybox', apt: 'busybox-static', yum: 'busybox', why: 'makes the small images of the labs' };
const curl = { has: 'curl', apt: 'curl', yum: 'curl', why: 'fetches published ports' };
const tcpdump = { has: 'tcpdump', apt: 'tcpdump', yum: 'tcpdump', why: 'sees packets pass' };
const proofs = [
  { has: 'runc', apt: 'runc', yum: 'runc', why: 'runs the same bundles, for comparison' },
  { has: 'strace', apt: 'strace', yum: 'strace', why: 'shows and injects syscalls' },
  { has: 'skopeo', apt: 'skopeo', yum: 'skopeo', why: 'pushes to and pulls from registries' },
  curl,
  { has: 'debootstrap', apt: 'debootstrap', why: 'builds the nginx image' },
  { ...busybox, why: 'makes the small test image' },
  tcpdump,
  { has: 'mkfs.ext4', apt: 'e2fsprogs', yum: 'e2fsprogs', why: 'makes a disk small enough to fill' },
  { has: 'unshare', apt: 'util-linux', yum: 'util-linux', why: 'runs the suite under shared mounts' },
  { has: 'zstd', apt: 'zstd', yum: 'zstd', why: 'compresses layers' },
  { has: 'xz', apt: 'xz-utils', yum: 'xz', why: 'compresses archives' },
  { has: 'bzip2', apt: 'bzip2', yum: 'bzip2', why: 'compresses archives' },
  { has: 'python3', apt: 'python3', yum: 'python3', why: 'measures the memory of a command' },
  { has: 'dig', apt: 'bind9-dnsutils', yum: 'bind-utils', why: 'asks for names' },
  { has: 'dnsmasq', apt: 'dnsmasq-base', yum: 'dnsmasq', why: 'is a name server of the world' },
  { has: 'setcap', apt: 'libcap2-bin', yum: 'libcap', why: 'sets file capabilities' },
];
/** Taken out of its package and not installed: its package would enable a service on this machine. */
const unpacked = [
  { has: 'docker-registry', apt: 'docker-registry', file: 'usr/bin/docker-registry', why: 'a registry to pull from' },
];
const hyperfine = [{ has: 'hyperfine', apt: 'hyperfine', why: 'measures' }];
const machine = [
  { has: 'qemu-system-x86_64', apt: 'qemu-system-x86', why: 'boots other kernels' },
  { has: 'mkfs.ext4', apt: 'e2fsprogs', yum: 'e2fsprogs', why: 'makes the disk of a virtual machine' },
  { has: 'busybox', apt: 'busybox-static', yum: 'busybox', why: 'is what a virtual machine starts with' },
  { has: 'unshare', apt: 'util-linux', yum: 'util-linux', why: 'makes namespaces in a virtual machine' },
  { has: 'xz', apt: 'xz-utils', yum: 'xz', why: 'unpacks the modules of a kernel' },
];
/** What makes the machine of `npm run vm`: scripts/vm/image/. */
const image = [
  { has: 'mmdebstrap', apt: 'mmdebstrap', why: 'installs Debian into a folder' },
  { has: 'mke2fs', apt: 'e2fsprogs', why: 'makes the file system of the machine' },
  { has: 'sfdisk', apt: 'fdisk', why: 'divides its disk' },
  { has: 'mformat', apt: 'mtools', why: 'makes the partition that it boots from' },
  { has: 'syslinux', apt: 'syslinux', why: 'boots it' },
  { has: '/usr/lib/syslinux/mbr/mbr.bin', apt: 'syslinux-common', why: 'boots it' },
  { has: 'qemu-img', apt: 'qemu-utils', why: 'packs the image' },
  { has: 'git', apt: 'git', why: 'says what belongs to this checkout' },
];
/** What judges us in the gate. On a user's machine a test that needs one of these is skipped where it is not installed. */
const peers = [
  { has: 'dockerd', apt: 'docker.io', why: 'the engine that ours is compared with' },
  { has: 'docker-compose', apt: 'docker-compose', why: 'a client of our API' },
  { has: 'podman', apt: 'podman', why: 'another engine' },
  { has: 'buildah', apt: 'buildah', why: 'builds images, for comparison' },
  { has: 'crun', apt: 'crun', why: 'runs the same bundles, for comparison' },
  { has: 'tshark', apt: 'tshark', why: 'takes packets apart' },
  machine[0],
  { has: 'aarch64-linux-gnu-gcc', apt: 'gcc-aarch64-linux-gnu', why: 'builds the shim for arm64' },
  { has: 'qemu-aarch64-static', apt: 'qemu-user-static', why: 'runs the shim for arm64' },
  { has: 'zsh', apt: 'zsh', why: 'completes commands' },
  { has: 'fish', apt: 'fish', why: 'completes commands' },
  { has: 'tmux', apt: 'tmux', why: 'terminals to type at' },
  { has: 'gdb', apt: 'gdb', why: 'stops processes where they are' },
  { has: 'clang', apt: 'clang', why: 'compiles native/ as well' },
  { has: 'openssl', apt: 'openssl', why: 'certificates for registries' },
  { has: 'htpasswd', apt: 'apache2-utils', why: 'passwords for registries' },
  { has: 'brctl', apt: 'bridge-utils', why: 'shows bridges' },
  { has: 'script', apt: 'bsdutils', why: 'terminals' },
  { has: 'chromium', apt: 'chromium', why: 'reads the handbook' },
  { has: 'git', apt: 'git', why: 'says what a run changed in the checkout' },
  { has: 'systemd-analyze', apt: 'systemd', why: 'judges the units of contrib/' },
  ...hyperfine,
];

const needs = {
  build: compiler,
  lesson: [...compiler, ...engine, ...network, ...processes],
  lab: [...compiler, ...engine, ...network, ...processes, busybox, curl, tcpdump],
  demo: [...compiler, ...engine],
  images: [...compiler, { ...busybox, why: 'becomes the image of its name' }],
  test: [...compiler, ...engine, ...network, ...processes, ...proofs, ...unpacked],
  vm: [...compiler, ...engine, ...machine],
  image: [...compiler, ...image, machine[0]],
  systemd: [...compiler, ...engine, ...machine, ...proofs.filter(need => need.has === 'debootstrap')],
  gate: [...compiler, ...engine, ...network, ...processes, ...proofs, ...unpacked, ...peers],
  bench: [...compiler, ...engine, ...hyperfine, ...proofs.filter(need => need.has === 'busybox'), ...unpacked],
};
export const purposes = Object.keys(needs);

/** Programs that a purpose finds after its set-up. */
export function programsFor(purpose) {
  return needs[purpose].map(need => need.has).filter(name => !name.startsWith('/'));
}

function present(need, cache) {
  if (need.has.startsWith('/')) return existsSync(need.has);
  return which(need.has) !== undefined || (need.file && existsSync(join(cache, 'tools', need.file)));
}

/** Installs what `purpose` needs and the machine lacks, after saying what and why. Quick when nothing is missing. */
export async function installPackages(purpose, cache) {
  const missing = needs[purpose].filter(need => !present(need, cache));
  if (missing.length === 0) return;
  const manager = which('apt-get') ? 'apt' : which('dnf') ? 'dnf' : which('yum') ? 'yum' : undefined;
  const kind = manager === 'apt' ? 'apt' : 'yum';
  const available = missing.filter(need => need[kind]);
  if (!manager)
    throw new SetupError(
      `${missing.map(need => need.has).join(', ')}: not found, and neither apt-get nor dnf nor yum is here to install it`,
      "install it with your system's package manager",
    );
  const install = available.filter(need => !need.file || kind !== 'apt').map(need => need[kind]);
  if (process.geteuid() !== 0 && available.length > 0)
    throw new SetupError(
      `missing: ${missing.map(need => need.has).join(', ')}`,
      `sudo ${manager === 'apt' ? 'apt-get' : manager} install ${install.join(' ')}`,
    );
  for (const need of missing)
    if (!need[kind]) say(`${need.has} (${need.why}) is not packaged here; what needs it is skipped`);

  if (install.length > 0) {
    say(`installing with ${manager}, because this machine lacks them:`);
    for (const need of available.filter(need => install.includes(need[kind])))
      say(`  ${need[kind].padEnd(16)} ${need.why}`);
    if (manager === 'apt') await withoutServices(() => apt(['install', '-y', '--no-install-recommends', ...install]));
    else await yum(manager, install);
  }
  if (kind === 'apt') for (const need of available.filter(need => need.file)) await unpack(need, cache);

  const still = available.filter(need => !present(need, cache));
  if (still.length > 0)
    throw new SetupError(
      `${still.map(need => need.has).join(', ')}: still not found after the installation`,
      `${manager === 'apt' ? 'apt-get install --reinstall' : `${manager} reinstall`} ${still.map(need => need[kind]).join(' ')}`,
    );
}

/**
 * Packages of daemons start them when they are installed, unless policy-rc.d says no (Debian's invoke-rc.d and
 * deb-systemd-invoke ask it). Nothing of ours needs a service that runs.
 */
async function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return await install();
  writeFileSync(policy, '#!/bin/sh\n# minidock installs packages and starts no service.\nexit 101\n', { mode: 0o755 });
  try {
    return await install();
  } finally {
    rmSync(policy, { force: true });
  }
}

const aptEnvironment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C', NEEDRESTART_MODE: 'l' };

/** apt-get, with an update first where there are no package lists, and a second try after one where there are old ones. */
export async function apt(args, cwd) {
  let updated = false;
  const update = async () => {
    updated = true;
    say('apt-get update');
    const result = await locked(['update', '-q']);
    if (result.code !== 0) throw aptFailed('apt-get update', result, 'apt-get update');
  };
  if (!hasPackageLists()) await update();
  let result = await locked(['-q', ...args], cwd);
  if (result.code !== 0 && !updated) {
    await update();
    result = await locked(['-q', ...args], cwd);
  }
  if (result.code !== 0) throw aptFailed(`apt-get ${args[0]}`, result, `apt-get update && apt-get ${args.join(' ')}`);
}

/** Waits for another apt or dpkg: up to two minutes for dpkg's lock (apt's own wait), as long for the lists' lock. */
async function locked(args, cwd) {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const all = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Dpkg::Use-Pty=0', ...args];
    const result = await run('apt-get', all, { env: aptEnvironment, shielded: true, cwd });
    if (result.code === 0 || Date.now() > deadline || !/Could not get lock|Unable to lock/.test(result.output))
      return result;
    say('another package manager holds the lock; waiting');
    await new Promise(resolve => setTimeout(resolve, 3000));
  }
}

function hasPackageLists() {
  try {
    return readdirSync('/var/lib/apt/lists').some(name => /_Packages(\.\w+)?$/.test(name));
  } catch {
    return false;
  }
}

function aptFailed(what, result, fix) {
  const lines = result.output.split('\n').filter(line => /^(E|Err|W):/.test(line));
  return new SetupError(
    `${what} failed (is the network up?)`,
    fix,
    lines.slice(-6).join('\n') || result.output.slice(-800),
  );
}

async function yum(manager, packages) {
  const result = await run(manager, ['install', '-y', ...packages], { shielded: true });
  if (result.code !== 0)
    throw new SetupError(
      `${manager} install failed (is the network up, and does the release still have mirrors?)`,
      `${manager} install -y ${packages.join(' ')}`,
      result.output.trim().split('\n').slice(-6).join('\n'),
    );
}

/** Takes one program out of its Debian package into the cache. */
async function unpack(need, cache) {
  say(`fetching ${need.apt} (${need.why}) into .cache/tools; it is unpacked, not installed`);
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(join(cache, 'unpack-'));
  try {
    await apt(['download', '-o', 'APT::Sandbox::User=root', need.apt], scratch);
    const archive = readdirSync(scratch).find(name => name.endsWith('.deb'));
    const tree = join(scratch, 'tree');
    const result = await run('dpkg-deb', ['-x', join(scratch, archive), tree]);
    if (result.code !== 0) throw new SetupError(`dpkg-deb could not unpack ${archive}`, undefined, result.output);
    const target = join(cache, 'tools', need.file);
    mkdirSync(join(target, '..'), { recursive: true });
    renameSync(join(tree, need.file), target);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
