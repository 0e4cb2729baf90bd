// @mounts-nothing its subject is the cgroup
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { cgroupParent, containerPaths } from '../src/state/paths.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';
import { onTerminal } from './support/terminal.ts';

const test = requires('root', 'busybox', 'overlayfs');
const onV1 = requires('root', 'busybox', 'overlayfs', 'cgroup1');
const onTty = requires('root', 'busybox', 'overlayfs', 'script');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

const group = (controller: string, id: string) => join('/sys/fs/cgroup', controller, cgroupParent(box), id);
const read = (controller: string, id: string, file: string) =>
  readFileSync(join(group(controller, id), file), 'utf8').trim();

onV1('--memory, --cpus and --pids-limit are what the kernel is told, and what the container sees', async () => {
  const id = await box.start('sleep 1000', '--memory', '32m', '--cpus', '0.5', '--pids-limit', '20');
  assert.is(read('memory', id, 'memory.limit_in_bytes'), String(32 << 20));
  assert.is(read('memory', id, 'memory.memsw.limit_in_bytes'), String(64 << 20), 'Docker allows as much swap again');
  assert.is(read('cpu', id, 'cpu.cfs_quota_us'), '50000');
  assert.is(read('cpu', id, 'cpu.cfs_period_us'), '100000');
  assert.is(read('pids', id, 'pids.max'), '20');
  assert.is(
    await box.inside(id, 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max'),
    `${32 << 20}\n20`,
  );
  assert.is(
    await box.inspect(id, '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}'),
    `${32 << 20} 500000000 20`,
  );
  const pid = await box.inspect(id, '{{.State.Pid}}');
  for (const line of readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n'))
    if (!line.startsWith('0::')) assert.ok(line.endsWith(`${cgroupParent(box)}/${id}`), line);
  await box.ok(['rm', '-f', id]);
  for (const controller of ['memory', 'cpu', 'pids', 'devices', 'freezer', 'systemd'])
    assert.not.ok(existsSync(group(controller, id)), controller);
});

onV1('exec’d processes are under the same limits', async () => {
  const id = await box.start('sleep 1000', '--pids-limit', '5');
  const result = await box.minidock(['exec', id, 'sh', '-c', 'for i in 1 2 3 4 5 6 7 8; do sleep 20 & done']);
  assert.match(String(result.stderr), /can't fork|Resource temporarily unavailable/);
  assert.ok(Number(read('pids', id, 'pids.current')) <= 5);
  await box.ok(['rm', '-f', id]);
});

test('the memory limit ends the container: 137, OOMKilled, and the reason', async () => {
  const result = await box.minidock([
    'run',
    '--name',
    'hungry',
    '--network',
    'none',
    '-m',
    '16m',
    'bb',
    'sh',
    '-c',
    'x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done',
  ]);
  assert.is(result.exitCode, 137, String(result.stderr));
  assert.is(
    await box.inspect('hungry', '{{.State.OOMKilled}} {{.State.ExitCode}} {{.State.Status}}'),
    'true 137 exited',
  );
  const told = await box.ok([
    'events',
    '--since',
    '10m',
    '--until',
    '0s',
    '-f',
    'container=hungry',
    '--format',
    '{{.Action}}',
  ]);
  assert.match(told, /\noom\ndie/);
  await box.ok(['rm', 'hungry']);
});

test('memory of /dev/shm counts', async () => {
  const result = await box.minidock([
    'run',
    '--rm',
    '--network',
    'none',
    '-m',
    '16m',
    'bb',
    'dd',
    'if=/dev/zero',
    'of=/dev/shm/x',
    'bs=1M',
    'count=60',
  ]);
  assert.is(result.exitCode, 137, String(result.stderr));
});

test('a fork bomb stays in its container', async () => {
  const id = await box.start('bomb() { bomb | bomb & }; bomb; while :; do sleep 0.2; done', '--pids-limit', '30');
  await eventually(() => assert.ok(Number(read('pids', id, 'pids.events').split(' ')[1]) > 0));
  assert.ok(Number(read('pids', id, 'pids.current')) <= 30);
  await box.ok(['rm', '-f', id]);
  assert.not.ok(existsSync(group('pids', id)));
});

test('--cpus takes time away', async () => {
  const id = await box.start('while :; do :; done', '--cpus', '0.1');
  await eventually(() => assert.ok(Number(/nr_throttled (\d+)/.exec(read('cpu', id, 'cpu.stat'))?.[1]) > 2));
  await box.ok(['rm', '-f', id]);
});

onV1('devices: those of /dev can be used, a disk cannot though its node can be made', async () => {
  const disk = readFileSync('/proc/partitions', 'utf8').trim().split('\n').at(-1)!.trim().split(/\s+/);
  const answer = await box.sh(
    `mknod /tmp/disk b ${disk[0]} ${disk[1]} && echo made; cat /tmp/disk 2>&1 | head -c 100
     mknod /tmp/null c 1 3; echo x > /tmp/null && echo null; mknod /tmp/kmsg c 1 11; cat /tmp/kmsg 2>&1; mknod /tmp/mem c 1 1; cat /tmp/mem 2>&1
     mknod /tmp/tun c 10 200; cat /tmp/tun 2>&1; mknod /tmp/fuse c 10 229; cat /tmp/fuse 2>&1; true`,
  );
  assert.equal(answer.split('\n'), [
    'made',
    "cat: can't open '/tmp/disk': Operation not permitted",
    'null',
    ...['kmsg', 'mem', 'tun', 'fuse'].map(name => `cat: can't open '/tmp/${name}': Operation not permitted`),
  ]);
});

test('--ulimit holds for what exec starts, too, and not for the supervisor', async () => {
  const id = await box.start(
    'sleep 1000',
    '--ulimit',
    'nofile=50:60',
    '--ulimit',
    'fsize=4096',
    '--oom-score-adj',
    '77',
  );
  assert.is(await box.inside(id, 'ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj'), '50\n60\n77');
  assert.match(
    String((await box.minidock(['exec', id, 'sh', '-c', 'head -c 9999 /dev/zero > /tmp/large'])).exitCode),
    /^(1|153)$/,
    'a file may have 4096 bytes',
  );
  const pid = await box.inspect(id, '{{.State.Pid}}');
  const supervisor = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
  assert.not.match(readFileSync(`/proc/${supervisor}/limits`, 'utf8'), /Max file size +4096|Max open files +50 /);
  await box.ok(['rm', '-f', id]);
});

test('no descriptor left is enough for a container', async () => {
  assert.is(await box.sh('ulimit -n', '--ulimit', 'nofile=3'), '3');
});

test('a limit that this machine cannot give is refused in one line, and nothing stays', async () => {
  const result = await box.minidock(['run', '--rm', '--ulimit', 'nofile=-1', 'bb', 'true']);
  assert.is(result.exitCode, 125);
  assert.match(String(result.stderr), /^minidock: error setting rlimit nofile to unlimited: /);
  const disk = await box.minidock(['run', '--rm', '--device-read-bps', '/dev/nosuch:1mb', 'bb', 'true']);
  assert.is(disk.exitCode, 125);
  assert.match(String(disk.stderr), /^minidock: stat \/dev\/nosuch: no such file or directory\n/);
});

onV1(
  'update changes what runs, what starts again, and config.json; what cannot be is refused and changes nothing',
  async () => {
    const id = await box.start(
      'dd if=/dev/zero of=/dev/shm/x bs=1M count=30 2>/dev/null; exec sleep 1000',
      '-m',
      '64m',
    );
    await eventually(async () => assert.match(await box.inside(id, 'ls -l /dev/shm/x'), / 31457280 /));
    const below = await box.minidock(['update', '-m', '8m', '--memory-swap', '8m', id]);
    assert.is(below.exitCode, 1);
    assert.match(
      String(below.stderr),
      /^minidock: Cannot update container \w{64}: unable to set memory limit to 8388608 \(current usage: \d+, peak usage: \d+\)/,
    );
    assert.is(await box.inspect(id, '{{.HostConfig.Memory}}'), String(64 << 20));
    await box.ok(['update', '-m', '96m', '--memory-swap', '96m', '--pids-limit', '9', '--cpus', '0.5', id]);
    assert.is(read('memory', id, 'memory.limit_in_bytes'), String(96 << 20));
    assert.is(read('memory', id, 'memory.memsw.limit_in_bytes'), String(96 << 20));
    const { config } = containerPaths(box, id);
    const { memory, pids, devices } = JSON.parse(readFileSync(config, 'utf8')).linux.resources;
    assert.equal([memory, pids], [{ limit: 96 << 20, swap: 96 << 20 }, { limit: 9 }]);
    assert.ok(devices.length > 5);
    await box.ok(['restart', '-t', '0', id]);
    assert.is(read('memory', id, 'memory.limit_in_bytes'), String(96 << 20));
    assert.is(read('pids', id, 'pids.max'), '9');
    await box.ok(['rm', '-f', id]);
  },
);

test('stats says what is used: a busy CPU, memory, bytes of the network', async () => {
  const id = await box.start('while :; do :; done', '--cpus', '0.5', '-m', '32m');
  const line = await box.ok(['stats', '--no-stream', '--format', '{{.CPUPerc}} {{.MemUsage}} {{.PIDs}}', id]);
  const [, cpu] = /^([\d.]+)% \S+iB \/ 32MiB 1$/.exec(line) ?? [];
  assert.ok(Number(cpu) > 1 && Number(cpu) < 70, line);
  await box.ok(['rm', '-f', id]);
});

onTty('stats on a terminal begins each table on a clear screen, and ends by ctrl-c', async () => {
  const id = await box.start('sleep 1000', '--name', 'seen');
  const { exitCode, shown } = await onTerminal(
    `${minidockPath} stats`,
    [[/\x1b\[H\x1b\[2J[^\x1b]*seen[^\x1b]*\x1b\[H\x1b\[2J[^\x1b]*seen +\d+\.\d\d%/, '\x03']],
    box.env,
  );
  assert.is(exitCode, 130, shown);
  await box.ok(['rm', '-f', id]);
});

onV1('without the OOM killer a process at the limit waits, and the container can still be removed', async () => {
  const script = 'x=xxxxxxxxxxxxxxxx; i=0; while [ $i -lt 22 ]; do x=$x$x; i=$((i+1)); done';
  const id = await box.start(script, '-m', '16m', '--oom-kill-disable');
  await eventually(() => assert.match(read('memory', id, 'memory.oom_control'), /under_oom 1/));
  assert.is(await box.inspect(id, '{{.State.Status}}'), 'running');
  await box.ok(['update', '-m', '1g', '--memory-swap', '1g', id]);
  await eventually(async () =>
    assert.is(await box.inspect(id, '{{.State.Status}} {{.State.OOMKilled}}'), 'exited false'),
  );
  await box.ok(['rm', id]);
  const stuck = await box.start(script, '-m', '16m', '--oom-kill-disable');
  await eventually(() => assert.match(read('memory', stuck, 'memory.oom_control'), /under_oom 1/));
  await box.ok(['rm', '-f', stuck]);
});

test('limits that make no sense are refused before anything is made', async () => {
  const refused: [string[], RegExp][] = [
    [['-m', '1m'], /Minimum memory limit allowed is 6MB/],
    [['-m', 'lots'], /invalid argument "lots" for "-m, --memory" flag/],
    [['--cpus', '1000'], /Range of CPUs is from 0.01 to /],
    [['--cpus', 'x'], /failed to parse x as a rational number/],
    [['--pids-limit', 'x'], /invalid argument "x" for "--pids-limit" flag/],
    [['--kernel-memory', '64m'], /no limit for kernel memory alone any more/],
    [['--cpu-rt-runtime', '1000'], /real-time CPU time cannot be given/],
    [['--cpu-shares', '1'], /the minimum allowed cpu-shares is 2/],
    [['--ulimit', 'nofile=-2'], /it must be 0 or more, or -1 for unlimited/],
    [['--device-read-bps', '/dev/null:1mb'], /\/dev\/null is no block device/],
  ];
  for (const [flags, message] of refused) {
    const result = await box.minidock(['run', '--rm', ...flags, 'bb', 'true']);
    assert.is(result.exitCode, 125, flags.join(' '));
    assert.match(String(result.stderr), message);
  }
  assert.is(await box.ok(['ps', '-aq']), '');
});

test.run();
