import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test as uvuTest } from 'uvu';
import { guestKernel } from '../../scripts/vm/kernel.ts';

export const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where a program is: PATH, the sbin folders, then what the set-up unpacked into .cache/tools. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  folders.push(join(checkout, '.cache/tools/usr/bin'));
  return folders
    .filter(folder => folder !== '')
    .map(folder => join(folder, name))
    .find(path => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

let client: { path: string | undefined } | undefined;

/** Docker's client of the series whose behaviour is ours to have; newer ones print other words. Looked for once: it is started to ask. */
export function docker2010(): string | undefined {
  const candidates = [findProgram('docker'), '/usr/bin/docker'].filter(path => path !== undefined);
  const isOurs = (path: string) =>
    /^Docker version 20\.10\./.test(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout ?? '');
  client ??= { path: candidates.find(isOurs) };
  return client.path;
}

/** A probe answers undefined when the requirement is met, else the reason why not. */
type Probe = () => string | undefined;

const program =
  (name: string): Probe =>
  () =>
    findProgram(name) ? undefined : `${name} is not installed`;

const succeeds =
  (command: string, args: string[], reason: string): Probe =>
  () => {
    const path = findProgram(command);
    if (!path) return `${command} is not installed`;
    return spawnSync(path, args, { timeout: 10_000 }).status === 0 ? undefined : reason;
  };

const mountinfo = () => readFileSync('/proc/self/mountinfo', 'utf8');

const probes: Record<string, Probe> = {
  root: () => {
    if (process.geteuid?.() !== 0) return 'not root';
    const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
    return BigInt(`0x${effective}`) & (1n << 21n) ? undefined : 'root without CAP_SYS_ADMIN';
  },
  overlayfs: () => (/\toverlay$/m.test(readFileSync('/proc/filesystems', 'utf8')) ? undefined : 'no overlayfs'),
  cgroup1: () => (/ - cgroup .*\bmemory\b/.test(mountinfo()) ? undefined : 'no cgroup v1 memory hierarchy'),
  cgroup2: () => (existsSync('/sys/fs/cgroup/cgroup.controllers') ? undefined : 'no pure cgroup v2 hierarchy'),
  strace: succeeds('strace', ['-o', '/dev/null', 'true'], 'ptrace is not permitted'),
  iptables: succeeds('iptables', ['-w', '-t', 'nat', '-S'], 'the nat table cannot be read'),
  unshare: succeeds('unshare', ['-m', 'true'], 'mount namespaces cannot be made'),
  'user-namespaces': succeeds('unshare', ['-U', 'true'], 'user namespaces cannot be made'),
  'readable-checkout': succeeds(
    'setpriv',
    ['--reuid', '65534', '--clear-groups', 'test', '-r', join(checkout, 'package.json')],
    'other users may not read this folder',
  ),
  'python3-docker': () =>
    existsSync('/usr/lib/python3/dist-packages/docker/__init__.py') ? undefined : 'python3-docker is not installed',
  'docker-20.10': () => (docker2010() ? undefined : 'no client of Docker 20.10 is installed'),
  ipv6: () => (existsSync('/proc/sys/net/ipv6') ? undefined : 'no IPv6'),
  // For x64 alone: elsewhere it is that which is not met.
  'vm-kernel': () =>
    guestKernel() || process.arch !== 'x64'
      ? undefined
      : 'npm run test:vm has not fetched a kernel for virtual machines',
  arm64: () => (process.arch === 'arm64' ? undefined : `this is ${process.arch}`),
  x64: () => (process.arch === 'x64' ? undefined : `this is ${process.arch}`),
};
for (const name of [
  ...[
    'runc',
    'crun',
    'skopeo',
    'docker-registry',
    'curl',
    'debootstrap',
    'busybox',
    'tcpdump',
    'tshark',
    'ip',
    'nsenter',
    'setcap',
    'python3',
  ],
  ...[
    'mkfs.ext4',
    'docker',
    'dockerd',
    'podman',
    'buildah',
    'tmux',
    'script',
    'zsh',
    'fish',
    'gcc',
    'clang',
    'make',
    'apt-get',
    'hyperfine',
  ],
  ...[
    'bridge',
    'brctl',
    'gdb',
    'zstd',
    'xz',
    'bzip2',
    'lsattr',
    'git',
    'chromium',
    'openssl',
    'htpasswd',
    'qemu-system-x86_64',
    'qemu-aarch64-static',
    'aarch64-linux-gnu-gcc',
    'chroot',
    'npm',
    'ldd',
    'dig',
    'dnsmasq',
    'docker-compose',
    'systemd-analyze',
  ],
])
  probes[name] ??= program(name);

/**
 * What a machine may lack for which the gate has no remedy. The gate installs everything else, or is not where it belongs:
 * there a test that would be skipped for want of it fails.
 */
const ofTheMachine = ['arm64', 'x64', 'cgroup1', 'cgroup2', 'ipv6', 'user-namespaces', 'readable-checkout'];

/** Every requirement that has to be met in the gate. */
export const gateRequirements: readonly string[] = Object.keys(probes).filter(name => !ofTheMachine.includes(name));

const answers = new Map<string, string | undefined>();

/** Why a requirement is not met, or undefined. `kernel>=5.12` compares the running kernel. Throws on an unknown name. */
export function unmet(requirement: string): string | undefined {
  if (!answers.has(requirement)) answers.set(requirement, probe(requirement));
  return answers.get(requirement);
}

function probe(requirement: string): string | undefined {
  const kernel = /^kernel>=(\d+)\.(\d+)$/.exec(requirement);
  if (kernel) {
    const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
    const [wantMajor, wantMinor] = [Number(kernel[1]), Number(kernel[2])];
    return major > wantMajor || (major === wantMajor && minor >= wantMinor) ? undefined : `kernel ${release()}`;
  }
  const known = probes[requirement];
  if (!known) throw new Error(`unknown requirement "${requirement}": test/support/requires.ts has no probe for it`);
  return known();
}

type Handler = (context: never) => void | Promise<void>;

export interface KernelTest {
  (name: string, handler: Handler): void;
  skip(name: string, handler: Handler): void;
  only(name: string, handler: Handler): void;
  before: typeof uvuTest.before;
  after: typeof uvuTest.after;
  /** Runs what was registered, in this file's one suite; the same as uvu's `test.run()`. */
  run(): void;
}

/**
 * uvu's `test` for tests that need something of the machine:
 *
 *     const test = requires('root', 'overlayfs');
 *     test('a layer is mounted', async () => { … });
 *     requires('strace')('its calls are the program', async () => { … });   // one more need for one test
 *     test.run();
 *
 * Where something is missing the test is skipped, and its reason is printed and counted. The hooks `before` and `after`
 * are skipped with it. In the gate the test fails instead, if it is one of `gateRequirements` that is missing. An unknown
 * requirement throws, so the file fails.
 */
export function requires(...requirements: string[]): KernelTest {
  const missing = requirements.map(unmet).filter(reason => reason !== undefined);
  const owed =
    process.env.MINIDOCK_TEST_GATE === '1' ? gateRequirements.filter(name => requirements.includes(name)) : [];
  const mayNot = owed.flatMap(name => unmet(name) ?? []);
  const test = ((name, handler) => {
    if (missing.length === 0) uvuTest(name, handler as () => void);
    else if (mayNot.length > 0) fail(name, mayNot.join(', '));
    else skip(name, missing.join(', '));
  }) as KernelTest;
  test.skip = name => skip(name, 'switched off');
  test.only = (name, handler) =>
    missing.length === 0 ? uvuTest.only(name, handler as () => void) : test(name, handler);
  test.before = missing.length === 0 ? uvuTest.before : ignoreHooks;
  test.after = missing.length === 0 ? uvuTest.after : ignoreHooks;
  test.run = () => uvuTest.run();
  return test;
}

const ignoreHooks = Object.assign(() => {}, { each: () => {} }) as unknown as typeof uvuTest.before;

function fail(name: string, reason: string): void {
  uvuTest(name, () => {
    throw new Error(`the gate does not skip: ${reason}`);
  });
}

/** test/run.ts reads these lines; uvu alone counts skips without naming them. */
function skip(name: string, reason: string): void {
  process.stdout.write(`  skipped: ${name} (${reason})\n`);
  uvuTest.skip(name, () => {});
}
