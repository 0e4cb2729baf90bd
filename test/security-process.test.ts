// @mounts-nothing its subject is the process, and its mounts are those of container-isolation.test.ts
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { shimPath } from '../src/syscalls/shim.ts';
import { type BusyboxEngine, busyboxEngine, sharedFolder } from './support/busybox.ts';
import { canaryTree } from './support/canary.ts';
import { endProcesses, onExit, temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';

/** What a process in a container tries against the engine and the host. */
const test = requires('root', 'busybox', 'overlayfs', 'gcc');
let box: BusyboxEngine;
let tools: string;
const shim = shimPath();
const hash = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

test.before(async () => {
  box = await busyboxEngine();
  tools = temporaryFolder('tools');
  for (const [name, source] of [
    ['attack', attacker],
    ['overwrite', overwriter],
    ...(process.arch === 'x64' ? ([['doors', doors]] as const) : []),
  ] as const) {
    writeFileSync(join(tools, `${name}.c`), source);
    const built = spawnSync('gcc', ['-O1', '-static', '-w', '-o', join(tools, name), join(tools, `${name}.c`)], {
      encoding: 'utf8',
    });
    if (built.status !== 0) throw new Error(built.stderr);
  }
});
test.after.each(() => box.removeAll());

/** Makes each call and prints its errno; 0 is success. */
const attacker = `#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#define TRY(name, call) do { errno = 0; long r = (long)(call); printf("%s %s\\n", name, r < 0 ? strerrorname_np(errno) : "0"); } while (0)
int main(void) {
	char handle[128] = { 0 };
	unsigned attr[32] = { 0 };
	TRY("keyctl", syscall(SYS_keyctl, 0, -3, 0, 0, 0));
	TRY("add_key", syscall(SYS_add_key, "user", "x", "y", 1, -3));
	TRY("request_key", syscall(SYS_request_key, "user", "x", 0, 0));
	TRY("unshare(CLONE_NEWUSER)", unshare(CLONE_NEWUSER));
	TRY("unshare(CLONE_NEWNS)", unshare(CLONE_NEWNS));
	TRY("clone(CLONE_NEWUSER)", syscall(SYS_clone, CLONE_NEWUSER, 0, 0, 0, 0));
	TRY("clone3", syscall(SYS_clone3, attr, 64));
	TRY("mount", mount("none", "/tmp", "tmpfs", 0, 0));
	TRY("umount2", umount2("/proc/kcore", 2));
	TRY("pivot_root", syscall(SYS_pivot_root, ".", "."));
	TRY("setns", syscall(SYS_setns, 0, 0));
	TRY("bpf", syscall(SYS_bpf, 0, attr, sizeof attr));
	TRY("perf_event_open", syscall(SYS_perf_event_open, attr, 0, -1, -1, 0));
	TRY("init_module", syscall(SYS_init_module, "", 0, ""));
	TRY("finit_module", syscall(SYS_finit_module, 0, "", 0));
	TRY("delete_module", syscall(SYS_delete_module, "x", 0));
	TRY("kexec_load", syscall(SYS_kexec_load, 0, 0, 0, 0));
	TRY("reboot", syscall(SYS_reboot, 0xfee1dead, 672274793, 0, 0));
	TRY("open_by_handle_at", syscall(SYS_open_by_handle_at, AT_FDCWD, handle, 0));
	TRY("userfaultfd", syscall(SYS_userfaultfd, 0));
	TRY("swapon", syscall(SYS_swapon, "/x", 0));
	TRY("settimeofday", syscall(SYS_clock_settime, 0, handle));
	TRY("quotactl", syscall(SYS_quotactl, 0, "/", 0, 0));
	TRY("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
	TRY("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 1));
	TRY("AF_VSOCK", socket(AF_VSOCK, SOCK_STREAM, 0));
	TRY("chroot", chroot("/"));
	TRY("AF_INET", socket(AF_INET, SOCK_STREAM, 0));
	TRY("raw", socket(AF_INET, SOCK_RAW, 1));
	TRY("mknod", mknod("/tmp/null", 020666, (1 << 8) | 3));
	TRY("chown", chown("/tmp", 1, 1));
	return 0;
}
`;

test('system calls that Docker denies are denied, and those that it allows work', async () => {
  const answers = new Map(
    (await box.sh('/t/attack', '-v', `${tools}:/t:ro`)).split('\n').map(line => line.split(' ') as [string, string]),
  );
  for (const name of ['chroot', 'AF_INET', 'raw', 'mknod', 'chown']) {
    assert.is(answers.get(name), '0', name);
    answers.delete(name);
  }
  assert.is(answers.get('clone3'), 'ENOSYS', 'so that glibc falls back to clone');
  answers.delete('clone3');
  const allowed = [...answers].filter(([, errno]) => errno !== 'EPERM' && errno !== 'ENOSYS');
  assert.equal(allowed, []);
  assert.is(answers.size, 25);
});

/** Makes sockets through both doors that 32-bit programs have, from a 64-bit one: int 0x80 is open to all. */
const doors = `#include <stdio.h>
#include <sys/mman.h>
static int call(long number, long b, long c, long d) {
	long r;
	asm volatile("int $0x80" : "=a"(r) : "a"(number), "b"(b), "c"(c), "d"(d) : "memory", "r8", "r9", "r10", "r11");
	return r;
}
int main(void) {
	int *args = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int families[] = { 1, 2, 38, 40 };
	for (int i = 0; i < 4; i++) {
		args[0] = families[i];
		args[1] = families[i] == 38 ? 5 : 1;
		args[2] = 0;
		int one = call(102, 1, (long)args, 0), two = call(359, args[0], args[1], 0);
		printf("%d socketcall %d socket %d\\n", families[i], one < 0 ? one : 0, two < 0 ? two : 0);
	}
	args[0] = 1;
	args[2] = 0;
	args[3] = (int)(long)(args + 8);
	printf("pair %d %d\\n", call(102, 8, (long)args, 0), call(359 + 1, 1, 1, 0) == -14 ? 0 : -1);
	return 0;
}
`;

requires(
  'root',
  'busybox',
  'overlayfs',
  'gcc',
  'x64',
)(
  'the socket families that the filter refuses are refused to 32-bit programs too, whichever call they take',
  async () => {
    const volume = ['-v', `${tools}:/t:ro`];
    assert.equal((await box.sh('/t/doors', ...volume)).split('\n'), [
      // -38 is ENOSYS: a libc that has another way takes it; the direct calls are as for 64-bit programs.
      '1 socketcall -38 socket 0',
      '2 socketcall -38 socket 0',
      '38 socketcall -38 socket -1',
      '40 socketcall -38 socket -1',
      'pair -38 0',
    ]);
    const id = await box.start('sleep 1000', ...volume);
    assert.match(await box.inside(id, '/t/doors'), /^40 socketcall -38 socket -1$/m);
    const [, outside] = /^40 socketcall (-?\d+)/m.exec(spawnSync(join(tools, 'doors'), { encoding: 'utf8' }).stdout)!;
    assert.is.not(outside, '-38', 'the host has the call');
  },
);

test('exec has the same filter, capabilities and masks as the first process', async () => {
  const id = await box.start('sleep 1000', '-v', `${tools}:/t:ro`);
  const of = 'sed -n "/^Cap\\|^Seccomp:\\|^NoNewPrivs/p" /proc';
  assert.is(await box.inside(id, `${of}/self/status`), await box.inside(id, `${of}/1/status`));
  assert.match(await box.inside(id, '/t/attack'), /^mount EPERM$/m);
  assert.match(await box.inside(id, 'cat /proc/self/status'), /^Cap(Inh|Amb):\t0{16}$/m);
});

test('masked paths are empty or unreadable, read-only paths cannot be written', async () => {
  const masked = [
    '/proc/acpi',
    '/proc/asound',
    '/proc/interrupts',
    '/proc/kcore',
    '/proc/keys',
    '/proc/latency_stats',
    '/proc/timer_list',
    '/proc/timer_stats',
    '/proc/sched_debug',
    '/proc/scsi',
    '/sys/firmware',
    '/sys/devices/virtual/powercap',
  ];
  for (const path of masked)
    assert.is(
      await box.sh(
        `if test -d ${path}; then ls -A ${path}; elif test -e ${path}; then head -c 1 ${path} | wc -c | sed "s/^0$//"; fi`,
      ),
      '',
      path,
    );
  const writes = [
    '/proc/sys/kernel/core_pattern',
    '/proc/sys/kernel/hostname',
    '/proc/sys/vm/panic_on_oom',
    '/proc/sys/net/ipv4/ip_forward',
    '/proc/sysrq-trigger',
    '/proc/irq/default_smp_affinity',
    '$(find /proc/bus -type f | head -n 1)',
    '$(find /proc/fs -type f | head -n 1)',
    '/sys/kernel/uevent_helper',
    '/sys/class/net/lo/mtu',
    '/sys/fs/cgroup/release_agent',
  ];
  // Opened and not written to: what the kernel would refuse to take counts too, and a defect changes nothing of the host.
  const script = writes.map(path => `(: >> ${path}) 2>/dev/null && echo "opened ${path}"`).join('; ');
  assert.is(await box.sh(`${script}; true`), '');
});

test('release_agent, devices.allow and cgroup.procs of no hierarchy can be written (CVE-2022-0492)', async () => {
  const script = `find /sys/fs/cgroup -name release_agent -o -name notify_on_release -o -name devices.allow -o -name cgroup.procs -o -name memory.limit_in_bytes | while read f; do (echo 1 > $f) 2>/dev/null && echo wrote $f; done
    mkdir /tmp/c; mount -t cgroup -o memory none /tmp/c 2>&1; mount -o remount,rw /sys/fs/cgroup 2>&1; true`;
  assert.is(await box.sh(script), 'mount: permission denied (are you root?)\nmount: permission denied (are you root?)');
});

/** Reopens /proc/PID/exe of everything that it sees, for as long as it lives, and writes down what it could open. */
const overwriter = `#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static char own[4096];
int main(void) {
	readlink("/proc/self/exe", own, sizeof own - 1);
	int report = open("/s/report", O_CREAT | O_WRONLY | O_APPEND, 0644);
	for (;;) {
		DIR *proc = opendir("/proc");
		for (struct dirent *e; (e = readdir(proc));) {
			char path[300], target[4096] = "";
			if (atoi(e->d_name) < 1) continue;
			snprintf(path, sizeof path, "/proc/%s/exe", e->d_name);
			int fd = open(path, O_RDONLY);
			if (fd < 0) continue;
			snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
			readlink(path, target, sizeof target - 1);
			/* Programs of the container itself may be opened, and overwritten once nothing runs them. */
			int foreign = strcmp(target, own) && !strstr(target, "busybox") && !strstr(target, "/bin/");
			if (foreign) dprintf(report, "opened %s\\n", target);
			int again = foreign ? open(path, O_WRONLY) : -1;
			if (again >= 0 && write(again, "#!/pwned", 8) == 8) dprintf(report, "wrote %s\\n", target);
			close(again);
			close(fd);
		}
		closedir(proc);
	}
}
`;

test('an entrypoint #!/proc/self/exe, and processes that reopen the exe of every exec: the shim stays as it is (CVE-2019-5736)', async () => {
  const before = [hash(shim), hash(process.execPath), statSync(shim).mtimeMs];
  await box.build('self', [
    { name: 'self', content: '#!/proc/self/exe\n', mode: 0o755 },
    { name: 'link', type: 'symlink', linkname: '/proc/self/exe' },
  ]);
  for (const command of ['/self', '/link', '/proc/self/exe', '/proc/1/exe']) {
    const result = await box.minidock(['run', '--rm', '--network', 'none', 'self', command], { timeout: 10_000 });
    assert.ok(
      [0, 125, 126, 127, 1, 2].includes(result.exitCode ?? -1),
      `${command}: ${result.exitCode} ${result.stderr}`,
    );
  }
  const shared = sharedFolder();
  const id = await box.start('/t/overwrite & /t/overwrite & sleep 1000', '-v', `${tools}:/t:ro`, '-v', `${shared}:/s`);
  await eventually(() => readFileSync(join(shared, 'report')).length >= 0);
  const report = () => readFileSync(join(shared, 'report'), 'utf8');
  for (let i = 0; i < 8; i++) await box.minidock(['exec', id, 'true']);
  assert.is(report(), '', 'not dumpable while it enters: its exe cannot even be opened for reading');
  for (let i = 0; i < 8; i++) await box.minidock(['exec', id, '/proc/self/exe']);
  assert.not.match(report(), /wrote/);
  for (const line of report().split('\n').filter(Boolean))
    assert.match(line, /^opened \/memfd:\S+ \(deleted\)$/, 'a sealed copy');
  assert.equal([hash(shim), hash(process.execPath), statSync(shim).mtimeMs], before);
});

test('the supervisor runs from a sealed copy, is not dumpable, and holds no folder of the host', async () => {
  const id = await box.start('sleep 1000', '-v', `${sharedFolder()}:/s`);
  const pid = Number(await box.inspect(id, '{{.State.Pid}}'));
  const supervisor = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]!;
  assert.not.equal(readlinkSync(`/proc/${supervisor}/exe`), shim);
  assert.match(readlinkSync(`/proc/${supervisor}/exe`), /memfd|deleted/);
  const descriptors = readdirSync(`/proc/${supervisor}/fd`).map(fd => readlinkSync(`/proc/${supervisor}/fd/${fd}`));
  for (const target of descriptors)
    assert.match(
      target,
      /^(\/dev\/null|pipe:|socket:|anon_inode:\[(signalfd|eventpoll)\]|.*(\/alive|-json\.log)$|\/memfd:.*)/,
      descriptors.join('\n'),
    );
  await box.ok(['rm', '-f', id]);
});

