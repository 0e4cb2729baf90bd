import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { printChecks } from '../verbs/system/doctor.ts';
import { type DoctorFacts, doctorChecks } from './checks.ts';

const hierarchy = { version: 1 as const, mountpoint: '/c', options: '', own: '/' };
const good: DoctorFacts = {
  isRoot: true,
  capabilities: new Set(['CAP_SYS_ADMIN', 'CAP_NET_ADMIN']),
  nodeVersion: 'v20.1.0',
  kernel: { release: '6.1.0', version: [6, 1] },
  arch: 'x64',
  isShimBuilt: true,
  shimFix: 'npm --prefix /minidock run setup',
  namespaces: ['mnt', 'uts', 'ipc', 'pid', 'net', 'cgroup'],
  hasOverlay: true,
  hasSeccomp: true,
  cgroup: {
    kind: 'v1',
    hierarchies: [{ ...hierarchy, controllers: ['memory', 'cpu', 'pids', 'devices'] }],
    swap: true,
    cpuQuota: true,
  },
  storage: { type: 0xef53, free: 5e9 },
  iptables: { version: 'iptables v1.8.9 (nf_tables)', forwardPolicy: 'ACCEPT' },
  sysctls: { 'net/ipv4/ip_forward': '1' },
  ignored: [],
};

test('a good machine', () => {
  const checks = doctorChecks(good);
  assert.equal(
    checks.filter(check => check.status !== 'ok'),
    [],
  );
  assert.match(printChecks(checks), /\n\nContainers can run here\.\n$/);
});

test('a policy of DROP for what is forwarded is as minidock itself leaves it', () => {
  const checks = doctorChecks({ ...good, iptables: { ...good.iptables!, forwardPolicy: 'DROP' } });
  const { status, found } = checks.find(({ name }) => name === 'FORWARD policy')!;
  assert.equal([status, found], ['ok', 'DROP, as minidock and Docker set it; minidock’s own rules accept its packets']);
});

const bad: [string, Partial<DoctorFacts>, 'warning' | 'missing', RegExp][] = [
  ['not root', { isRoot: false }, 'missing', /sudo/],
  ['root of a container', { capabilities: new Set(['CAP_CHOWN']) }, 'missing', /--privileged/],
  ['old node', { nodeVersion: 'v18.0.0' }, 'missing', /Node\.js 20/],
  ['old kernel', { kernel: { release: '2.6.32', version: [2, 6] } }, 'missing', /3\.10/],
  ['no shim', { isShimBuilt: false }, 'missing', /npm .* run setup/],
  ['no pid namespace', { namespaces: ['mnt', 'uts', 'ipc', 'net'] }, 'missing', /CONFIG_NAMESPACES/],
  ['no cgroup namespace', { namespaces: ['mnt', 'uts', 'ipc', 'pid', 'net'] }, 'warning', /4\.6/],
  ['no overlay', { hasOverlay: false }, 'missing', /modprobe overlay/],
  ['root on overlay', { storage: { type: 0x794c7630, free: 5e9 } }, 'missing', /another file system/],
  ['xfs', { storage: { type: 0x58465342, free: 5e9, xfs: 'naming =version 2 ftype=0' } }, 'missing', /ftype=1/],
  ['full disk', { storage: { type: 0xef53, free: 1 } }, 'warning', /make room/],
  ['small disk', { storage: { type: 0xef53, free: 12.9e6 } }, 'warning', /move --root/],
  [
    'no cgroups',
    { cgroup: { kind: 'none', hierarchies: [], swap: false, cpuQuota: false } },
    'missing',
    /cgroupfs-mount/,
  ],
  [
    'cgroup v2 whose group hands down too little',
    {
      cgroup: { ...good.cgroup, kind: 'v2', hierarchies: [{ ...hierarchy, version: 2, controllers: ['cpu', 'pids'] }] },
    },
    'warning',
    /cgroup\.subtree_control/,
  ],
  [
    'no pids',
    { cgroup: { ...good.cgroup, hierarchies: [{ ...hierarchy, controllers: ['memory'] }] } },
    'warning',
    /refused/,
  ],
  ['no iptables', { iptables: undefined }, 'missing', /apt-get install iptables/],
  [
    'iptables that cannot',
    { iptables: { version: 'iptables v1.8.9 (legacy)', failure: 'can’t initialize iptables table `filter’' } },
    'missing',
    /modprobe/,
  ],
  ['daemon.json', { ignored: [{ key: 'dns', why: 'the reason' }] }, 'warning', /the reason/],
  ['may_detach_mounts', { sysctls: { 'fs/may_detach_mounts': '0' } }, 'warning', /may_detach_mounts=1/],
];
for (const [name, change, status, fix] of bad) {
  test(name, () => {
    const found = doctorChecks({ ...good, ...change }).filter(check => check.status !== 'ok');
    assert.equal(
      found.map(check => check.status),
      [status],
    );
    assert.match(found[0]!.fix!, fix);
    assert.match(printChecks(found), status === 'missing' ? /cannot run here: 1 missing/ : /can run here, 1 warning\./);
  });
}

test.run();
