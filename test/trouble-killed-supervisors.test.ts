import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { capabilities, capabilitySets, defaultCapabilities } from '../src/container/process/capabilities.ts';
import { execute } from '../src/container/process/execute.ts';
import { cloneProcess, dieWithSupervisor } from '../src/container/process/namespaces.ts';
import { hostFacts } from '../src/host/facts.ts';
import { identityOf, isAlive, statusField } from '../src/host/process.ts';
import { cgroupParent } from '../src/state/paths.ts';
import { sync } from '../src/syscalls/calls.ts';
import { Shim } from '../src/syscalls/shim.ts';
import { program, slot } from '../src/syscalls/step.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { onExit, temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath, sandbox } from './support/minidock.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';
import { smallDisk } from './support/small-disk.ts';

/** A supervisor that is killed: what it looked after ends with it, whichever user that has become. */
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => box.removeAll());

const supervisorOf = (pid: number) => Number(statusField(pid, 'PPid'));
const firstProcess = async (id: string) => Number(await box.inspect(id, '{{.State.Pid}}'));

/** By the kernel alone: no command of ours looks at the container meanwhile. */
async function endsWithItsSupervisor(pid: number): Promise<void> {
  const identity = identityOf(pid);
  process.kill(supervisorOf(pid), 'SIGKILL');
  await eventually(() => !isAlive(identity));
}

/** The pid of this machine for one of the container's. */
function pidOutside(first: number, inside: string): number | undefined {
  const namespace = readlinkSync(`/proc/${first}/ns/pid`);
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .find(pid => {
      try {
        return (
          readlinkSync(`/proc/${pid}/ns/pid`) === namespace && statusField(pid, 'NSpid').split(' ').at(-1) === inside
        );
      } catch {
        return false;
      }
    });
}

for (const [user, uid] of [
  ['0', '0'],
  ['1000', '1000'],
  ['www-data', '33'],
  ['0:33', '0'],
  ['1000:0', '1000'],
] as const)
  test(`-u ${user}: a container ends with its supervisor`, async () => {
    const id = await box.start('sleep 1000', '-u', user);
    const pid = await firstProcess(id);
    assert.is(statusField(pid, 'Uid').split(' ')[0], uid);
    await endsWithItsSupervisor(pid);
    assert.is(await box.inspect(id, '{{.State.Status}} {{.State.ExitCode}}'), 'exited 137');
  });

for (const user of ['0', '1000'])
  test(`exec -u ${user}: a command ends with its supervisor, and the container goes on`, async () => {
    const id = await box.start('mkdir -m 777 /shared; sleep 1000');
    const script = 'echo $$ > /shared/pid; exec sleep 1000';
    const client = box.minidock(['exec', '-u', user, id, 'sh', '-c', script]);
    const inside = await eventually(async () => (await box.inside(id, 'cat /shared/pid 2>/dev/null; true')) || false);
    const pid = pidOutside(await firstProcess(id), inside);
    assert.ok(pid, 'its process');
    await endsWithItsSupervisor(pid!);
    assert.is((await client).exitCode, 137);
    assert.is(await box.inspect(id, '{{.State.Running}}'), 'true');
  });

type Wait = 'before' | 'after';

/** A child that waits before or after it becomes another user, and whose supervisor is killed meanwhile. */
async function orphaned(wait: Wait, namespaces: 'pid'[], action: (shim: Shim, marker: string) => Promise<void>) {
  const marker = join(temporaryFolder('marker'), 'executed');
  const child = slot('child');
  const tether = dieWithSupervisor();
  const shim = new Shim();
  const user = { uid: 0, gid: 1000, additionalGids: [] };
  const change = capabilities(capabilitySets(defaultCapabilities, 0), user, hostFacts());
  const killed = sync({ why: { en: 'its supervisor is killed here', zh: '它的监管进程在这里被杀死' } });
  shim.run(
    program({
      host: [...tether.host, cloneProcess(namespaces, child), ...tether.parent],
      child: [...tether.first, ...(wait === 'before' ? [killed, ...change] : [...change, killed]), ...tether.last],
      exec: execute({ args: ['sh', '-c', `echo > ${marker}; sleep 1000`], env: ['PATH=/bin:/usr/bin'] }),
      supervise: { child },
    }),
  );
  await Promise.all([shim.supervised, shim.ready]);
  const supervisor = identityOf(shim.process.pid!);
  process.kill(supervisor.pid, 'SIGKILL');
  await eventually(() => !isAlive(supervisor));
  await action(shim, marker).finally(() => {
    if (existsSync(`/proc/${shim.pid}`)) process.kill(shim.pid, 'SIGKILL');
  });
  await shim.abort();
}

for (const [where, namespaces] of [
  ['in the PID namespace of its supervisor', []],
  ['in a PID namespace of its own', ['pid']],
] as const)
  test(`a supervisor that dies while its child becomes another user, ${where}: the command never runs`, () =>
    orphaned('after', [...namespaces], async (shim, marker) => {
      const child = identityOf(shim.pid);
      assert.ok(isAlive(child), 'the kernel let it live');
      shim.go();
      await eventually(() => !isAlive(child) || existsSync(marker));
      assert.equal([existsSync(marker), isAlive(child)], [false, false]);
    }));

test('a supervisor that dies before that: the kernel ends the child, wherever that waits', () =>
  orphaned('before', ['pid'], shim => eventually(() => assert.not.ok(existsSync(`/proc/${shim.pid}`)))));

