// @mounts-nothing its subject is what limits say and do
import { existsSync, readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { cgroupParent } from '../src/state/paths.ts';
import { type Both, both } from './support/both.ts';
import { requires } from './support/requires.ts';

/** Flags that limit a container, on Docker 20.10 and here: what is refused, and what the kernel is told. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10');
const onV1 = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10', 'cgroup1');
let two: Both;

test.before(async () => {
  two = await both();
});

const disk = '/dev/loop0';

/** Without a start where creating is enough: then nothing has to be cleaned up but the container. */
const refused: string[][] = [
  ['-m', '5m'],
  ['-m', 'garbage'],
  ['-m', '-1'],
  ['-m', '64m', '--memory-swap', '32m'],
  ['--memory-swap', '64m'],
  ['--memory-swap', '-2'],
  ['--memory-reservation', '5m'],
  ['-m', '32m', '--memory-reservation', '64m'],
  ['--memory-swappiness', '101'],
  ['--oom-score-adj', '1001'],
  ['--cpus', '99'],
  ['--cpus', '-1'],
  ['--cpus', 'x'],
  ['--cpus', '1', '--cpu-quota', '50000'],
  ['--cpus', '1', '--cpu-period', '50000'],
  ['--cpu-quota', '500'],
  ['--cpu-period', '500'],
  ['--cpu-period', '1000001'],
  ['--cpuset-cpus', '99'],
  ['--cpuset-cpus', 'x'],
  ['--cpuset-cpus', '1-0'],
  ['--cpuset-mems', '99'],
  ['--blkio-weight-device', `${disk}:5`],
  ['--blkio-weight-device', disk],
  ['--device-read-bps', `${disk}:x`],
  ['--device-write-bps', 'foo:1mb'],
  ['--device-read-iops', `${disk}:1m`],
  ['--ulimit', 'nofile'],
  ['--ulimit', 'nofile=200:100'],
  ['--ulimit', 'nofile=-1:5'],
  ['--ulimit', 'nofile=1:2:3'],
  ['--ulimit', 'foo=1'],
  ['--shm-size', 'x'],
];

test('what Docker refuses is refused here, with the same exit code and in the same words', async () => {
  for (const flags of refused) {
    const answer = await two.same(['run', '--rm', '--network', 'none', ...flags, 'bb', 'true']);
    assert.is(answer.code, 125, flags.join(' '));
  }
  assert.is(await two.box.ok(['ps', '-aq']), '');
});

const files: Record<string, readonly string[]> = {
  memory: ['limit_in_bytes', 'memsw.limit_in_bytes', 'soft_limit_in_bytes', 'swappiness', 'oom_control'],
  cpu: ['cfs_period_us', 'cfs_quota_us', 'shares'],
  cpuset: ['cpus', 'mems'],
  blkio: ['read_bps_device', 'write_bps_device', 'read_iops_device', 'write_iops_device'].map(one => `throttle.${one}`),
  pids: ['max'],
};

/** What the kernel has for a group, and what a process of the container is held to. */
function facts(group: (controller: string) => string, pid: string): string[] {
  const settings = Object.entries(files).flatMap(([controller, names]) =>
    names.map(name => {
      const file = `${group(controller)}/${controller}.${name}`;
      return `${name}: ${existsSync(file) ? readFileSync(file, 'utf8').trim() : 'no such file'}`;
    }),
  );
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8').split('\n');
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n');
  return [
    ...settings,
    `score ${readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim()}`,
    ...limits.filter(line => /core file|open files/.test(line)),
    ...mounts.filter(line => line.includes(' /dev/shm ')).map(line => line.split(' - ')[1]!.replace(/,inode64/, '')),
  ];
}

const shown = [
  'Memory MemorySwap MemoryReservation MemorySwappiness CpuShares CpuPeriod CpuQuota NanoCpus CpusetCpus CpusetMems',
  'BlkioWeight OomKillDisable OomScoreAdj PidsLimit ShmSize',
];
const format = shown
  .flatMap(names => names.split(' '))
  .map(
    name =>
      `${name}={{json .HostConfig.${name.replace('Cpus', name === 'NanoCpus' ? 'CPUs' : 'Cpus').replace(/^Cpu(?!set)/, 'CPU')}}}`,
  )
  .join(' ');
const lists = ['ReadBps', 'WriteBps', 'ReadIOps', 'WriteIOps'].map(
  name => `{{range .HostConfig.BlkioDevice${name}}}{{.Path}} {{.Rate}} {{end}}`,
);

const given: Record<string, string[]> = {
  nothing: [],
  'every limit': [
    ...['-m', '64m', '--memory-swap', '96m', '--memory-reservation', '32m', '--memory-swappiness', '10'],
    ...['--oom-score-adj', '300', '--cpu-shares', '512', '--cpu-period', '50000', '--cpu-quota', '20000'],
    ...['--cpuset-cpus', '0', '--cpuset-mems', '0', '--pids-limit', '50', '--shm-size', '1m', '--oom-kill-disable'],
    ...['--ulimit', 'nofile=100:200', '--ulimit', 'core=0'],
    ...['--device-read-bps', `${disk}:1mb`, '--device-write-bps', `${disk}:2mb`],
    ...['--device-read-iops', `${disk}:100`, '--device-write-iops', `${disk}:200`],
  ],
  'CPUs as a number, swap without end': ['--cpus', '1.5', '-m', '64m', '--memory-swap', '-1', '--pids-limit', '-1'],
  'a fraction, a limit that is given twice': ['--cpus', '1/2', '--ulimit', 'core=5', '--ulimit', 'core=1:2'],
  'zero is no limit': ['-m', '0', '--cpus', '0', '--pids-limit', '0', '--cpu-shares', '0', '--shm-size', '0'],
};

for (const [what, flags] of Object.entries(given))
  onV1(`the kernel is told the same: ${what}`, async () => {
    if (flags.includes(`${disk}:1mb`) && !existsSync(disk)) return;
    const words = ['run', '-d', '--name', 'one', '--network', 'none', ...flags, 'bb', 'sleep', '1000'];
    const { there, here } = await two.ask(words);
    assert.equal([there.code, here.code], [0, 0], there.stderr + here.stderr);
    const [theirs, ours] = [there.stdout.trim(), here.stdout.trim()];
    try {
      const pid = await two.ask(['inspect', '-f', '{{.State.Pid}}', 'one']);
      const docker = facts(name => `/sys/fs/cgroup/${name}/docker/${theirs}`, pid.there.stdout.trim());
      const own = facts(name => `/sys/fs/cgroup/${name}${cgroupParent(two.box)}/${ours}`, pid.here.stdout.trim());
      if (what === 'nothing') assert.equal(own.slice(0, -4), docker.slice(0, -4));
      assert.equal(own.slice(0, -3), docker.slice(0, -3));
      assert.is(own.at(-1), docker.at(-1));
      if (flags.some(flag => flag.startsWith('nofile'))) assert.equal(own, docker);
      await two.same(['inspect', '-f', [format, ...lists].join(' '), 'one']);
      if (flags.includes('--ulimit'))
        await two.same(['inspect', '-f', '{{range .HostConfig.Ulimits}}{{.Name}} {{.Soft}} {{.Hard}} {{end}}', 'one']);
    } finally {
      await two.ask(['rm', '-f', 'one']);
    }
  });

test('what Docker warns of, we warn of', async () => {
  await two.same(['run', '--rm', '--network', 'none', '--oom-kill-disable', 'bb', 'true']);
  if (!existsSync('/sys/fs/cgroup/blkio/blkio.weight'))
    await two.same(['run', '--rm', '--network', 'none', '--blkio-weight', '5', 'bb', 'true']);
});

test.run();
