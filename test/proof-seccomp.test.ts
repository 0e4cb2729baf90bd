import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { capabilities, capabilitySets, defaultCapabilities } from '../src/container/process/capabilities.ts';
import { compileSeccomp } from '../src/container/seccomp/compile.ts';
import { seccomp } from '../src/container/seccomp/seccomp.ts';
import { call } from '../src/syscalls/calls.ts';
import { str, strings } from '../src/syscalls/data.ts';
import { launch } from '../src/syscalls/shim.ts';
import { program, type Step, slot } from '../src/syscalls/step.ts';
import { toMask } from '../src/syscalls/uapi/capabilities.ts';
import { signals } from '../src/syscalls/uapi/flags.ts';
import { onExit, temporaryFolder, testRun } from './support/cleanup.ts';
import { requires } from './support/requires.ts';
import { compare, facts, filterOf, olderLibseccomp, profile, rootfs } from './support/seccomp.ts';

/** The filter that the kernel holds for a container of ours, and of runc's by the same profile. */
const test = requires('root', 'gcc', 'busybox');

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
