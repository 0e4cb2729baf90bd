import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupDriver } from '../../src/cgroup/choose.ts';
import { defaultDeviceRules, resourcesFor } from '../../src/cgroup/limits.ts';
import type { CgroupLayout } from '../../src/host/cgroup-layout.ts';
import type { DeviceRule } from '../../src/oci/runtime-spec.ts';
import { call } from '../../src/syscalls/calls.ts';
import { room, struct } from '../../src/syscalls/data.ts';
import { temporaryFolder, testRun } from './cleanup.ts';
import { eventually as within } from './eventually.ts';
import { killed, removeGroupsAtExit, start } from './in-cgroup.ts';

const parent = `/minidock-test-${testRun}`;
const group = `${parent}/one`;

/** It is run in an emulated machine too. */
const eventually = <T>(check: () => T | Promise<T>) => within(check, 30);

/** What the kernel is asked for the limits of a group, by the kind of host: controller, file, value. */
const limitFiles: Record<'v1' | 'v2', [controller: string, file: string, value: string][]> = {
  v1: [
    ['memory', 'memory.limit_in_bytes', String(64 << 20)],
    ['cpu', 'cpu.cfs_period_us', '100000'],
    ['cpu', 'cpu.cfs_quota_us', '150000'],
    ['pids', 'pids.max', '20'],
  ],
  v2: [
    ['memory', 'memory.max', String(64 << 20)],
    ['memory', 'memory.swap.max', String(64 << 20)],
    ['cpu', 'cpu.max', '150000 100000'],
    ['pids', 'pids.max', '20'],
  ],
};

/** 16 MiB hold what it takes to write so much, or do not: dd holds a whole block in memory. */
const write = (size: string) => `exec dd if=/dev/zero of=/dev/null bs=${size} count=1`;

/**
 * The contract of `CgroupDriver`, on the kernel: what holds for the driver of every layout. Limits are compared where the
 * layout has their controllers: the unified hierarchy beside v1 has none, but groups, freezing, killing and devices.
 */
