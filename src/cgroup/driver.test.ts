import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../errors.ts';
import type { CgroupLayout, Hierarchy } from '../host/cgroup-layout.ts';
import type { Resources } from '../oci/runtime-spec.ts';
import type { Data } from '../syscalls/data.ts';
import type { Step, Syscall } from '../syscalls/step.ts';
import { cgroupDriver } from './choose.ts';
import type { CgroupDriver } from './driver.ts';
import { resourcesFor } from './limits.ts';

const v1 = (controllers: string[], own = '/'): Hierarchy => ({
  version: 1,
  mountpoint: `/cg/${controllers.join(',')}`,
  controllers,
  options: controllers.join(','),
  own,
});
const unified = (own: string, controllers: string[] = []): Hierarchy => ({
  ...{ version: 2, mountpoint: '/cg/unified', controllers, options: '', own },
});
const centos7: CgroupLayout = {
  kind: 'v1',
  hierarchies: [v1(['cpu', 'cpuacct']), v1(['cpuset']), v1(['memory']), v1(['devices']), v1(['pids'])],
  cpuset: { cpus: '0-3', mems: '0' },
  swap: true,
  cpuQuota: true,
};
const pure: CgroupLayout = {
  kind: 'v2',
  hierarchies: [unified('/', ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids'])],
  swap: true,
  cpuQuota: true,
};

/** `mkdir path`, or `path content` for what is written. */
function effects(steps: readonly Step[]): string[] {
  let path = '';
  return (steps as Syscall[]).flatMap(step => {
    const word = (argument: number) =>
      Buffer.from((step.args[argument] as Data).bytes)
        .toString()
        .replace('\0', '');
    if (step.name === 'mkdirat') return [`mkdir ${word(1)}`];
    if (step.name === 'openat') path = word(1);
    return step.name === 'write' ? [`${path} ${word(1)}`] : [];
  });
}

function refusal(driver: CgroupDriver, resources: Resources): MinidockError {
  try {
    driver.create('/minidock/one', resources);
  } catch (error) {
    assert.instance(error, MinidockError);
    return error as MinidockError;
  }
  throw new Error('accepted');
}

test('v1: each level gets its CPUs before any task, limits come in the order that the kernel accepts', () => {
  const driver = cgroupDriver(centos7);
  assert.equal(
    effects(driver.prepare('/minidock')).filter(line => line.includes('cpuset')),
    [
      'mkdir /cg/cpuset/minidock',
      '/cg/cpuset/minidock/cpuset.cpus 0-3',
      '/cg/cpuset/minidock/cpuset.mems 0',
      'mkdir /cg/cpuset/minidock/shims',
      '/cg/cpuset/minidock/shims/cpuset.cpus 0-3',
      '/cg/cpuset/minidock/shims/cpuset.mems 0',
      '/cg/cpuset/minidock/shims/tasks 0',
    ],
  );
  const limits = { devices: [], memory: { limit: 64, swap: 128 }, cpu: { quota: 5, period: 10 }, pids: { limit: 7 } };
  assert.equal(effects(driver.create('/minidock/one', limits)).slice(-5), [
    '/cg/memory/minidock/one/memory.limit_in_bytes 64',
    '/cg/memory/minidock/one/memory.memsw.limit_in_bytes 128',
    '/cg/cpu,cpuacct/minidock/one/cpu.cfs_period_us 10',
    '/cg/cpu,cpuacct/minidock/one/cpu.cfs_quota_us 5',
    '/cg/pids/minidock/one/pids.max 7',
  ]);
});

test('v1: everything is denied before anything is allowed, one rule a write', () => {
  const rules = effects(cgroupDriver(centos7).create('/minidock/one', resourcesFor({}, { cpus: 1 })))
    .filter(line => line.startsWith('/cg/devices'))
    .map(line => line.replace('/cg/devices/minidock/one/', ''));
  assert.equal(rules.slice(0, 4), [
    'devices.deny a',
    'devices.allow c *:* m',
    'devices.allow b *:* m',
    'devices.allow c 1:3 rwm',
  ]);
  assert.is(rules.at(-1), 'devices.allow c 136:* rwm');
});

test('v1: where the kernel does not count swap, only memory is limited', () => {
  const driver = cgroupDriver({ ...centos7, swap: false });
  const lines = effects(driver.create('/minidock/one', { devices: [], memory: { limit: 64, swap: 128 } }));
  assert.ok(lines.some(line => line.includes('memory.limit_in_bytes')));
  assert.not.ok(lines.some(line => line.includes('memsw')));
});

test('v1: a limit that cannot be kept is refused', () => {
  const without = (controller: string) =>
    cgroupDriver({ ...centos7, hierarchies: centos7.hierarchies.filter(one => !one.controllers.includes(controller)) });
  assert.match(refusal(without('pids'), { devices: [], pids: { limit: 1 } }).message, '"pids"');
  assert.match(refusal(without('devices'), resourcesFor({}, { cpus: 1 })).message, '"devices"');
  const noQuota = cgroupDriver({ ...centos7, cpuQuota: false });
  assert.match(refusal(noQuota, { devices: [], cpu: { quota: 1, period: 2 } }).message, 'cpu.cfs_quota_us');
});

test('hybrid: the unified hierarchy is joined only to leave the group of a session or service', () => {
  const joined = (own: string) =>
    effects(
      cgroupDriver({ ...centos7, kind: 'hybrid', hierarchies: [v1(['pids']), unified(own)] }).join('/minidock/one'),
    );
  assert.equal(joined('/'), ['/cg/pids/minidock/one/tasks 0']);
  assert.equal(joined('/system.slice/ssh.service'), [
    '/cg/pids/minidock/one/tasks 0',
    '/cg/unified/minidock/one/cgroup.procs 0',
  ]);
});

test('v2: controllers are handed down from the top, in the group of the containers too', () => {
  const driver = cgroupDriver(pure);
  assert.equal(effects(driver.prepare('/minidock')), [
    '/cg/unified/cgroup.subtree_control +cpu +cpuset +io +memory +pids',
    'mkdir /cg/unified/minidock',
    '/cg/unified/minidock/cgroup.subtree_control +cpu +cpuset +io +memory +pids',
    'mkdir /cg/unified/minidock/shims',
    '/cg/unified/minidock/shims/cgroup.procs 0',
  ]);
  const limits = { devices: [], memory: { limit: 64, swap: 128 }, cpu: { quota: 5, period: 10 }, pids: { limit: 7 } };
  assert.equal(effects(driver.create('/minidock/one', limits)), [
    'mkdir /cg/unified/minidock/one',
    '/cg/unified/minidock/one/memory.max 64',
    '/cg/unified/minidock/one/memory.swap.max 64',
    '/cg/unified/minidock/one/cpu.max 5 10',
    '/cg/unified/minidock/one/pids.max 7',
  ]);
});

test('v2: where the kernel does not count swap, only memory is limited', () => {
  const lines = effects(
    cgroupDriver({ ...pure, swap: false }).create('/minidock/one', { devices: [], memory: { limit: 64, swap: 128 } }),
  );
  assert.equal(lines, ['mkdir /cg/unified/minidock/one', '/cg/unified/minidock/one/memory.max 64']);
});

test('v2: device rules are a program, loaded and attached before anything joins; without rules there is none', () => {
  const steps = cgroupDriver(pure).create('/minidock/one', resourcesFor({}, { cpus: 1 }));
  const calls = steps.filter(step => step.op === 'syscall').map(step => step.name);
  assert.equal(calls, ['mkdirat', 'bpf', 'openat', 'bpf', 'close', 'close']);
  const names = (rules: Resources['devices']) =>
    cgroupDriver(pure)
      .create('/minidock/one', { devices: rules })
      .flatMap(step => (step.op === 'syscall' ? step.name : []));
  assert.equal(names([]), ['mkdirat']);
  assert.equal(names([{ allow: true, access: 'rwm' }]), ['mkdirat']);
});

const all: Resources = {
  devices: [],
  memory: { limit: 64, swap: -1, reservation: 32, swappiness: 5, disableOOMKiller: true },
  cpu: { shares: 1024, quota: -1, period: 50_000, cpus: '1', mems: '0' },
  blockIO: {
    weight: 500,
    weightDevice: [{ major: 8, minor: 0, weight: 10 }],
    throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 7 }],
    throttleWriteBpsDevice: [{ major: 8, minor: 16, rate: 8 }],
    throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 9 }],
    throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 0 }],
  },
};

