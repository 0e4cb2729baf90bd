// @mounts-nothing what a container may do is the same below a shared mount
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';
import { stopper } from './support/stopper.ts';

/** What flags give a container, and that each gives no more than it says. */
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;
test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => box.removeAll());

const fields = (status: string) =>
  Object.fromEntries(status.split('\n').map(line => line.split(/:\s*/) as [string, string]));
const statusOf = async (...flags: string[]) => fields(await box.sh('cat /proc/self/status', ...flags));
const devicesList = 'cat /sys/fs/cgroup/devices/devices.list';

test('capabilities: what is added and dropped is what the kernel says; none is inherited', async () => {
  const usual = await statusOf();
  const none = await statusOf('--cap-drop', 'ALL');
  const one = await statusOf('--cap-drop', 'all', '--cap-add', 'net_bind_service');
  const user = await statusOf('--cap-add', 'CAP_SYS_PTRACE', '-u', '1000');
  assert.is(none.CapBnd, '0000000000000000');
  assert.is(one.CapBnd, '0000000000000400');
  assert.is(BigInt(`0x${user.CapBnd}`), BigInt(`0x${usual.CapBnd}`) | (1n << 19n));
  assert.is(user.CapPrm, '0000000000000000');
  for (const status of [usual, none, one, user])
    assert.equal([status.CapInh, status.CapAmb], ['0000000000000000', '0000000000000000']);
});

test('the filter follows the capabilities: what SYS_ADMIN may do is not filtered for it, and is for others', async () => {
  const script = 'mkdir -p /x; mount -t tmpfs x /x 2>&1; hostname new 2>&1 && hostname';
  assert.match(
    await box.sh(`${script} || true`),
    /mount: permission denied.*\n.*hostname: sethostname: Operation not permitted/s,
  );
  assert.is(await box.sh(script, '--cap-add', 'SYS_ADMIN'), 'new');
});

test('a privileged container has all that the host gives, and another one beside it has not', async () => {
  const look = `cat /proc/self/status; ls /proc/keys /sys/firmware | wc -l; (echo x > /proc/sys/kernel/domainname) && echo writable;
    grep -c '^sysfs /sys sysfs rw' /proc/mounts; ${devicesList}; cat /proc/1/mountinfo | grep -c -E ' /proc/(bus|sys|keys) ' || true`;
  const status = fields(await box.sh(look, '--privileged'));
  const own = fields(await box.sh('cat /proc/self/status', '--cap-add', 'ALL'));
  assert.equal([status.CapBnd, status.CapEff, status.Seccomp], [own.CapBnd, own.CapBnd, '0']);
  const text = await box.sh(`${look} || true`, '--privileged');
  assert.match(text, /writable\n1\na \*:\* rwm\n0$/);
  const nodes = (await box.sh('ls /dev', '--privileged')).split('\n');
  assert.ok(nodes.includes('kmsg') && nodes.includes('null'));
  const beside = await box.sh(`${look} 2>&1 || true`);
  assert.match(beside, /Seccomp:\s2/);
  assert.not.match(beside, /writable|a \*:\* rwm/);
  assert.not.match(await box.sh('ls /dev'), /kmsg/);
});

test('exec into a privileged container has its rights, exec into another has not', async () => {
  const id = await box.start('sleep 1000', '--privileged');
  const own = fields(await box.inside(id.trim(), 'cat /proc/1/status'));
  const entrant = fields(await box.inside(id.trim(), 'cat /proc/self/status'));
  assert.equal([entrant.CapBnd, entrant.CapEff, entrant.Seccomp], [own.CapBnd, own.CapEff, '0']);
  const nnp = await box.start('sleep 1000', '--security-opt', 'no-new-privileges', '--group-add', '4711');
  assert.is(fields(await box.inside(nnp.trim(), 'cat /proc/self/status')).NoNewPrivs, '1');
  assert.match(await box.inside(nnp.trim(), 'id -G'), /\b4711$/);
});

test('no-new-privileges, as Docker writes it', async () => {
  assert.is((await statusOf('--security-opt', 'no-new-privileges')).NoNewPrivs, '1');
  assert.is((await statusOf('--security-opt', 'no-new-privileges:false')).NoNewPrivs, '0');
});