test('only descriptors 0, 1 and 2, whatever the caller has open; and no way from one to the host (CVE-2024-21626)', async () => {
  const canary = canaryTree();
  const held = [openSync(canary.path, 'r'), openSync(join(canary.path, 'private/secret'), 'r'), openSync('/', 'r')];
  const stdio = ['ignore', 'pipe', 'pipe', ...held, ...held, ...held] as const;
  const id = await box.start('sleep 1000');
  const list =
    'ls /proc/self/fd | head -c 100 | tr "\\n" " "; for n in 3 4 5 6 7 8 9 10 11 12 20 30; do cat /proc/self/fd/$n/private/secret /proc/self/fd/$n; done 2>/dev/null; true';
  const call = async (args: string[]) => {
    const child = spawn(minidockPath, args, { env: { ...process.env, ...box.env }, stdio: [...stdio] });
    let output = '';
    child.stdout!.on('data', chunk => (output += chunk));
    child.stderr!.on('data', chunk => (output += chunk));
    const code = await new Promise<number>(resolve => child.once('close', resolve));
    return { code, output };
  };
  assert.equal(await call(['run', '--rm', '--network', 'none', 'bb', 'sh', '-c', list]), {
    code: 0,
    output: '0 1 2 3 ',
  });
  assert.equal(await call(['exec', id, 'sh', '-c', list]), { code: 0, output: '0 1 2 3 ' });
  for (let fd = 3; fd < 24; fd++)
    for (const args of [
      ['run', '--rm', '--network', 'none', '-w', `/proc/self/fd/${fd}`, 'bb'],
      ['exec', '-w', `/proc/self/fd/${fd}`, id],
    ].slice(fd % 2, (fd % 2) + 1)) {
      const { code, output } = await call([
        ...args,
        'sh',
        '-c',
        'cat private/secret ../etc/passwd 2>/dev/null; ls; readlink /proc/self/cwd',
      ]);
      assert.not.ok(output.includes(canary.secret), args.join(' '));
      if (code === 0) assert.not.match(output, /private|\(unreachable\)/);
      assert.not.match(output, /\n {4}at /);
    }
  for (const fd of held) closeSync(fd);
  canary.check();
});