test('v1: every limit has its file', () => {
  const withDisks = { ...centos7, hierarchies: [...centos7.hierarchies, v1(['blkio'])] };
  const lines = effects(cgroupDriver(withDisks).create('/one', all)).filter(line => !line.startsWith('mkdir'));
  assert.equal(
    lines.slice(2).map(line => line.replace(/^\/cg\/[^/]+\/one\//, '')),
    [
      'memory.limit_in_bytes 64',
      'memory.soft_limit_in_bytes 32',
      'memory.memsw.limit_in_bytes -1',
      'memory.swappiness 5',
      'memory.oom_control 1',
      'cpu.shares 1024',
      'cpu.cfs_period_us 50000',
      'cpu.cfs_quota_us -1',
      'cpuset.cpus 1',
      'cpuset.mems 0',
      'blkio.weight 500',
      'blkio.weight_device 8:0 10',
      'blkio.throttle.read_bps_device 8:0 7',
      'blkio.throttle.write_bps_device 8:16 8',
      'blkio.throttle.read_iops_device 8:0 9',
      'blkio.throttle.write_iops_device 8:0 0',
    ],
  );
});

test('v2: every limit has its file, scaled as runc does', () => {
  const lines = effects(cgroupDriver({ ...pure, ioWeightFile: 'io.weight' }).create('/one', all)).slice(1);
  assert.equal(
    lines.map(line => line.replace('/cg/unified/one/', '')),
    [
      'memory.max 64',
      'memory.low 32',
      'memory.swap.max max',
      'cpu.max max 50000',
      'cpu.weight 39',
      'cpuset.cpus 1',
      'cpuset.mems 0',
      'io.weight default 4950',
      'io.weight 8:0 1',
      'io.max 8:0 rbps=7',
      'io.max 8:16 wbps=8',
      'io.max 8:0 riops=9',
      'io.max 8:0 wiops=max',
    ],
  );
});

test('no cgroups at all is said at once', () => {
  assert.throws(() => cgroupDriver({ ...centos7, kind: 'none', hierarchies: [] }), /no cgroup hierarchy is mounted/);
});

test('v1: a device rule for both types is two rules unless it is for everything, which the kernel would take it as', () => {
  const written = (rule: Resources['devices'][number]) =>
    effects(cgroupDriver(centos7).create('/md/x', { devices: [rule] }))
      .filter(line => line.includes('devices.'))
      .map(line => line.replace('/cg/devices/md/x/devices.', ''));
  assert.equal(written({ allow: true, access: 'rwm' }), ['allow a']);
  assert.equal(written({ allow: true, type: 'a', access: 'r' }), ['allow c *:* r', 'allow b *:* r']);
  assert.equal(written({ allow: true, type: 'a', major: 8, access: 'rwm' }), ['allow c 8:* rwm', 'allow b 8:* rwm']);
  assert.equal(written({ allow: false, type: 'a', minor: 0, access: 'rwm' }), ['deny c *:0 rwm', 'deny b *:0 rwm']);
});

test.run();
