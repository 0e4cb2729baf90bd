// @long it boots a machine that is emulated
import * as assert from 'uvu/assert';
import { labIds, readLabText } from '../src/workshop/lab/catalog.ts';
import { fillIn, sheetParts } from '../src/workshop/lab/sheet.ts';
import { eventually } from './support/eventually.ts';
import { bootGuest, type Guest } from './support/guest.ts';
import { requires } from './support/requires.ts';

/** What the sheets of the labs use. */
const programs = ['bash', 'bridge', 'curl', 'ip', 'nsenter', 'ps', 'tcpdump'];
/**
 * A host with cgroup v2 alone: Debian's kernel in a virtual machine, booted once. Every command there takes seconds, so that a
 * container answers as many questions as it can.
 */
const test = requires(
  ...['root', 'x64', 'qemu-system-x86_64', 'vm-kernel', 'mkfs.ext4', 'busybox', 'iptables', 'unshare'],
  ...(process.env.MINIDOCK_FULL === '1' ? ['bridge', 'curl', 'ip', 'nsenter', 'tcpdump'] : []),
);

/** A lab takes a minute there and more, so that the gate types one block of one sheet; `npm run test:labs` does all of them. */
const labs =
  process.env.MINIDOCK_FULL === '1' ? labIds().filter(id => id.startsWith(process.env.MINIDOCK_LAB ?? '')) : [];
const [groupOfContainer] = sheetParts(readLabText('08-resource-limits', 'en'), 2)
  .flatMap(({ blocks }) => blocks)
  .filter(({ content }) => content.startsWith('group() {'));

let guest: Guest;
test.before(async () => {
  guest =
    labs.length === 0
      ? await bootGuest(['test/cgroup.test.ts'])
      : await bootGuest(['test/cgroup.test.ts', 'labs/labs.test.ts'], { folders: ['labs'], programs });
});
test.after(() => guest?.machine.stop());

/** What is there of containers: groups, mounts, links, processes, rules for a port. */
const traces = `
  find /sys/fs/cgroup/minidock -mindepth 1 -type d ! -name shims
  grep -c /var/lib/minidock /proc/self/mountinfo
  ip link | grep -c veth
  ps -o args | grep -c '^minidock-shim'
  iptables-save | grep -c 8080
  true`;
const nothing = ['0', '0', '0', '0'];

test('doctor finds nothing missing', async () => {
  const { code, stdout } = await guest.machine.run('minidock doctor');
  assert.is(code, 0, stdout);
  assert.match(stdout, /✔ cgroups +v2: .*\bmemory\b.*\bpids\b/);
  assert.not.match(stdout, /unified_cgroup_hierarchy|✘/);
});

test('run: output, exit code, limits as the container reads them, and devices', async () => {
  const inside = `
    cat /proc/self/cgroup
    cd /sys/fs/cgroup && cat memory.max memory.swap.max memory.low cpu.max cpu.weight cpuset.cpus pids.max io.max cgroup.controllers
    echo x >/dev/null && head -c 4 /dev/zero | wc -c
    mknod /tmp/disk b 254 0 && head -c 1 /tmp/disk
    mknod /tmp/kmsg c 1 11 && head -c 1 /tmp/kmsg
    exit 3`;
  const { code, stdout, stderr } = await guest.machine.run(
    `minidock run --rm --network none -m 64m --memory-reservation 32m --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 \
      --pids-limit 20 --device-read-bps /dev/vda:1mb bb sh -c '${inside}'`,
  );
  assert.equal(
    { code, stdout: stdout.trimEnd().split('\n') },
    {
      code: 3,
      stdout: [
        ...['0::/', `${64 << 20}`, `${64 << 20}`, `${32 << 20}`, '50000 100000', '20', '0', '20'],
        ...['254:0 rbps=1048576 wbps=max riops=max wiops=max', 'cpuset cpu io memory pids', '4'],
      ],
    },
    stderr,
  );
  assert.equal(stderr.trimEnd().split('\n'), [
    'head: /tmp/disk: Operation not permitted',
    'head: /tmp/kmsg: Operation not permitted',
  ]);
  // The twin: on the host both can be opened, so the rules were what refused it.
  await guest.ok('head -c 1 /dev/vda >/dev/null && head -c 1 /dev/kmsg >/dev/null');
});