test('a profile of the user filters what it says and nothing else', async () => {
  const file = join(temporaryFolder('profile'), 'p.json');
  const rule = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 5, comment: 'no directories' };
  const others = [
    { names: ['rmdir'], action: 'SCMP_ACT_ERRNO', excludes: { caps: ['CAP_SYS_ADMIN'] } },
    { names: ['rmdir'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'] } },
  ];
  const archMap = [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }];
  const arm = { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] };
  writeFileSync(
    file,
    JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', archMap: [...archMap, arm], syscalls: [rule, ...others] }),
  );
  const script = 'mkdir /x 2>&1; rmdir /home/x 2>&1; touch /y && echo touched';
  const with_ = ['--security-opt', `seccomp=${file}`];
  assert.is(
    await box.sh(script, ...with_),
    "mkdir: can't create directory '/x': Input/output error\nrmdir: '/home/x': Operation not permitted\ntouched",
  );
  assert.match(await box.sh(script, ...with_, '--cap-add', 'SYS_ADMIN'), /rmdir: '\/home\/x': No such file/);
  assert.is((await statusOf('--security-opt', 'seccomp=unconfined')).Seccomp, '0');
  writeFileSync(file, JSON.stringify({ defaultAction: 'SCMP_ACT_NOTIFY' }));
  const { exitCode, stderr } = await box.minidock(['run', '--rm', ...with_, 'bb', 'true']);
  assert.is(exitCode, 125);
  assert.match(String(stderr), /^minidock: Decoding seccomp profile failed: defaultAction is "SCMP_ACT_NOTIFY"[^\n]*$/);
  assert.is(await box.ok(['ps', '-aq']), '');
});

test('--device gives this device with these rights: no other number, no other access', async () => {
  const full = statSync('/dev/full').rdev;
  assert.is(full, 0x107);
  const script = `
    ls -l /dev/mine | cut -c1-10
    (: < /dev/mine) && echo reads
    (: > /dev/mine) 2>&1 || true
    mknod /tmp/zero c 1 5; mknod /tmp/other b 7 1; (head -c 1 /tmp/other) 2>&1 || true`;
  // kmsg is none of those that every container may open.
  const look = await box.sh(script, '--device', '/dev/kmsg:/dev/mine:r', '--cap-add', 'SYSLOG');
  assert.match(
    look,
    /^c[rw-]{9}\nreads\n.*can't create \/dev\/mine: Operation not permitted\n.*Operation not permitted$/s,
  );
  const rules = (text: string) => text.split('\n').toSorted();
  const usual = rules(await box.sh(devicesList));
  assert.equal(rules(await box.sh(devicesList, '--device', '/dev/kmsg:r')), [...usual, 'c 1:11 r'].toSorted());
  assert.equal(
    rules(await box.sh(devicesList, '--device-cgroup-rule', 'a 10:200 r', '--device-cgroup-rule', 'c 5:* w')),
    [...usual, 'b 10:200 r', 'c 10:200 r', 'c 5:* w'].toSorted(),
    'a rule for both types is not for everything, as it is with Docker',
  );
});

test('a device gets its place among the files of the image, and a link there leads it nowhere', async () => {
  assert.match(await box.sh('ls -l /opt/n/zero', '--device', '/dev/zero:/opt/n/zero'), /^crw-rw-rw-.* 1, +5 .*zero$/);
  assert.match(await box.sh('ls -lR /dev/many', '--device', '/dev/net:/dev/many'), /crw.* 10, 200 .*tun/);
  for (const place of ['/proc/x', '/sys/x', '/dev/fd/7', '/dev/stdout', '/dev/pts/9', '/dev', '/', '/dev/../proc/x']) {
    const { exitCode, stderr } = await box.minidock(['run', '--rm', '--device', `/dev/zero:${place}`, 'bb', 'true']);
    assert.is(exitCode, 125, place);
    assert.match(String(stderr), /a device cannot be made at/, place);
  }
  await box.build('linked', [
    { name: 'opt', type: 'symlink', linkname: '/proc/self/fd' },
    { name: 'srv', type: 'symlink', linkname: '/' },
  ]);
  const into = await box.minidock([
    'run',
    '--rm',
    '--network',
    'none',
    '--device',
    '/dev/zero:/opt/5/z',
    'linked',
    'true',
  ]);
  assert.is(into.exitCode, 125);
  const run = ['run', '--rm', '--network', 'none', '--device', '/dev/zero:/srv/z', 'linked', 'ls', '-l', '/z'];
  assert.match(await box.ok(run), /^c/);
});

test('sysctls of its namespaces are set, and the host keeps its own', async () => {
  const flags = [
    '--sysctl',
    'net.ipv4.ip_default_ttl=99',
    '--sysctl',
    'kernel.shmmax=12345',
    '--domainname',
    'example.org',
  ];
  const show = 'cd /proc/sys; cat net/ipv4/ip_default_ttl kernel/shmmax kernel/domainname';
  const host = ['net/ipv4/ip_default_ttl', 'kernel/shmmax', 'kernel/domainname'].map(name =>
    statSync(`/proc/sys/${name}`).isFile(),
  );
  assert.equal(host, [true, true, true]);
  assert.is(await box.sh(show, ...flags), '99\n12345\nexample.org');
  assert.not.match(await box.sh(show), /99\n12345|example/);
  const { exitCode, stderr } = await box.minidock([
    'run',
    '--rm',
    '--network',
    'none',
    '--sysctl',
    'net.nosuch=1',
    'bb',
    'true',
  ]);
  assert.equal(
    [exitCode, String(stderr)],
    [
      125,
      'minidock: cannot set the sysctl "net.nosuch" to "1": the kernel has no such setting in the namespaces of a container',
    ],
  );
});

