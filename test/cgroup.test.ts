import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupDriver } from '../src/cgroup/choose.ts';
import { resourcesFor } from '../src/cgroup/limits.ts';
import { type CgroupLayout, readCgroupLayout } from '../src/host/cgroup-layout.ts';
import type { Resources } from '../src/oci/runtime-spec.ts';
import type { Data } from '../src/syscalls/data.ts';
import type { Step, Syscall } from '../src/syscalls/step.ts';
import { onExit, sleepSync, testRun } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { unmet } from './support/requires.ts';

/**
 * The contract of `CgroupDriver`, on the kernel. The unified hierarchy that a hybrid host has beside v1 serves for v2: it
 * has no limits, so only groups, membership, freezing and killing are compared there.
 */
const parent = `/minidock-test-${testRun}`;
const group = `${parent}/one`;
const found = readCgroupLayout(parent);
const unified = found.hierarchies.filter(one => one.version === 2);

const root = unmet('root');
const v1 = root ?? (found.kind === 'v2' || found.kind === 'none' ? 'no v1 controller is mounted' : undefined);
const v2 = root ?? (unified.length === 0 ? 'no unified hierarchy is mounted' : undefined);

/** Whatever happens, nothing stays behind: with none of the code under test, so that it works where that is broken. */
onExit(() => {
  for (const { mountpoint } of found.hierarchies) {
    for (const directory of [`${mountpoint}${group}`, `${mountpoint}${parent}/shims`, `${mountpoint}${parent}`]) {
      if (!existsSync(directory)) continue;
      for (const [file, thaw] of [
        ['freezer.state', 'THAWED'],
        ['cgroup.freeze', '0'],
      ] as const)
        if (existsSync(`${directory}/${file}`)) writeFileSync(`${directory}/${file}`, thaw);
      const members = readFileSync(`${directory}/cgroup.procs`, 'utf8').split('\n').filter(Boolean);
      for (const pid of members) spawnSync('kill', ['-KILL', pid]);
    }
  }
  for (const { mountpoint } of found.hierarchies)
    for (const directory of [`${mountpoint}${group}`, `${mountpoint}${parent}/shims`, `${mountpoint}${parent}`])
      for (let tries = 0; tries < 50 && spawnSync('rmdir', [directory]).status !== 0 && existsSync(directory); tries++)
        sleepSync(20);
});

if (v1 === undefined) {
  contract('cgroup v1', found, resourcesFor({ pidsLimit: 30 }, { cpus: 1 }));
  version1(found);
} else console.log(`  skipped: cgroup v1 (${v1})`);
if (v2 === undefined) contract('cgroup v2', { ...found, kind: 'v2', hierarchies: unified }, { devices: [] });
else console.log(`  skipped: cgroup v2 (${v2})`);

function contract(name: string, layout: CgroupLayout, resources: Resources): void {
  const test = suite(name);
  const driver = cgroupDriver(layout);
  const enter = [...driver.create(group, resources), ...driver.join(group)];
  const inside = (command: string) => start([...enter], command);

  test.before(async () => {
    assert.is(await start(driver.prepare(parent), 'true').ended, 0);
  });
  test.after.each(async () => {
    await driver.killAll(group);
    await driver.remove(group);
  });
  test.after(async () => {
    await driver.remove(parent);
    assert.equal(leftOvers(layout), []);
  });

  test('prepare may be run again, and leaves its process in the group of the shims', async () => {
    const shim = start(driver.prepare(parent), 'sleep 60');
    await eventually(() => driver.pids(`${parent}/shims`).includes(shim.pid));
    assert.equal(driver.pids(group), []);
    await driver.killAll(`${parent}/shims`);
    assert.is(await shim.ended, 'SIGKILL');
  });

  test('a process that joined is listed, its children too', async () => {
    inside('sleep 60 & wait');
    await eventually(() => driver.pids(group).length === 2);
  });

  test('killAll ends what forks meanwhile', async () => {
    inside('while :; do sleep 0.01 & done');
    await eventually(() => driver.pids(group).length > 3);
    await driver.killAll(group);
    assert.equal(driver.pids(group), []);
  });

  test('frozen processes stand still, go on when thawed, and die when killed', async () => {
    const child = inside('while :; do echo; sleep 0.01; done');
    let lines = 0;
    child.stdout.on('data', () => lines++);
    await eventually(() => lines > 2);
    await driver.freeze(group);
    await sleep(30);
    const before = lines;
    await sleep(100);
    assert.is(lines, before);
    await driver.thaw(group);
    await eventually(() => lines > before);
    await driver.freeze(group);
    await driver.killAll(group);
    assert.equal(driver.pids(group), []);
  });

  test('a group that is not there is an empty one', async () => {
    assert.equal(driver.pids(`${parent}/none`), []);
    await driver.freeze(`${parent}/none`);
    await driver.thaw(`${parent}/none`);
    await driver.killAll(`${parent}/none`);
    await driver.remove(`${parent}/none`);
    assert.is(driver.oomKilled(`${parent}/none`), undefined);
    assert.equal(driver.stats(`${parent}/none`), {});
  });

  test('a group with processes is not removed, and says which', async () => {
    const child = inside('exec sleep 60');
    await eventually(() => driver.pids(group).length === 1);
    try {
      await driver.remove(group);
      assert.unreachable();
    } catch (error) {
      assert.match((error as Error).message, new RegExp(`holds the processes ${child.pid}`));
    }
  });

  test('no path leaves the hierarchy', () => {
    for (const bad of ['/../x', `${parent}/..`, 'relative', '/', '', '/a//b', '/a/', '/a b', `${parent}/one\n`]) {
      assert.throws(() => driver.join(bad), /invalid cgroup path/);
      assert.throws(() => driver.create(bad, resources), /invalid cgroup path/);
      assert.throws(() => driver.prepare(bad), /invalid cgroup path/);
      assert.throws(() => driver.pids(bad), /invalid cgroup path/);
    }
  });

  test.run();
}