test('a published port answers from outside of the machine; exec, update, stats and pause reach it; stop and rm leave nothing', async () => {
  await guest.ok('minidock run -d --name web -p 8080:80 bb sh -c "echo hello >/tmp/index.html; exec httpd -f -h /tmp"');
  const page = await eventually(async () => (await fetch(`http://127.0.0.1:${guest.port}/`)).text(), 60);
  assert.is(page, 'hello\n');
  assert.is(await guest.ok('wget -qO- http://127.0.0.1:8080/'), 'hello');
  const { code, stdout } = await guest.machine.run("minidock exec web sh -c 'cat /proc/self/cgroup; exit 7'");
  assert.equal({ code, stdout }, { code: 7, stdout: '0::/\n' });
  await guest.ok('minidock update -m 96m --memory-swap 128m --cpus 0.75 --pids-limit 33 web');
  assert.equal(
    (
      await guest.ok(
        `cd /sys/fs/cgroup/minidock/$(minidock ps -q --no-trunc) && cat memory.max memory.swap.max cpu.max pids.max`,
      )
    ).split('\n'),
    [...[`${96 << 20}`, `${32 << 20}`, '75000 100000', '33']],
  );
  const typed = `${fillIn(groupOfContainer!.content, { one: 'web' })}cat $(group pids web)/pids.max`;
  assert.match(await guest.ok(typed), /^memory\.max$[\s\S]*^33$/m);
  assert.match(
    await guest.ok('minidock stats --no-stream --format "{{.Name}} {{.MemUsage}} {{.PIDs}}" web'),
    /^web \S+ \/ 96MiB 1$/,
  );
  const frozen = 'grep -h frozen /sys/fs/cgroup/minidock/*/cgroup.events | sort';
  assert.is(await guest.ok(`minidock pause web >/dev/null && ${frozen}`), 'frozen 0\nfrozen 1');
  assert.is(await guest.ok(`minidock unpause web >/dev/null && ${frozen}`), 'frozen 0\nfrozen 0');
  assert.is(await guest.ok('wget -qO- http://127.0.0.1:8080/'), 'hello');
  assert.is.not(await guest.ok(traces), nothing.join('\n'));
  await guest.ok('minidock stop -t 1 web && minidock rm web');
  await eventually(async () => assert.equal((await guest.ok(traces)).split('\n'), nothing), 60);
});

test('a container that takes too much memory is killed, and inspect says why', async () => {
  const { code } = await guest.machine.run(
    'minidock run --name greedy --network none -m 16m bb dd if=/dev/zero of=/dev/null bs=64M count=1',
  );
  assert.is(code, 137);
  assert.is(await guest.ok("minidock inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' greedy"), 'true 137');
  await guest.ok('minidock rm -f greedy');
});

test('a process that the kernel ends is told of at once, while the container lives on', async () => {
  await guest.ok(
    "minidock run -d --name leaky --network none -m 16m --memory-swap 16m bb sh -c 'tail /dev/zero; sleep 1000'",
  );
  const told = 'minidock events --since 1h --until 0s --filter container=leaky --filter event=oom | wc -l';
  await eventually(async () => assert.is(await guest.ok(told), '1'), 60);
  assert.is(await guest.ok("minidock inspect -f '{{.State.Status}}' leaky"), 'running');
  await guest.ok('minidock rm -f leaky');
});

test('--device gives a device with the rights that were asked for, and no other', async () => {
  const inside = `
    head -c 4 /dev/disk | wc -c
    (: >>/dev/disk)
    mknod /tmp/kmsg c 1 11 && head -c 1 /tmp/kmsg`;
  const { stdout, stderr } = await guest.machine.run(
    `minidock run --rm --network none --device /dev/vda:/dev/disk:r bb sh -c '${inside}'`,
  );
  assert.is(stdout, '4\n', stderr);
  assert.equal(stderr.trimEnd().split('\n'), [
    "sh: can't create /dev/disk: Operation not permitted",
    'head: /tmp/kmsg: Operation not permitted',
  ]);
});

