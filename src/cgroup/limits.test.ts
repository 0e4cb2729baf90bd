import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../errors.ts';
import { limitWarnings } from './check-limits.ts';
import { readCpuList } from './cpu-list.ts';
import { defaultDeviceRules, resourcesFor } from './limits.ts';
import type { RequestedLimits } from './requested.ts';

const host = { cpus: 2, cgroup: { cpuset: { cpus: '0-1', mems: '0' } } };
const refusal = (requested: RequestedLimits): string => {
  try {
    resourcesFor(requested, host);
  } catch (error) {
    assert.instance(error, MinidockError);
    assert.is((error as MinidockError).kind, 'usage');
    return (error as MinidockError).message;
  }
  return 'accepted';
};

test('no limit asked for, none set; devices are always limited', () => {
  assert.equal(resourcesFor({}, host), { devices: defaultDeviceRules });
  assert.equal(resourcesFor({ memory: 0, cpus: 0, pidsLimit: -1 }, host), { devices: defaultDeviceRules });
  assert.equal(defaultDeviceRules[0], { allow: false, access: 'rwm' });
});

test('limits in the units of the runtime spec', () => {
  const { memory, cpu, pids } = resourcesFor({ memory: 64 << 20, cpus: 1.5, pidsLimit: 50 }, host);
  assert.equal(memory, { limit: 67108864, swap: 134217728 });
  assert.equal(cpu, { quota: 150000, period: 100000 });
  assert.equal(pids, { limit: 50 });
  for (const [cpus, quota] of [
    [1.123456789, 112_345],
    [0.29, 29_000],
    [0.57, 57_000],
  ] as const)
    assert.is(resourcesFor({ cpus }, host).cpu?.quota, quota, String(cpus));
});

test("what Docker refuses, in Docker's words", () => {
  assert.match(refusal({ memory: (6 << 20) - 1 }), 'Minimum memory limit allowed is 6MB');
  assert.is(refusal({ memory: 6 << 20 }), 'accepted');
  const range = 'Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available';
  assert.match(refusal({ cpus: 2.5 }), range);
  assert.match(refusal({ cpus: 0.001 }), range);
  assert.match(refusal({ cpus: -1 }), range);
  assert.match(refusal({ cpus: Number.NaN, memory: 1 }), '6MB');
  assert.is(refusal({ cpus: 2 }), 'accepted');
});

test('every limit in the words of the runtime spec', () => {
  const numbers: Record<string, number> = { '/dev/a': 8, '/dev/b': 7 };
  const requested: RequestedLimits = {
    memory: 64 << 20,
    memorySwap: -1,
    memoryReservation: 32 << 20,
    memorySwappiness: 0,
    oomKillDisable: true,
    cpuShares: 512,
    cpuPeriod: 50_000,
    cpuQuota: -1,
    cpusetCpus: '1',
    cpusetMems: '0',
    blkioWeight: 200,
    blkioWeightDevice: [{ path: '/dev/a', weight: 300 }],
    deviceReadBps: [{ path: '/dev/b', rate: 1 }],
    deviceWriteIops: [{ path: '/dev/a', rate: 2 }],
  };
  const { devices, ...rest } = resourcesFor(requested, host, path => ({ major: numbers[path]!, minor: 0 }));
  assert.equal(rest, {
    memory: { limit: 64 << 20, swap: -1, reservation: 32 << 20, swappiness: 0, disableOOMKiller: true },
    cpu: { shares: 512, quota: -1, period: 50_000, cpus: '1', mems: '0' },
    blockIO: {
      weight: 200,
      weightDevice: [{ major: 8, minor: 0, weight: 300 }],
      throttleReadBpsDevice: [{ major: 7, minor: 0, rate: 1 }],
      throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 2 }],
    },
  });
});

test('what this host’s cgroups cannot do is left out, and said', () => {
  const bare = { cpus: 2, cgroup: { swappiness: false, oomKillDisable: false, ioWeight: false, swap: false } };
  const requested = { memory: 64 << 20, memorySwappiness: 10, oomKillDisable: true, blkioWeight: 5 };
  const { devices, ...rest } = resourcesFor(requested, bare);
  assert.equal(rest, { memory: { limit: 64 << 20, swap: 128 << 20 } });
  assert.equal(
    limitWarnings(requested, bare).map(line => line.split('. ').at(-1)),
    ['Memory limited without swap.', 'Memory swappiness discarded.', 'OomKillDisable discarded.', 'Weight discarded.'],
  );
  assert.equal(limitWarnings({ memory: 64 << 20 }, host), []);
  assert.match(limitWarnings({ oomKillDisable: true }, host)[1]!, 'no memory limit is set');
});

test('a list of CPUs', () => {
  assert.equal([...readCpuList('0-2,5')!], [0, 1, 2, 5]);
  for (const wrong of ['', 'x', '1-0', '1,', '1-', '0-99999', '-1']) assert.is(readCpuList(wrong), undefined, wrong);
});

const words: [RequestedLimits, string][] = [
  [{ memory: 64, memorySwap: 1 }, 'Minimum memory limit'],
  [{ memory: 64 << 20, memorySwap: 32 << 20 }, 'Minimum memoryswap limit should be larger than memory limit'],
  [{ memorySwap: 32 << 20 }, 'You should always set the Memory limit when using Memoryswap limit'],
  [{ memorySwappiness: 101 }, 'Valid memory swappiness range is 0-100'],
  [{ memoryReservation: 5 }, 'Minimum memory reservation allowed is 6MB'],
  [{ memory: 8 << 20, memoryReservation: 9 << 20 }, 'can not be less than memory reservation limit'],
  [{ cpus: 1, cpuPeriod: 1000 }, 'Nano CPUs and CPU Period cannot both be set'],
  [{ cpus: 1, cpuQuota: 1000 }, 'Nano CPUs and CPU Quota cannot both be set'],
  [{ cpuPeriod: 999 }, 'CPU cfs period can not be less than 1ms'],
  [{ cpuQuota: 999 }, 'CPU cfs quota can not be less than 1ms'],
  [{ cpuShares: 1 }, 'the minimum allowed cpu-shares is 2'],
  [{ cpuShares: 262_145 }, 'the maximum allowed cpu-shares is 262144'],
  [{ cpusetCpus: '0-2' }, 'Requested CPUs are not available - requested 0-2, available: 0-1'],
  [{ cpusetMems: '1' }, 'Requested memory nodes are not available - requested 1, available: 0'],
  [{ cpusetCpus: 'x' }, 'Invalid value x for cpuset cpus: invalid format: x'],
  [{ blkioWeight: 9 }, 'Range of blkio weight is from 10 to 1000'],
  [{ pidsLimit: 99_999_999 }, 'the maximum allowed pids limit is 4194304'],
];
for (const [requested, message] of words)
  test(`refused: ${JSON.stringify(requested)}`, () => assert.match(refusal(requested), message));

test.run();