function version1(layout: CgroupLayout): void {
  const test = suite('cgroup v1 limits');
  const driver = cgroupDriver(layout);
  const limited = (limits: Parameters<typeof resourcesFor>[0]) => [
    ...driver.create(group, resourcesFor(limits, { cpus: 2 })),
    ...driver.join(group),
  ];
  const at = (controller: string) => layout.hierarchies.find(one => one.controllers.includes(controller))!.mountpoint;

  test.before(async () => {
    assert.is(await start(driver.prepare(parent), 'true').ended, 0);
  });
  test.after.each(async () => {
    await driver.killAll(group);
    await driver.remove(group);
  });
  test.after(async () => {
    await driver.remove(parent);
    assert.equal(leftOvers(layout), []);
  });

  test('the kernel has the limits that were asked for, and the process is in every hierarchy', async () => {
    const child = start(limited({ memory: 64 << 20, cpus: 1.5, pidsLimit: 20 }), 'exec sleep 60');
    await eventually(() => driver.pids(group).length === 1);
    const read = (controller: string, name: string) => readFileSync(`${at(controller)}${group}/${name}`, 'utf8').trim();
    assert.is(read('memory', 'memory.limit_in_bytes'), String(64 << 20));
    if (layout.swap) assert.is(read('memory', 'memory.memsw.limit_in_bytes'), String(128 << 20));
    assert.is(read('cpu', 'cpu.cfs_quota_us'), '150000');
    assert.is(read('pids', 'pids.max'), '20');
    const v1 = readFileSync(`/proc/${child.pid}/cgroup`, 'utf8')
      .split('\n')
      .filter(line => /^[1-9]/.test(line));
    assert.equal(
      v1.filter(line => !line.endsWith(`:${group}`)),
      [],
    );
    const stats = driver.stats(group);
    assert.is(stats.pids?.current, 1);
    assert.is(stats.pids?.limit, 20);
    assert.is(stats.memory?.limitBytes, 64 << 20);
    assert.ok(stats.cpu!.usageNanoseconds > 0n);
  });

  test('too much memory ends the process, and is seen; enough is not', async () => {
    // dd holds a whole block in memory.
    const greedy = limited({ memory: 16 << 20 });
    assert.is(await start(greedy, 'exec dd if=/dev/zero of=/dev/null bs=64M count=1 status=none').ended, 'SIGKILL');
    assert.is(driver.oomKilled(group), true);
    await driver.remove(group);
    assert.is(await start(greedy, 'exec dd if=/dev/zero of=/dev/null bs=1M count=1 status=none').ended, 0);
    assert.is(driver.oomKilled(group), false);
  });

  test('a fork bomb meets the pids limit', async () => {
    const bomb = start(limited({ pidsLimit: 5 }), 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait');
    assert.is.not(await bomb.ended, 0);
    assert.ok(driver.pids(group).length <= 5);
  });

  test('devices: null may be used, memory of the machine may not be opened', async () => {
    const tries = start(limited({}), 'echo x >/dev/null && ! (: </dev/kmsg) 2>/dev/null');
    assert.is(await tries.ended, 0);
    // The twin: outside of the group the same open succeeds, so the rule was what refused it.
    assert.is(await start([], '(: </dev/kmsg)').ended, 0);
  });

  test('a limit without its controller is refused, not left out', () => {
    const without = cgroupDriver({
      ...layout,
      hierarchies: layout.hierarchies.filter(one => !one.controllers.includes('memory')),
    });
    assert.throws(
      () => without.create(group, resourcesFor({ memory: 64 << 20 }, { cpus: 1 })),
      /no cgroup controller "memory"/,
    );
  });

  test.run();
}

/** Runs file steps in a shell, which has one thread as the shim does, and then the command in its place. */
function start(steps: readonly Step[], command: string) {
  const lines = ['set -e'];
  let file = '';
  for (const step of steps as Syscall[]) {
    const content = (argument: number) => JSON.stringify(textOf(step.args[argument] as Data));
    if (step.name === 'mkdirat') lines.push(`[ -d ${content(1)} ] || mkdir ${content(1)}`);
    else if (step.name === 'openat') file = content(1);
    else if (step.name === 'write') lines.push(`printf %s ${content(1)} > ${file}`);
    else assert.is(step.name, 'close');
  }
  const child = spawn('sh', ['-c', [...lines, 'set +e', command].join('\n')], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.resume();
  /** The exit code, or the name of the signal. */
  const ended = new Promise<number | string>(resolve => child.on('exit', (code, signal) => resolve(signal ?? code!)));
  return { pid: child.pid!, stdout: child.stdout, ended };
}

function textOf(data: Data): string {
  return Buffer.from(data.bytes).toString('utf8').replace(/\0$/, '');
}

function leftOvers(layout: CgroupLayout): string[] {
  return layout.hierarchies.flatMap(({ mountpoint }) =>
    readdirSync(mountpoint)
      .filter(name => `/${name}` === parent)
      .map(name => `${mountpoint}/${name}`),
  );
}
