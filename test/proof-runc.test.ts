import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { layersOf } from '../src/container/layers.ts';
import { containerPaths } from '../src/state/paths.ts';
import { onExit, temporaryFolder } from './support/cleanup.ts';
import { type Sandbox, sandbox } from './support/minidock.ts';
import { findProgram, requires } from './support/requires.ts';

/**
 * runc takes the bundle that minidock wrote, config.json as it is, and makes the same container of it: what a shell inside
 * can see of itself is compared line by line. What may differ is listed in `allowed`, each with its reason.
 */
const test = requires('root', 'overlayfs', 'unshare', 'runc', 'script', 'busybox', 'iptables');

/** Each section is printed by both; mounts and the status file are picked apart below. */
const probe = `
exec 2>&1
section() { echo "## $1"; }
section mounts; cat /proc/self/mountinfo
section status; grep -E '^(Umask|Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|Sig[A-Z][a-z]|Cpus_allowed_list|Mems_allowed_list)' /proc/self/status
section session; awk '{ print "process group", $5, "session", $6, "terminal", ($7 != 0) }' /proc/1/stat
section limits; cat /proc/self/limits
section environment; env | sort
section descriptors; ls /proc/1/fd
section devices; ls -l /dev /dev/pts | awk '{ print $1, $3, $4, $5, $6, ($10 "" $11 "" $12 == "" ? $9 : $10 $11 $12) }' | sed 's/ [A-Z][a-z][a-z] / /'
section links; for one in fd stdin stdout stderr ptmx core; do echo "$one $(readlink /dev/$one)"; done
section cgroup; cat /proc/self/cgroup
section limited; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us
section rules; sort /sys/fs/cgroup/devices/devices.list
section masked; for one in /proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/timer_list /sys/firmware; do
  if [ -d $one ]; then echo "$one $(ls $one | wc -l) names"; elif [ -e $one ]; then echo "$one $(head -c 9 $one | wc -c) bytes"; fi
done
section readonly; for one in /proc/sys/kernel/hostname /proc/sysrq-trigger /proc/irq/x /proc/bus/x /proc/fs/x /sys/x /sys/fs/cgroup/memory/x; do
  (: > $one) 2>&1
done
section denied; unshare -U true 2>&1; mount -t tmpfs tmpfs /tmp 2>&1; chroot / true 2>&1; mknod /tmp/disk b 8 0 && head -c 1 /tmp/disk 2>&1; rm -f /tmp/disk
section identity; hostname; pwd; id; cat /proc/self/oom_score_adj /proc/self/personality 2>&1
section files; cat /etc/hosts /etc/hostname /etc/resolv.conf
section process; tr '\\0' ' ' < /proc/1/cmdline | head -c 6; echo; for one in exe cwd root; do readlink /proc/1/$one; done
section network; cd /proc/sys/net && cat ipv4/ip_unprivileged_port_start ipv4/ping_group_range ipv6/conf/all/disable_ipv6 ipv6/conf/default/disable_ipv6; cd /
section volumes; cat /data/* /www/* 2>&1; (: > /data/x) 2>&1
exit 7
`;

/** What may differ, by section: each expression is taken out of both sides' lines before they are compared. */
const allowed: Record<string, { expression: RegExp; why: string }[]> = {
  mounts: [
    {
      expression: /^\/sys\/fs\/cgroup\/unified .*/,
      why: 'a hybrid host’s second hierarchy: runc 1.1 shows only those of version 1',
    },
    { expression: /^\/sys\/fs\/cgroup r[ow],/, why: 'runc leaves the tmpfs that holds the hierarchies writable' },
    {
      expression: /(?<=^\/sys\/fs\/cgroup\/systemd \S+ cgroup )\w+/,
      why: 'a source that nobody reads: runc says “systemd”',
    },
    {
      expression: /(?<=^\/(?:proc\/\w+|sys\/firmware) ro,)nosuid,nodev,noexec,(?=relatime tmpfs)/,
      why: 'the empty tmpfs over a masked directory has more flags here, and no room',
    },
  ],
  rules: [{ expression: /^c 10:200 rwm$/, why: 'runc before 1.2 lets every container open /dev/net/tun' }],
  links: [{ expression: /^core\b.*/, why: 'runc makes /dev/core only where the kernel has /proc/kcore' }],
  devices: [{ expression: /^.* (core|\/proc\/kcore|->\/proc\/kcore|core->\/proc\/kcore)$/, why: 'as before' }],
};

let box: Sandbox;
let volume: string;

test.before(async () => {
  box = sandbox();
  await box.ok(['import', (await busyboxImage()).rootfs, 'busybox']);
  volume = temporaryFolder('volume');
  writeFileSync(join(volume, 'file'), 'of the host\n');
});

const shapes: Record<string, string[]> = {
  'as it comes': [],
  'no network, another user, volumes, limits': [
    ...['--network', 'none', '-u', '1000:100', '-w', '/srv/deep', '-e', 'A=b c', '-h', 'other'],
    ...['-m', '64m', '--pids-limit', '30', '--cpus', '0.5', '-v', 'HOST:/data:ro', '-v', 'named:/www'],
  ],
  'a terminal, a user by name': ['-t', '-u', 'www-data', '--network', 'none'],
  'the host’s network': ['--network', 'host'],
};