export function cgroupContract(name: string, layout: CgroupLayout): void {
  const test = suite(name);
  const driver = cgroupDriver(layout);
  const version = layout.kind === 'v2' ? 'v2' : 'v1';
  const controllers = layout.hierarchies.flatMap(one => one.controllers);
  const mountOf = (name: string) => layout.hierarchies.find(one => one.controllers.includes(name))!.mountpoint;
  const hasLimits = ['memory', 'cpu', 'pids'].every(wanted => controllers.includes(wanted));
  const limited = (limits: Parameters<typeof resourcesFor>[0]) => [
    ...driver.create(group, resourcesFor(limits, { cpus: 2 })),
    ...driver.join(group),
  ];
  const ruled = (devices: DeviceRule[]) => [...driver.create(group, { devices }), ...driver.join(group)];
  const inside = (command: string) => start(limited({}), command);
  removeGroupsAtExit(
    layout.hierarchies.flatMap(({ mountpoint }) =>
      [`${group}/below`, group, `${parent}/shims`, parent].map(path => `${mountpoint}${path}`),
    ),
  );

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
    const shim = start(driver.prepare(parent), 'exec sleep 60');
    await shim.executed;
    assert.equal(driver.pids(`${parent}/shims`), [shim.pid()]);
    assert.equal(driver.pids(group), []);
    await driver.killAll(`${parent}/shims`);
    assert.is(await shim.ended, killed);
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
    const quiet = async () => {
      const before = lines;
      await sleep(100);
      return lines === before;
    };
    // What it wrote before may still be on its way.
    await eventually(quiet);
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
    assert.is(driver.oomKills(`${parent}/none`), undefined);
    assert.equal(driver.stats(`${parent}/none`), {});
  });

  test('a group whose last process is long in leaving is waited for', async () => {
    assert.is(await inside('true').ended, 0);
    const directory = `${layout.hierarchies[0]!.mountpoint}${group}`;
    // What is mounted upon holds it as that process does: EBUSY, and no process to see.
    execFileSync('mount', ['-o', 'bind', temporaryFolder('busy'), directory]);
    setTimeout(() => execFileSync('umount', [directory]), 2500);
    await driver.remove(group);
    assert.not.ok(existsSync(directory));
  });

  test('a group with processes is not removed, and says which', async () => {
    const child = inside('exec sleep 60');
    await child.executed;
    try {
      await driver.remove(group);
      assert.unreachable();
    } catch (error) {
      assert.match((error as Error).message, new RegExp(`holds the processes ${child.pid()}`));
    }
  });

  test('no path leaves the hierarchy', () => {
    for (const bad of ['/../x', `${parent}/..`, 'relative', '/', '', '/a//b', '/a/', '/a b', `${parent}/one\n`]) {
      assert.throws(() => driver.join(bad), /invalid cgroup path/);
      assert.throws(() => driver.create(bad, resourcesFor({}, { cpus: 1 })), /invalid cgroup path/);
      assert.throws(() => driver.prepare(bad), /invalid cgroup path/);
      assert.throws(() => driver.pids(bad), /invalid cgroup path/);
    }
  });

  test('a process is in the group in every hierarchy that the driver joins', async () => {
    const child = inside('exec sleep 60');
    await child.executed;
    const lines = readFileSync(`/proc/${child.pid()}/cgroup`, 'utf8').trim().split('\n');
    const ours = lines.filter(line => (version === 'v2' ? line.startsWith('0:') : !line.startsWith('0:')));
    assert.ok(ours.length > 0);
    assert.equal(
      ours.filter(line => !line.endsWith(`:${group}`)),
      [],
    );
  });

  test('who joins beside the first process finds it, where that has moved to a group below', async () => {
    const first = inside('exec sleep 60');
    await first.executed;
    assert.is(driver.beside(group, first.pid()), group);
    if (version === 'v1') return;
    await driver.killAll(group);
    const move = `cd ${layout.hierarchies[0]!.mountpoint}${group} && mkdir below && echo 0 >below/cgroup.procs`;
    const handDown = hasLimits ? 'echo +pids >cgroup.subtree_control' : 'true';
    const second = inside(`${move} && ${handDown} && echo moved && exec sleep 60`);
    await new Promise(resolve => second.stdout.once('data', resolve));
    assert.is(driver.beside(group, second.pid()), `${group}/below`);
    assert.is(await start(driver.join(driver.beside(group, second.pid())), 'true').ended, 0);
  });

  test('devices: null may be used and a node be made, but the log of the kernel not be opened by any name', async () => {
    const node = join(temporaryFolder('device'), 'kmsg');
    const tries = `echo x >/dev/null && mknod ${node} c 1 11 && ! (: <${node}) 2>/dev/null && ! (: </dev/kmsg) 2>/dev/null`;
    assert.is(await inside(tries).ended, 0);
    // The twin: outside of the group the same open succeeds, so the rule was what refused it.
    assert.is(await start([], `(: <${node}) && (: </dev/kmsg)`).ended, 0);
  });

  test('devices: a rule after that of all decides, and no rules are no limit', async () => {
    const open = [...defaultDeviceRules, { allow: true, type: 'c' as const, major: 1, minor: 11, access: 'r' }];
    assert.is(await start(ruled(open), '(: </dev/kmsg) && ! (: >/dev/kmsg) 2>/dev/null').ended, 0);
    await driver.remove(group);
    assert.is(await start(ruled([]), ': </dev/kmsg').ended, 0);
  });

  if (version === 'v2') programs();
  if (hasLimits) limits();
  test.run();

  /** What only a program can: see docs/decisions/0007-cgroups-and-rights.md. */
  function programs(): void {
    const all: DeviceRule = { allow: true, access: 'rwm' };

    test('devices: a part of a wildcard is taken back, for each access by itself', async () => {
      const rules: DeviceRule[] = [all, { allow: false, type: 'c', major: 1, minor: 3, access: 'w' }];
      const tries = ': </dev/null && ! (: >/dev/null) 2>&1 && ! (: <>/dev/null) 2>&1 && : >/dev/zero';
      assert.is(await start(ruled(rules), tries).ended, 0);
    });

    test('devices: a group below may refuse more and cannot allow what its parent refuses', async () => {
      const below = `${group}/below`;
      const steps = (rules: DeviceRule[]) => [
        ...driver.create(group, { devices: defaultDeviceRules }),
        ...driver.create(below, { devices: rules }),
        ...driver.join(below),
      ];
      assert.is(await start(steps([{ allow: false, access: 'rw' }]), '! (: </dev/null) 2>&1').ended, 0);
      await driver.remove(group);
      assert.is(await start(steps([all]), ': </dev/null && ! (: </dev/kmsg) 2>&1').ended, 0);
    });

    test('devices: where the kernel takes no program, one line says so and what it wants', async () => {
      const header = struct('{_LINUX_CAPABILITY_VERSION_3, 0}', { u32: 0x20080522 }, { u32: 0 });
      const why = { en: 'a test', zh: '测试' };
      const powerless = call('capset', [header, room(24, 'no capability')], { why });
      const refused = await start([powerless, ...ruled(defaultDeviceRules).slice(1)], 'true').executed.catch(
        error => error,
      );
      assert.match(refused.message, /^bpf\(BPF_PROG_LOAD, .* = EPERM \(child step 2, lesson 09-cgroups\)$/);
      assert.match(refused.fix, /^device rules on cgroup v2 need CAP_SYS_ADMIN/);
    });

    test('devices: the kernel takes as many rules as a program can hold', async () => {
      const many = Array.from({ length: 250 }, (_, minor): DeviceRule[] => [
        { allow: true, type: 'b', major: 8, minor, access: 'rw' },
        { allow: false, type: 'c', major: 8 + minor, access: 'w' },
      ]).flat();
      assert.is(await start(ruled([...defaultDeviceRules, ...many]), ': >/dev/null && ! (: </dev/kmsg) 2>&1').ended, 0);
    });
  }

  function limits(): void {
    test('limits change while processes run, whichever of memory and swap has to go first', async () => {
      start(limited({ memory: 64 << 20, pidsLimit: 20 }), 'exec sleep 60');
      await eventually(() => driver.pids(group).length === 1);
      for (const megabytes of [128, 32]) {
        const bytes = megabytes << 20;
        driver.update(group, { memory: { limit: bytes, swap: bytes }, pids: { limit: -1 } });
        assert.is(driver.stats(group).memory?.limitBytes, bytes);
        if (version === 'v1' && layout.swap)
          assert.is(
            readFileSync(`${mountOf('memory')}${group}/memory.memsw.limit_in_bytes`, 'utf8').trim(),
            String(bytes),
          );
      }
      assert.is(driver.stats(group).pids?.limit, undefined);
      if (version === 'v1')
        assert.throws(
          () => driver.update(group, { cpu: { cpus: '9999' } }),
          /the kernel does not take 9999 for cpuset.cpus/,
        );
    });

    test('the kernel has the limits that were asked for', async () => {
      await start(limited({ memory: 64 << 20, cpus: 1.5, pidsLimit: 20 }), 'exec sleep 60').executed;
      for (const [controller, file, value] of limitFiles[version])
        assert.is(readFileSync(`${mountOf(controller)}${group}/${file}`, 'utf8').trim(), value, file);
      if (version === 'v1' && layout.swap)
        assert.is(
          readFileSync(`${mountOf('memory')}${group}/memory.memsw.limit_in_bytes`, 'utf8').trim(),
          String(128 << 20),
        );
      const stats = driver.stats(group);
      assert.is(stats.pids?.current, 1);
      assert.is(stats.pids?.limit, 20);
      assert.is(stats.memory?.limitBytes, 64 << 20);
      // The kernel counts a page at last when its processor's share is used up.
      await eventually(() => assert.ok(driver.stats(group).memory!.usageBytes > 0));
      await eventually(() => assert.ok(driver.stats(group).cpu!.usageNanoseconds > 0n));
    });

    test('too much memory ends the process, and is seen; enough is not', async () => {
      const greedy = limited({ memory: 16 << 20 });
      assert.is(await start(greedy, `${write('64M')} 2>/dev/null`).ended, killed);
      assert.is(driver.oomKills(group), 1);
      await driver.remove(group);
      assert.is(await start(greedy, `${write('1M')} 2>/dev/null`).ended, 0);
      assert.is(driver.oomKills(group), 0);
    });

    test('a fork bomb meets the pids limit', async () => {
      const bomb = 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait';
      assert.is.not(await start(limited({ pidsLimit: 5 }), bomb, 'ignore').ended, 0);
      assert.ok(driver.pids(group).length <= 5);
    });

    test('a limit without its controller is refused, not left out', () => {
      const hierarchies = layout.hierarchies
        .map(one => ({ ...one, controllers: one.controllers.filter(name => name !== 'memory') }))
        .filter(one => one.version === 2 || one.controllers.length > 0);
      assert.throws(
        () => cgroupDriver({ ...layout, hierarchies }).create(group, resourcesFor({ memory: 64 << 20 }, { cpus: 1 })),
        /no cgroup controller "memory"/,
      );
    });
  }
}

function leftOvers(layout: CgroupLayout): string[] {
  return layout.hierarchies.flatMap(({ mountpoint }) =>
    readdirSync(mountpoint)
      .filter(name => `/${name}` === parent)
      .map(name => `${mountpoint}/${name}`),
  );
}
