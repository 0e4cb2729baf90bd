import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { tryRemove } from '../src/cgroup/files.ts';
import { capabilities, capabilitySets, defaultCapabilities } from '../src/container/process/capabilities.ts';
import { AUDIT_ARCH, compileSeccomp, SECCOMP_RET } from '../src/container/seccomp/compile.ts';
import { i386Number } from '../src/container/seccomp/i386.ts';
import { runFilter } from '../src/container/seccomp/interpreter.ts';
import { defaultSeccomp } from '../src/container/seccomp/profile.ts';
import { seccomp } from '../src/container/seccomp/seccomp.ts';
import { readCgroupLayout } from '../src/host/cgroup-layout.ts';
import { hostFacts } from '../src/host/facts.ts';
import { call } from '../src/syscalls/calls.ts';
import { str, strings } from '../src/syscalls/data.ts';
import { launch } from '../src/syscalls/shim.ts';
import { program, type Step, slot } from '../src/syscalls/step.ts';
import { toMask } from '../src/syscalls/uapi/capabilities.ts';
import { signals } from '../src/syscalls/uapi/flags.ts';
import { syscallNumbers } from '../src/syscalls/uapi/numbers.ts';
import { endProcesses, onExit, sleepSync, temporaryFolder, testRun } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { checkout, findProgram, requires } from './support/requires.ts';

/**
 * The filter that the kernel holds for a container of runc's, of Docker's and of ours, asked about every system call.
 * They are read back from the kernel and run in the interpreter of src/container/seccomp: calling them all for real could
 * not tell the filter's EPERM from the kernel's own, and would end the prober.
 */
const test = requires('root', 'gcc', 'busybox');
const facts = hostFacts();
const profile = defaultSeccomp(defaultCapabilities, facts);

/** How a verdict of ours may differ, for which calls, and why. A difference that is not in here fails the test. */
type Explained = Record<string, Record<string, string>>;

const olderLibseccomp: Explained = {
  'ours allows, theirs says EPERM': { uretprobe: 'libseccomp 2.5 does not know the name' },
  'ours allows, theirs says ENOSYS': {
    ...since('6.8 to 6.13', 'statmount listmount mseal setxattrat getxattrat listxattrat removexattrat'),
  },
  'ours says EPERM, theirs says ENOSYS': since('6.8', 'lsm_get_self_attr lsm_set_self_attr lsm_list_modules'),
};
const olderDocker: Explained = {
  'ours allows, theirs says EPERM': {
    ...olderLibseccomp['ours allows, theirs says EPERM'],
    ...because(
      'moby allows them since',
      'name_to_handle_at pkey_alloc pkey_free pkey_mprotect process_vm_readv process_vm_writev',
    ),
  },
  'ours allows, theirs says ENOSYS': {
    ...olderLibseccomp['ours allows, theirs says ENOSYS'],
    ...since('6.5 to 6.7', 'cachestat fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue'),
  },
  'ours says EPERM, theirs says ENOSYS': {
    ...olderLibseccomp['ours says EPERM, theirs says ENOSYS'],
    ...since('5.17', 'set_mempolicy_home_node'),
  },
  'ours says ENOSYS, theirs allows': {
    ...because('it makes sockets of families that no filter sees', 'socketcall'),
  },
  'ours says EPERM, theirs allows': {
    ...because('moby 25 took io_uring out', 'io_uring_setup io_uring_enter io_uring_register'),
    ...because('moby lists the families that socket may make; 20.10 allows all', 'socket'),
  },
};

test('what the kernel holds for our container is what was compiled', async () => {
  const shim = launch(command([...seccomp(profile, facts)], ['/bin/sleep', '60']));
  await shim.executed;
  try {
    assert.equal(filterOf(shim.pid), Buffer.from(compileSeccomp(profile, facts.arch)));
  } finally {
    process.kill(shim.pid, 'SIGKILL');
    await shim.exited;
  }
});