for (const [name, flags] of Object.entries(shapes))
  test(`runc makes the same of the bundle: ${name}`, async () => {
    const words = flags.map(flag => flag.replace('HOST', volume));
    const ours = await box.minidock(['run', ...words, '--name', 'one', 'busybox', 'sh', '-c', probe], {
      all: true,
      stripFinalNewline: false,
    });
    const record = JSON.parse(await box.ok(['inspect', 'one']))[0] as { Id: string };
    const theirs = await runc(record.Id, flags.includes('-t'));
    await box.ok(['rm', 'one']);
    assert.is(ours.exitCode, 7, String(ours.all));
    assert.is(theirs.exitCode, 7, theirs.output);
    const [mine, others] = [sections(String(ours.all)), sections(theirs.output)];
    assert.equal([...mine.keys()], [...others.keys()]);
    for (const [section, lines] of mine) assert.equal(lines, others.get(section), `section "${section}"`);
  });

/** Only what says something: without it two empty answers would be equal. */
test('the probe sees what it looks for', async () => {
  const all = sections(
    await box.minidock(['run', '--rm', 'busybox', 'sh', '-c', probe], { all: true }).then(r => String(r.all)),
  );
  for (const [section, lines] of all) if (section !== 'volumes') assert.ok(lines.length > 0, `"${section}" is empty`);
  assert.ok(all.get('mounts')!.includes('/proc/interrupts rw,nosuid tmpfs tmpfs /null'));
  assert.ok(all.get('status')!.includes('CapEff: 00000000a80425fb'), 'Docker’s fourteen');
  assert.ok(all.get('status')!.includes('Seccomp: 2'));
  assert.ok(all.get('masked')!.includes('/proc/interrupts 0 bytes'));
  assert.equal(all.get('descriptors'), ['0', '1', '2']);
});

/** The rootfs, mounted as config.json expects to find it, in a mount namespace that ends with runc. */
async function runc(id: string, terminal: boolean): Promise<{ exitCode: number | undefined; output: string }> {
  const paths = containerPaths(box, id);
  const layers = layersOf(box, JSON.parse(readFileSync(paths.record, 'utf8')));
  const options = `lowerdir=${layers.toReversed().join(':')},upperdir=${paths.upper},workdir=${paths.work}`;
  const state = join(box.folder, 'runc');
  const name = `minidock-test-${id.slice(0, 12)}`;
  onExit(() => spawnSync(findProgram('runc')!, ['--root', state, 'delete', '-f', name]));
  const run = `runc --root ${state} run -b ${paths.bundle} ${name}`;
  const command = terminal ? `script -qec '${run}' /dev/null` : run;
  // The spec names no limits: runc hands on its caller's. So it is called as a service is, whatever our own soft limits are.
  const limits = 'for one in c d f l m n p t v w; do ulimit -S -$one $(ulimit -H -$one); done; ulimit -S -s 8192';
  const script = `${limits}; mount -t overlay overlay -o '${options}' '${paths.rootfs}' && exec ${command}`;
  const { exitCode, all } = await execa('unshare', ['-m', '--propagation', 'private', 'sh', '-ec', script], {
    reject: false,
    all: true,
    stdin: 'ignore',
    stripFinalNewline: false,
    timeout: 60_000,
  });
  return { exitCode, output: String(all) };
}

/**
 * Lines by section, without what is allowed to differ; mounts by target and without ids. Before the first line stands what
 * script(1) echoes of its ended input.
 */
function sections(output: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let lines: string[] = [];
  let name = '';
  for (const raw of output.replaceAll('\r', '').split('\n')) {
    const heading = /^(?:\^@)?## (\w+)$/.exec(raw)?.[1];
    if (heading !== undefined) {
      lines = [];
      name = heading;
      found.set(name, lines);
      continue;
    }
    let line = name === 'mounts' ? mount(raw) : raw.replace(/\s+/g, ' ').trim();
    for (const { expression } of allowed[name] ?? []) line = line.replace(expression, '');
    if (line !== '') lines.push(line);
  }
  found.get('mounts')?.sort();
  return found;
}

/** `target flags type source root option…`: ids are the kernel's; the layers of "/" and the host's disk say nothing here. */
function mount(line: string): string {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root, target, flags] = before.split(' ');
  const [type, source, options = ''] = after.split(' ');
  if (target === undefined) return '';
  const own = type === 'tmpfs' || type === 'devpts' || type === 'cgroup' ? options : '';
  const kept = own
    .split(',')
    .filter(option => !['rw', 'ro', ''].includes(option) && !/^size=(0k|65536k)$/.test(option));
  return [
    target,
    flags,
    type,
    source,
    root,
    ...(target.startsWith('/proc/') || target === '/sys/firmware' ? [] : kept.sort()),
  ]
    .join(' ')
    .trim();
}

test.run();
