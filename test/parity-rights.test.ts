// @mounts-nothing the daemon's mounts are in a namespace of its own
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { type Dockerd, dockerd } from './support/dockerd.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

/** Rights, devices and namespaces as Docker 20.10 gives them: what the kernel says inside, and what is refused in which words. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker');
let box: BusyboxEngine;
let daemon: Dockerd;

const folder = temporaryFolder('profiles');
const profile = (name: string, content: unknown) => {
  const file = join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return `seccomp=${file}`;
};
const noDirectories = profile('mkdir.json', {
  defaultAction: 'SCMP_ACT_ALLOW',
  archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
  syscalls: [
    { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 5, comment: 'none' },
    { names: ['rmdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 6, includes: { caps: ['CAP_SYS_ADMIN'] } },
    { names: ['unlink', 'unlinkat'], action: 'SCMP_ACT_ERRNO', errnoRet: 6, excludes: { caps: ['CAP_CHOWN'] } },
  ],
});
const rule = (more: object) => ({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ action: 'SCMP_ACT_ERRNO', ...more }] });

test.before(async () => {
  box = await busyboxEngine();
  daemon = await dockerd();
  daemon.docker(['import', '-c', 'CMD ["sh"]', '-', 'bb'], readFileSync((await busyboxImage()).rootfs));
});

interface Seen {
  code: number | null | undefined;
  out: string;
  err: string;
}
async function onBoth(args: string[]): Promise<{ there: Seen; here: Seen }> {
  const docker = daemon.result(args);
  const ours = await box.minidock(args);
  const plain = (output: unknown) => String(output).trim();
  return {
    there: { code: docker.status, out: plain(docker.stdout), err: plain(docker.stderr) },
    here: { code: ours.exitCode, out: plain(ours.stdout), err: plain(ours.stderr) },
  };
}
const run = (flags: readonly string[], ...command: string[]) => [
  ...['run', '--rm', ...(flags.includes('--network') ? [] : ['--network', 'none'])],
  ...[...flags, 'bb', ...command],
];

const status = "grep -E '^(Cap|NoNewPrivs|Seccomp:|Groups|Uid)' /proc/self/status";
const list = 'sort /sys/fs/cgroup/devices/devices.list | grep -v "c 10:200 rwm"';
/** What is said inside; each prints the same with both. */
const inside: [what: string, flags: string[], script: string][] = [
  ['nothing asked for', [], status],
  ['all but one dropped', ['--cap-drop', 'ALL', '--cap-add', 'chown'], status],
  ['one added, one dropped', ['--cap-add', 'net_admin', '--cap-drop', 'CAP_NET_RAW'], status],
  ['a user and a capability', ['-u', '1000', '--cap-add', 'SYS_ADMIN'], status],
  ['a capability opens the filter', ['--cap-add', 'sys_admin'], 'mkdir /x; mount -t tmpfs x /x && echo mounted'],
  ['without it', [], 'mkdir /x; mount -t tmpfs x /x 2>&1 || unshare -U true 2>&1'],
  ['no new privileges', ['--security-opt', 'no-new-privileges'], status],
  ['no new privileges, false', ['--security-opt', 'no-new-privileges:false'], status],
  ['no filter', ['--security-opt', 'seccomp=unconfined'], `${status}; unshare -U true && echo unshared`],
  ['an empty profile', ['--security-opt', profile('empty.json', {})], status],
  ['a profile', ['--security-opt', noDirectories], 'mkdir /x 2>&1; rmdir /x 2>&1; rm /etc/hostname 2>&1'],
  [
    'a profile for capabilities',
    ['--security-opt', noDirectories, '--cap-add', 'SYS_ADMIN', '--cap-drop', 'CHOWN'],
    'touch /y; rmdir /x 2>&1; rm /y 2>&1',
  ],
  ['what means nothing here', ['--security-opt', 'apparmor=foo', '--security-opt', 'label=disable'], status],
  ['nothing hidden', ['--security-opt', 'systempaths=unconfined'], "grep -cE ' /(proc|sys/firmware)/?' /proc/mounts"],
  [
    'a read-only root',
    ['--read-only'],
    '(: >/x) 2>&1; (: >/etc/hosts) 2>&1; touch /dev/shm/x; grep -c " / overlay ro" /proc/mounts',
  ],
  ['processes of the host', ['--pid', 'host'], 'readlink /proc/1/ns/pid >&2; [ $$ -gt 20 ] && echo many'],
  ['no shared memory', ['--ipc', 'none'], 'ls /dev | grep -v core; grep -c /dev/shm /proc/mounts'],
  ['shared memory of the host', ['--ipc', 'host'], 'grep /dev/shm /proc/mounts'],
  ['name of the host', ['--uts', 'host'], 'hostname; wc -c < /etc/hostname'],
  ['the one user namespace', ['--userns', 'host'], 'cat /proc/self/uid_map'],
  ['a cgroup namespace', ['--cgroupns', 'private'], 'grep pids: /proc/self/cgroup | cut -d: -f2-'],
  [
    'groups of the host',
    ['--cgroupns', 'host'],
    'ls /sys/fs/cgroup | grep -v unified; grep -c "/sys/fs/cgroup/pids.* ro," /proc/mounts; wc -l < /sys/fs/cgroup/pids/tasks',
  ],
  ['a device', ['--device', '/dev/fuse'], `ls -l /dev/fuse | cut -c1-44; ${list}`],
  [
    'a device elsewhere, to be read',
    ['--device', '/dev/kmsg:/opt/log:r'],
    `ls -l /opt/log | cut -c1-44; (: >/opt/log) 2>&1; ${list}`,
  ],
  ['devices of a directory', ['--device', '/dev/net:/dev/mine'], `ls -l /dev/mine/tun | cut -c1-44; ${list}`],
  ['a rule for devices', ['--device-cgroup-rule', 'c 89:* rm'], list],
  [
    'settings of its namespaces',
    ['--sysctl', 'net.ipv4.ip_default_ttl=99', '--sysctl', 'kernel.shmmax=12345', '--sysctl', 'fs.mqueue.msg_max=20'],
    'cd /proc/sys; cat net/ipv4/ip_default_ttl kernel/shmmax fs/mqueue/msg_max',
  ],
  ['more groups', ['--group-add', '4711', '--group-add', 'nogroup'], 'id -G'],
  ['more groups of a user', ['-u', '1000:1000', '--group-add', '4711'], 'id'],
  [
    'a domain',
    ['--domainname', 'example.org', '-h', 'web'],
    'cat /proc/sys/kernel/domainname; hostname; cat /etc/hosts',
  ],
];
for (const [what, flags, script] of inside)
  test(`inside: ${what}`, async () => {
    const { there, here } = await onBoth(run(flags, 'sh', '-c', script));
    assert.equal([here.out, here.code], [there.out, there.code], `${here.err}\nDocker: ${there.err}`);
  });