requires(
  'root',
  'gcc',
  'busybox',
  'runc',
  'x64',
)('runc comes to the same verdicts by the same profile', async () => {
  const bundle = temporaryFolder('runc');
  const id = `minidock-test-${testRun}`;
  rootfs(join(bundle, 'rootfs'));
  execFileSync('runc', ['spec'], { cwd: bundle });
  const config = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'));
  Object.assign(config.process, { terminal: false, args: ['/bin/busybox', 'sleep', '60'], noNewPrivileges: false });
  Object.assign(config.linux, { seccomp: profile, cgroupsPath: `/${id}` });
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  const remove = onExit(() => execFileSync('runc', ['--root', join(bundle, 'state'), 'delete', '-f', id]));
  execFileSync('runc', ['--root', join(bundle, 'state'), 'run', '-d', '--pid-file', join(bundle, 'pid'), id], {
    cwd: bundle,
    stdio: 'ignore',
  });
  const theirs = filterOf(Number(readFileSync(join(bundle, 'pid'), 'utf8')));
  remove();
  compare(theirs, olderLibseccomp);
});

requires(
  'root',
  'gcc',
  'busybox',
  'dockerd',
  'docker',
  'x64',
)("Docker's own default profile, and what differs", async () => {
  const folder = temporaryFolder('dockerd');
  const cgroup = `minidock-test-${testRun}-docker`;
  const socket = join(folder, 's');
  onExit(() => removeGroups(cgroup));
  const daemon = spawn(
    findProgram('dockerd')!,
    [
      ...['--data-root', join(folder, 'd'), '--exec-root', join(folder, 'e'), '--pidfile', join(folder, 'p')],
      ...['-H', `unix://${socket}`, '--bridge=none', '--iptables=false', `--cgroup-parent=/${cgroup}`],
    ],
    { stdio: 'ignore' },
  );
  const stop = onExit(() => endProcesses([daemon.pid!]));
  try {
    const docker = (...args: string[]) =>
      execFileSync('docker', ['-H', `unix://${socket}`, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    await eventually(() => docker('version'), 30);
    rootfs(join(folder, 'rootfs'));
    execFileSync('tar', ['-C', join(folder, 'rootfs'), '-cf', join(folder, 'tar'), '.']);
    docker('import', join(folder, 'tar'), 'box');
    const id = docker('run', '-d', '--network=none', 'box', '/bin/busybox', 'sleep', '60');
    const theirs = filterOf(Number(docker('inspect', '-f', '{{.State.Pid}}', id)));
    docker('rm', '-f', id);
    compare(theirs, olderDocker);
  } finally {
    stop();
  }
});

test('a container cannot make a user namespace; without the filter it can', async () => {
  const unshare = ['/usr/bin/unshare', '-U', '/bin/true'];
  assert.is.not((await run([...seccomp(profile, facts)], unshare)).code, 0);
  assert.is((await run([], unshare)).code, 0);
});

test('filter and capabilities as the kernel sees them: root', async () => {
  const user = { uid: 0, gid: 0, additionalGids: [0, 10] };
  const status = await statusOf(user);
  const mask = (toMask(defaultCapabilities) & toMask(facts.capabilities)).toString(16).padStart(16, '0');
  const none = '0'.repeat(16);
  assert.equal(
    [status.CapInh, status.CapPrm, status.CapEff, status.CapBnd, status.CapAmb],
    [none, mask, mask, mask, none],
  );
  assert.is(status.Groups?.trim(), '0 10');
  assert.is(status.Seccomp, '2');
});

test('filter and capabilities as the kernel sees them: another user', async () => {
  const status = await statusOf({ uid: 1001, gid: 1002, additionalGids: [1002, 7] });
  const none = '0'.repeat(16);
  assert.equal([status.CapInh, status.CapPrm, status.CapEff, status.CapAmb], [none, none, none, none]);
  assert.is(BigInt(`0x${status.CapBnd}`), toMask(defaultCapabilities) & toMask(facts.capabilities));
  assert.is(status.Uid, '1001\t1001\t1001\t1001');
  assert.is(status.Gid, '1002\t1002\t1002\t1002');
  assert.is(status.Groups?.trim(), '7 1002');
});

test.run();

async function statusOf(user: { uid: number; gid: number; additionalGids: number[] }): Promise<Record<string, string>> {
  const steps = [
    ...seccomp(profile, facts),
    ...capabilities(capabilitySets(defaultCapabilities, user.uid), user, facts),
  ];
  const { code, output } = await run(steps, ['/bin/cat', '/proc/self/status']);
  assert.is(code, 0);
  return Object.fromEntries(output.split('\n').map(line => line.split(/:\s+/, 2)));
}

/** One child that makes these steps and executes a program of the host. */
function command(steps: readonly Step[], argv: readonly string[]) {
  const child = slot('child');
  const why = { en: 'a test', zh: '测试' };
  return program({
    host: [call('clone', [signals.SIGCHLD, 0, 0, 0, 0], { why, forks: true, save: child })],
    child: steps,
    exec: [call('execve', [str(argv[0]!), strings(argv), strings([])], { why })],
    supervise: { child },
  });
}

async function run(steps: readonly Step[], argv: readonly string[]): Promise<{ code: number; output: string }> {
  const shim = launch(command(steps, argv), { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  shim.process.stdout!.on('data', chunk => {
    output += chunk;
  });
  const closed = new Promise(resolve => shim.process.stdout!.on('end', resolve));
  await shim.executed;
  const code = await shim.exited;
  await closed;
  return { code, output };
}

let dumper: string | undefined;

function filterOf(pid: number): Buffer {
  if (dumper === undefined) {
    dumper = join(temporaryFolder('gcc'), 'filter');
    execFileSync('gcc', ['-o', dumper, join(checkout, 'test/seccomp-filter.c')]);
  }
  return execFileSync(dumper, [String(pid)], { maxBuffer: 1 << 20 });
}

/** Asks both filters about every number of both ABIs, with arguments around each boundary of the rules. */
function compare(theirs: Uint8Array, explained: Explained): void {
  const ours = compileSeccomp(profile, 'x64');
  const values = [
    0, 1, 2, 8, 11, 12, 13, 16, 38, 40, 45, 46, 0x11, 0x20000, 0x20008, 0x10000000, 0x7e020000, 0xffffffff,
  ].map(BigInt);
  const wide = values.flatMap(value => [value, value | (1n << 32n)]);
  const numbers = { x64: new Map<number, string>(), i386: new Map<number, string>() };
  for (const [name, [number]] of Object.entries(syscallNumbers)) if (number !== null) numbers.x64.set(number, name);
  for (const name of [...numbers.x64.values(), ...profile.syscalls.flatMap(rule => rule.names)])
    numbers.i386.set(i386Number(name) ?? -1, name);
  const differing = new Map<string, string>();
  let asked = 0;
  for (const abi of ['x64', 'i386'] as const) {
    for (let nr = 0; nr < 600; nr++) {
      for (const value of abi === 'x64' ? wide : values) {
        const data = { nr, arch: AUDIT_ARCH[abi], args: [value] };
        const [a, b] = [runFilter(ours, data), runFilter(theirs, data)];
        asked++;
        if (a !== b) differing.set(numbers[abi].get(nr) ?? String(nr), `ours ${word(a)}, theirs ${word(b)}`);
      }
    }
  }
  assert.ok(asked > 30_000);
  const unexplained = [...differing].filter(([name, how]) => explained[how]?.[name] === undefined);
  assert.equal(unexplained, []);
  const lines = new Map<string, string[]>();
  for (const [name, how] of differing) {
    const line = `${how} (${explained[how]?.[name]})`;
    lines.set(line, [...(lines.get(line) ?? []), name]);
  }
  for (const [line, found] of lines) console.log(`    ${line}: ${found.join(' ')}`);
}

function word(verdict: number): string {
  const names: Record<number, string> = {
    [SECCOMP_RET.ALLOW]: 'allows',
    [SECCOMP_RET.ERRNO | 1]: 'says EPERM',
    [SECCOMP_RET.ERRNO | 38]: 'says ENOSYS',
  };
  return names[verdict] ?? `0x${verdict.toString(16)}`;
}

function because(why: string, names: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map(name => [name, why]));
}

function since(version: string, names: string): Record<string, string> {
  return because(`Linux ${version} brought it; theirs is older`, names);
}

function rootfs(folder: string): void {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  copyFileSync(findProgram('busybox')!, join(folder, 'bin/busybox'));
}

function removeGroups(name: string): void {
  for (const { mountpoint } of readCgroupLayout().hierarchies) {
    for (let tries = 0; tries < 50 && !tryRemove(`${mountpoint}/${name}`); tries++) sleepSync(20);
  }
}