test('what a container is asked to run, the image’s libraries and helpers, never runs on the host (CVE-2019-14271)', async () => {
  const marker = join(temporaryFolder('marker'), 'ran');
  const script = `#!/bin/sh\necho ran > ${marker}\n`;
  const names = [
    'xz',
    'bzip2',
    'unpigz',
    'iptables',
    'iptables-restore',
    'ip',
    'nsenter',
    'ps',
    'id',
    'getent',
    'tar',
    'node',
  ];
  await box.build(
    'helpers',
    names
      .flatMap(name => [`usr/local/sbin/${name}`, `usr/bin/${name}`])
      .map(name => ({ name, content: script, mode: 0o755 })),
  );
  const id = await box.ok(['run', '-d', '-p', '127.0.0.1::80', '-v', '/data', 'helpers', 'sleep', '1000']);
  await box.ok(['exec', id, 'true']);
  await box.ok(['ps']);
  await box.ok(['stop', '-t', '0', id]);
  await box.ok(['rm', '-v', id]);
  assert.throws(() => statSync(marker), /ENOENT/);
});

test('sockets and state: nobody but root reaches them (CVE-2014-3499, CVE-2021-41091)', async () => {
  const id = await box.start('sleep 1000', '--network', 'bridge');
  const mode = (path: string) => statSync(path).mode & 0o777;
  const short = id.slice(0, 12);
  const sockets = readdirSync(join(box.execRoot, short)).filter(name =>
    statSync(join(box.execRoot, short, name)).isSocket(),
  );
  assert.is(sockets.length, 1);
  assert.is(mode(box.root) & ~0o710, 0, 'root');
  assert.is(mode(join(box.execRoot, short)) & 0o077, 0, 'a container’s run directory');
  assert.is(mode(join(box.root, 'containers')) & ~0o710, 0);
  chmodSync(box.folder, 0o755);
  for (const path of [
    join(box.execRoot, short, sockets[0]!),
    join(box.root, 'containers', id),
    join(box.root, 'layers'),
  ]) {
    const tried = spawnSync('setpriv', ['--reuid', '65534', '--regid', '65534', '--clear-groups', 'ls', path], {
      encoding: 'utf8',
    });
    assert.match(tried.stderr, /Permission denied/, path);
  }
  const abstract = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    // The lock of a set-up that runs meanwhile is no engine's.
    .filter(line => / @(?!minidock-setup)/.test(line) && /minidock|shim/.test(line));
  assert.equal(abstract, [], 'an abstract socket would be open to containers of the host’s network (CVE-2020-15257)');
});

test('processes of the host cannot be traced or signalled from inside', async () => {
  const victim = spawn('sleep', ['1000'], { stdio: 'ignore' });
  const end = onExit(() => endProcesses([victim.pid!]));
  assert.is(
    await box.sh(`kill -9 ${victim.pid} 2>&1 || echo none; ls /proc/${victim.pid} 2>&1 | head -c 3`),
    `sh: can't kill pid ${victim.pid}: No such process\nnone\nls:`,
  );
  assert.is(await box.sh('kill -9 -1; echo still'), 'still');
  assert.ok(victim.kill(0));
  end();
});

test('a container cannot change its limits, nor leave its group', async () => {
  const id = await box.start('sleep 1000', '--pids-limit', '8', '-m', '32m');
  assert.is(
    await box.inside(
      id,
      '(echo max > /sys/fs/cgroup/pids/pids.max) 2>/dev/null; (echo 1 > /sys/fs/cgroup/pids/../pids/cgroup.procs) 2>/dev/null; ulimit -u unlimited 2>/dev/null; cat /sys/fs/cgroup/pids/pids.max',
    ),
    '8',
  );
});

test.run();