/** What is refused; both say this. */
const refused: [what: RegExp, flags: string[]][] = [
  [/unknown capability: "CAP_FOO"/, ['--cap-add', 'FOO']],
  [/unknown capability: "CAP_FOO"/, ['--cap-drop', 'cap_foo']],
  [/[Ii]nvalid --security-opt.*"foo"/, ['--security-opt', 'foo']],
  [/[Ii]nvalid --security-opt.*"foo=bar"/, ['--security-opt', 'foo=bar']],
  [/[Ii]nvalid --security-opt.*"no-new-privileges:maybe"/, ['--security-opt', 'no-new-privileges:maybe']],
  [/opening seccomp profile \(\/nosuch\) failed: .*no such file/, ['--security-opt', 'seccomp=/nosuch']],
  [/compacting json for seccomp profile/, ['--security-opt', profile('bad.json', '{')]],
  [/SCMP_ACT_FOO/, ['--security-opt', profile('action.json', { defaultAction: 'SCMP_ACT_FOO' })]],
  [
    /use either 'name' or 'names'/,
    ['--security-opt', profile('names.json', rule({ name: 'mkdir', names: ['mkdir'] }))],
  ],
  [/invalid PID mode/, ['--pid', 'foo']],
  [/invalid PID mode/, ['--pid', 'container:']],
  [/No such container: nosuch/, ['--pid', 'container:nosuch']],
  [/Invalid IPC mode: foo/, ['--ipc', 'foo']],
  [/No such container: nosuch/, ['--ipc', 'container:nosuch']],
  [/invalid UTS mode/, ['--uts', 'private']],
  [/invalid USER mode/, ['--userns', 'foo']],
  [/invalid CGROUP mode/, ['--cgroupns', 'foo']],
  [/conflicting options: hostname and the UTS mode/, ['--uts', 'host', '-h', 'web']],
  [/foo is not an absolute path/, ['--device', '/dev/null:foo']],
  [/bad mode specified: rwz/, ['--device', '/dev/null:/dev/x:rwz']],
  [/bad format for path: a:b:c:d/, ['--device', 'a:b:c:d']],
  [/"\/etc\/passwd": not a device node/, ['--device', '/etc/passwd']],
  [/invalid device cgroup format 'x 1:2 r'/, ['--device-cgroup-rule', 'x 1:2 r']],
  [/sysctl 'kernel.pid_max=1' is not allowed/, ['--sysctl', 'kernel.pid_max=1']],
  [
    /sysctl "net.ipv4.ip_forward" not allowed in host network/,
    ['--network', 'host', '--sysctl', 'net.ipv4.ip_forward=1'],
  ],
  [/sysctl "kernel.shmmax" .*not allowed in the hosts ipc namespace/, ['--ipc', 'host', '--sysctl', 'kernel.shmmax=1']],
  [/nable to find group nosuch: no matching entries in group file/, ['--group-add', 'nosuch']],
  [/must be in range 0-2147483647/, ['--group-add', '99999999999']],
];
test('what is refused, in whose words and with which code', async () => {
  for (const [words, flags] of refused) {
    const { there, here } = await onBoth(run(flags, 'true'));
    assert.is(here.code, there.code, flags.join(' '));
    for (const { err } of [there, here]) assert.match(err, words, flags.join(' '));
  }
});