test('a process that became another user by itself ends before anything says that the container has exited, disk full or not', async () => {
  for (const full of [false, true]) {
    const engine = sandbox();
    const disk = smallDisk(engine.root, 'tmpfs', 150);
    await engine.ok(['import', (await busyboxImage()).rootfs, 'bb']);
    const script = 'exec su www-data -s /bin/sh -c "exec sleep 1000"';
    const id = await engine.ok(['run', '-d', '--network', 'none', 'bb', 'sh', '-c', script]);
    const pid = Number(await engine.ok(['inspect', '-f', '{{.State.Pid}}', id]));
    await eventually(() => assert.match(readFileSync(`/proc/${pid}/cmdline`, 'latin1'), /^sleep/));
    const identity = identityOf(pid);
    const supervisor = identityOf(supervisorOf(pid));
    if (full) disk.fill(join(engine.root, 'containers'), join(engine.root, 'containers', id));
    process.kill(supervisor.pid, 'SIGKILL');
    await eventually(() => !isAlive(supervisor));
    await sleep(100);
    assert.ok(isAlive(identity), 'the kernel knows nothing of its supervisor any more');
    assert.match(await engine.ok(['ps', '-a', '--format', '{{.Status}}']), /^Exited \(137\)/);
    assert.not.ok(isAlive(identity), `it runs although its container has exited${full ? ', disk full' : ''}`);
    disk.free();
    await engine.ok(['rm', '-f', id]);
  }
});

requires(
  'root',
  'busybox',
  'overlayfs',
  'cgroup1',
)('while a process cannot be ended its container counts as running, and is not removed', async () => {
  const id = await box.start('exec su www-data -s /bin/sh -c "exec sleep 1000"');
  const pid = await firstProcess(id);
  await eventually(() => assert.match(readFileSync(`/proc/${pid}/cmdline`, 'latin1'), /^sleep/));
  const [identity, supervisor] = [identityOf(pid), identityOf(supervisorOf(pid))];
  process.kill(supervisor.pid, 'SIGKILL');
  await eventually(() => !isAlive(supervisor));
  // No signal reaches a process of a frozen hierarchy of v1, as none reaches one that waits for a dead file server.
  const freezer = `/sys/fs/cgroup/freezer${cgroupParent(box)}/freezer.state`;
  writeFileSync(freezer, 'FROZEN');
  const thaw = onExit(() => writeFileSync(freezer, 'THAWED'));
  try {
    assert.match(await box.ok(['ps', '-a', '--format', '{{.Status}}']), /^Up /);
    const refused = await box.minidock(['rm', '-f', id]);
    assert.is(refused.exitCode, 1);
    assert.match(String(refused.stderr), new RegExp(`^minidock: cgroup .* still holds the processes ${pid}\n`));
    assert.is(await box.inspect(id, '{{.State.Status}}'), 'running');
    assert.ok(isAlive(identity));
  } finally {
    thaw();
  }
  assert.match(await box.ok(['ps', '-a', '--format', '{{.Status}}']), /^Exited \(137\)/);
  assert.not.ok(isAlive(identity));
});

requires(
  'root',
  'busybox',
  'overlayfs',
  'strace',
  'iptables',
)('a supervisor that is killed while its ports are published is named, without a word of /proc', async () => {
  const port = `${await freePort()}:80`;
  await box.ok(['run', '--rm', '-p', port, 'bb', 'true']);
  // Whatever is executed waits first: the container is made long before iptables-restore begins.
  const args = ['-f', '-qq', '-o', '/dev/null', '-e', 'inject=execve:delay_enter=1500000', process.execPath];
  args.push('--', minidockPath, 'run', '-d', '--name', 'killed', '-p', port, 'bb', 'sleep', '1000');
  const client = spawn('strace', args, { env: { ...process.env, ...box.env }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  client.stderr.on('data', chunk => {
    said += chunk;
  });
  const ended = new Promise(resolve => client.once('exit', resolve));
  const supervisor = await eventually(() => shimsOf(box.root).find(hasChild) ?? false, 20);
  await sleep(300);
  process.kill(supervisor, 'SIGKILL');
  assert.is(await ended, 125);
  assert.match(said, /^minidock: the container's supervisor was killed/m);
  assert.not.match(said, /ENOENT|\/proc\//);
});

test('a supervisor that takes no connection: stop sends its signal, and waits no longer than for another', async () => {
  for (const words of [
    ['stop', '-t', '1000'],
    ['system', 'stop'],
  ]) {
    const id = await box.start(
      'trap "exit 5" TERM; : > /ready; while :; do sleep 0.05; done',
      '--stop-timeout',
      '1000',
    );
    await box.inside(id, 'until [ -e /ready ]; do sleep 0.05; done');
    rmSync(join(box.execRoot, id.slice(0, 12), 'shim.sock'));
    await box.ok([...words, ...(words[0] === 'stop' ? [id] : [])], { timeout: 30_000 });
    assert.is(await box.inspect(id, '{{.State.Status}} {{.State.ExitCode}}'), 'exited 5');
    await box.ok(['rm', id]);
  }
});

function shimsOf(root: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => {
      try {
        // Its environment is empty; its parent's is ours.
        if (!readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('minidock-shim\0')) return false;
        return readFileSync(`/proc/${supervisorOf(pid)}/environ`, 'latin1').includes(`MINIDOCK_ROOT=${root}\0`);
      } catch {
        return false;
      }
    });
}

function hasChild(pid: number): boolean {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1') !== '';
}

test.run();