test('--privileged gives every device of the host, every capability, and groups to write', async () => {
  const inside = `
    head -c 4 /dev/vda | wc -c
    mknod /tmp/disk b 254 0 && head -c 4 /tmp/disk | wc -c
    grep CapEff /proc/self/status
    mkdir /sys/fs/cgroup/own && rmdir /sys/fs/cgroup/own && echo groups`;
  const { stdout, stderr } = await guest.machine.run(
    `minidock run --rm --network none --privileged bb sh -c '${inside}'; grep CapEff /proc/self/status`,
  );
  const [named, made, capabilities, groups, host] = stdout.trimEnd().split('\n');
  assert.equal([named, made, groups, stderr], ['4', '4', 'groups', '']);
  assert.is(capabilities, host);
});

test('exec joins a container that has a tree of groups of its own, and rm -f removes the tree', async () => {
  const grow =
    'cd /groups/minidock/$(hostname)* && mkdir init && echo 1 >init/cgroup.procs && echo +pids >cgroup.subtree_control';
  await guest.ok(
    `minidock run -d --name tree --network none -v /sys/fs/cgroup:/groups bb sh -c '${grow} && touch /grown; exec sleep 1000'`,
  );
  const look = 'until [ -e /grown ]; do sleep 0.1; done; cat /proc/self/cgroup';
  assert.is(await guest.ok(`minidock exec tree sh -c '${look}'`), '0::/init');
  await guest.ok('minidock rm -f tree');
  await eventually(async () => assert.equal((await guest.ok(traces)).split('\n'), nothing), 60);
});

test('the contract of the cgroup driver', async () => {
  const output = await guest.test('test/cgroup.test.ts');
  assert.match(output, /cgroup v2 .*• •/);
  assert.not.match(output, /skipped: cgroup v2/);
});

for (const id of labs)
  test(`lab ${id}: sheet and key, as on the host`, async () => {
    const output = await guest.test('labs/labs.test.ts', { env: { MINIDOCK_LAB: id }, seconds: 900 });
    assert.not.match(output, /skipped:/);
  });

/** A shell whose top of cgroups is a group below the machine's, as in another engine's container. */
const nested = (group: string, script: string) => `
  mkdir -p ${group} && echo 0 >${group}/cgroup.procs
  exec /usr/bin/unshare -C -m sh -c 'umount /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; ${script}'`;
const run = 'minidock --exec-root /run/nested run --rm --network none';

test('nested: a top that holds processes is said with what to do, and then does', async () => {
  const { code, stderr } = await guest.machine.run(nested('/sys/fs/cgroup/nested', `${run} bb true`));
  assert.is(code, 125);
  assert.match(
    stderr,
    /^minidock: .*cgroup\.subtree_control.* = EBUSY .*\n {2}fix: .*move its processes into a group below/,
  );
  const moved = `mkdir -p /sys/fs/cgroup/init; for pid in $(cat /sys/fs/cgroup/cgroup.procs); do echo $pid >/sys/fs/cgroup/init/cgroup.procs; done 2>/dev/null; ${run} -m 32m bb cat /sys/fs/cgroup/memory.max`;
  assert.is(await guest.ok(nested('/sys/fs/cgroup/nested', moved)), String(32 << 20));
});

test('nested: a limit whose controller was not handed down is refused, and without it containers run', async () => {
  const below = '/sys/fs/cgroup/delegated/below';
  await guest.ok(
    'mkdir /sys/fs/cgroup/delegated && echo "+cpu +pids" >/sys/fs/cgroup/delegated/cgroup.subtree_control',
  );
  const script = `mkdir /sys/fs/cgroup/init; echo 0 >/sys/fs/cgroup/init/cgroup.procs; ${run} -m 32m bb true; echo $?; ${run} --pids-limit 9 bb cat /sys/fs/cgroup/pids.max`;
  const { stdout, stderr } = await guest.machine.run(nested(below, script));
  assert.is(stdout, '125\n9\n', stderr);
  assert.match(stderr, /^minidock: this host has no cgroup controller "memory" to set memory\.max\n {2}fix: /);
});

test.run();