test('namespaces of another container: joined while it runs, and only those that are shared', async () => {
  try {
    const { there, here } = await onBoth([
      'run',
      '-d',
      '--name',
      'giver',
      '--network',
      'none',
      '--ipc',
      'shareable',
      'bb',
      'sh',
      '-c',
      'echo shared > /dev/shm/x; exec sleep 1000',
    ]);
    assert.equal([here.code, there.code], [0, 0]);
    await onBoth(['run', '-d', '--name', 'other', '--network', 'none', 'bb', 'sleep', '1000']);
    for (const [flags, script] of [
      [['--pid', 'container:giver'], 'cat /proc/1/cmdline | tr "\\0" " "; kill -0 1 && echo reached'],
      [['--ipc', 'container:giver'], 'cat /dev/shm/x; grep /dev/shm /proc/mounts; ls /dev/mqueue'],
      [['--pid', 'container:other', '--ipc', 'container:giver', '-u', '1000'], 'cat /dev/shm/x; kill -0 1 2>&1'],
    ] as const) {
      const both = await onBoth(run(flags, 'sh', '-c', script));
      assert.equal([both.here.out, both.here.code], [both.there.out, both.there.code], `${script} ${both.here.err}`);
    }
    const wrong = async (words: RegExp, args: string[]) => {
      const both = await onBoth(args);
      assert.is(both.here.code, both.there.code, args.join(' '));
      for (const { err } of [both.there, both.here]) assert.match(err, words, args.join(' '));
    };
    await wrong(
      /can't join IPC of container [0-9a-f]{64}: non-shareable IPC/,
      run(['--ipc', 'container:other'], 'true'),
    );
    const joined = [
      'run',
      '-d',
      '--name',
      'taker',
      '--network',
      'none',
      '--pid',
      'container:giver',
      'bb',
      'sleep',
      '1000',
    ];
    await onBoth(joined);
    await onBoth(['stop', '-t', '0', 'giver']);
    const state = ['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'taker'];
    await eventually(async () => {
      const { there, here } = await onBoth(state);
      assert.equal([there.out, here.out], ['exited 137', 'exited 137']);
    });
    await wrong(/container [0-9a-f]{64} is not running/, run(['--pid', 'container:giver'], 'true'));
    await wrong(
      /can't join IPC of container [0-9a-f]{64}: container [0-9a-f]{64} is not running/,
      run(['--ipc', 'container:giver'], 'true'),
    );
  } finally {
    daemon.result(['rm', '-f', 'giver', 'other', 'taker']);
    await box.removeAll();
  }
});

test('inspect shows what was asked for', async () => {
  const flags = [
    ...[
      '--cap-add',
      'net_admin',
      '--cap-drop',
      'CHOWN',
      '--security-opt',
      noDirectories,
      '--security-opt',
      'label=disable',
    ],
    ...[
      '--security-opt',
      'systempaths=unconfined',
      '--device',
      '/dev/null:/dev/mine:r',
      '--device-cgroup-rule',
      'c 1:2 r',
    ],
    ...[
      '--sysctl',
      'net.ipv4.ip_forward=1',
      '--group-add',
      '5',
      '--domainname',
      'dom',
      '--userns',
      'host',
      '--pid',
      'host',
    ],
    ...['--ipc', 'none', '--cgroupns', 'host', '--read-only', '--security-opt', 'apparmor=foo'],
  ];
  const fields =
    `CapAdd CapDrop SecurityOpt MaskedPaths ReadonlyPaths Devices DeviceCgroupRules Sysctls GroupAdd PidMode UTSMode
    UsernsMode IpcMode CgroupnsMode ReadonlyRootfs Privileged`.split(/\s+/);
  const form = `${fields.map(field => `${field} {{json .HostConfig.${field}}}`).join('\n')}\n{{.Config.Domainname}} {{.AppArmorProfile}}`;
  try {
    for (const wanted of [flags, []]) {
      await onBoth(['run', '-d', '--name', 'shown', '--network', 'none', ...wanted, 'bb', 'true']);
      const { there, here } = await onBoth(['inspect', '--format', form, 'shown']);
      // Docker 20.10 makes a namespace by default only on hosts with cgroup v2; paths that later versions hide are hidden here.
      const same = (text: string) =>
        text.split('\n').filter(line => wanted === flags || !/^(Cgroupns|Masked|ReadonlyPaths)/.test(line));
      assert.equal(same(here.out), same(there.out));
      daemon.result(['rm', '-f', 'shown']);
      await box.removeAll();
    }
  } finally {
    daemon.result(['rm', '-f', 'shown']);
    await box.removeAll();
  }
});

test.run();