test('a read-only root: nothing is written but on volumes; also by exec', async () => {
  const folder = temporaryFolder('volume');
  const id = (await box.start('sleep 1000', '--read-only', '-v', `${folder}:/data`)).trim();
  const tries =
    '(: > /x) 2>&1; (: > /etc/hosts) 2>&1; mount -o remount,rw / 2>&1; touch /data/y /dev/shm/z && echo volumes';
  const text = await box.inside(id, tries);
  assert.match(text, /\/x: Read-only.*\/etc\/hosts: Read-only.*permission denied.*volumes$/s);
});

const joins = async (flags: string[], script = 'echo joined') => {
  const { exitCode, stdout, stderr } = await box.minidock([
    'run',
    '--rm',
    '--network',
    'none',
    ...flags,
    'bb',
    'sh',
    '-c',
    script,
  ]);
  return { code: exitCode, out: String(stdout), err: String(stderr) };
};

test('a pid that the kernel gave to another container since does not lead into it', async () => {
  const id = (await box.start('sleep 1000')).trim();
  const other = (await box.start('sleep 1000')).trim();
  const running = (container: string) => join(box.execRoot, container.slice(0, 12), 'running.json');
  const own = JSON.parse(readFileSync(running(id), 'utf8'));
  const { pid, namespaces } = JSON.parse(readFileSync(running(other), 'utf8'));
  assert.is((await joins(['--pid', `container:${id}`])).out, 'joined');
  // As after the end of the first container, with its pid used again.
  writeFileSync(running(id), JSON.stringify({ ...own, pid }));
  const led = await joins(['--pid', `container:${id}`], 'cat /proc/1/cmdline');
  assert.equal([led.code, led.out], [125, ''], led.err);
  writeFileSync(running(id), JSON.stringify({ ...own, namespaces: { ...own.namespaces, pid: namespaces.pid } }));
  assert.is((await joins(['--pid', `container:${id}`])).code, 125);
  assert.is((await box.ok(['ps', '-q'])).split('\n').length, 2, 'nothing is left of those that failed');
  writeFileSync(running(id), JSON.stringify(own));
  assert.is((await joins(['--pid', `container:${id}`])).out, 'joined');
});

test('shared memory that a container put something else in the place of is not taken', async () => {
  const tricks = {
    'a link': 'umount /dev/shm && rmdir /dev/shm && ln -s /etc /dev/shm',
    'a link above':
      'umount /dev/shm && mount -t tmpfs t /tmp && mkdir /tmp/shm && mount --move /dev /mnt && rmdir /dev && ln -s /tmp /dev',
    'a directory': 'umount /dev/shm && mount --bind /etc /dev/shm',
    nothing: 'umount /dev/shm && rmdir /dev/shm',
  };
  for (const [what, trick] of Object.entries(tricks)) {
    const script = `mkdir -p /mnt; ${trick} && echo tricked; sleep 1000`;
    const id = (await box.start(script, '--ipc', 'shareable', '--cap-add', 'SYS_ADMIN')).trim();
    await eventually(async () => assert.is(await box.ok(['logs', id]), 'tricked', what));
    const { code, out, err } = await joins(['--ipc', `container:${id}`], 'ls /dev/shm');
    assert.equal([code, out], [125, ''], `${what}: ${err}`);
  }
});

test('a container that stops all that enters its processes does not hold up who joins it', async () => {
  const id = (await box.start(stopper(true))).trim();
  const { code, err } = await joins(['--pid', `container:${id}`], 'exit 0');
  assert.ok(code === 0 || /stops every process/.test(err), `${code}: ${err}`);
});

test('nothing of a container with the processes of the host in sight outlives it', async () => {
  const marker = '48151623';
  assert.is(await box.sh(`sleep ${marker} & sleep ${marker} & ps | grep -c 'sleep ${marker}$'`, '--pid', 'host'), '2');
  const seen = await box.sh('ps', '--pid', 'host');
  assert.not.match(seen, new RegExp(`sleep ${marker}`));
  await eventually(async () => assert.is(await box.ok(['ps', '-aq']), ''));
});

test.run();
