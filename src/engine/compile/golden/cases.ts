import { cgroupDriver } from '../../../cgroup/choose.ts';
import { resourcesFor } from '../../../cgroup/limits.ts';
import type { ResourceOptions } from '../../../container/options/resources.ts';
import { capabilitySets } from '../../../container/process/capabilities.ts';
import type { Bind } from '../../../container/rootfs/binds.ts';
import { ociSpec } from '../../../container/spec.ts';
import type { HostFacts } from '../../../host/facts.ts';
import { macOf } from '../../../network/ipv4.ts';
import type { Port } from '../../../network/ports/ports.ts';
import type { Program } from '../../../syscalls/step.ts';
import { MS, OVERLAYFS_SUPER_MAGIC } from '../../../syscalls/uapi/flags.ts';
import { type Container, compile } from '../compile.ts';
import { compileExec } from '../compile-exec.ts';
import { pieces } from '../pieces.ts';
import { hosts } from './hosts.ts';

const id = '0123456789abcdef'.repeat(4);
const bundle = `/var/lib/minidock/containers/${id}`;
const run = `/run/minidock/${id.slice(0, 12)}`;

interface Wanted {
  args?: string[];
  tty?: boolean;
  interactive?: boolean;
  user?: { uid: number; gid: number; additionalGids: number[] };
  network?: 'bridge' | 'host' | 'none';
  ports?: Port[];
  volumes?: Bind[];
  limits?: ResourceOptions;
}

function bind(source: string, target: string, kind: Bind['kind'], readonly = false): Bind {
  const filesystem = OVERLAYFS_SUPER_MAGIC;
  return { source, target, destination: target, kind, readonly, filesystem, propagation: MS.MS_REC | MS.MS_PRIVATE };
}

function container(facts: HostFacts, wanted: Wanted): Container {
  const { user = { uid: 0, gid: 0, additionalGids: [] }, network = 'bridge', tty = false } = wanted;
  const resources = resourcesFor(wanted.limits ?? {}, facts);
  const spec = ociSpec(
    {
      args: wanted.args ?? ['sh'],
      env: ['PATH=/usr/bin:/bin', 'HOSTNAME=0123456789ab', 'HOME=/root'],
      cwd: '/srv',
      user: { ...user, home: '/root' },
      hostname: id.slice(0, 12),
      tty,
      network,
      options: wanted.limits ?? {},
      mounts: [],
      cgroupsPath: `/minidock/${id}`,
      resources,
      rootfs: `${bundle}/rootfs`,
    },
    facts,
  );
  return {
    spec,
    overlay: {
      lowerBase: '/var/lib/minidock/layers',
      lower: ['bbbb/diff', 'aaaa/diff'],
      upper: `${bundle}/upper`,
      work: `${bundle}/work`,
      target: `${bundle}/rootfs`,
    },
    mounts: [
      ...['resolv.conf', 'hostname', 'hosts'].map(name => bind(`${bundle}/${name}`, `/etc/${name}`, 'file')),
      ...(wanted.volumes ?? []),
    ],
    devices: [],
    inodes: {},
    workingDirectory: '/srv',
    network:
      network === 'bridge'
        ? {
            mode: network,
            generation: `${run}/generation`,
            endpoints: [
              {
                bridge: 'minidock0',
                address: '172.18.0.2',
                prefixLength: 16,
                gateway: '172.18.0.1',
                macAddress: macOf('172.18.0.2'),
                hostInterface: 'veth0123456',
                index: 2,
              },
            ],
          }
        : { mode: network },
    ports: wanted.ports ?? [],
    relay: { address: '172.18.0.2', addressFile: `${run}/relay-address`, program: '/opt/minidock/relay' },
    interactive: wanted.interactive ?? false,
    files: {
      alive: `${run}/alive`,
      socket: `${run}/shim.sock`,
      log: `${bundle}/${id}-json.log`,
      backlog: `${bundle}/backlog`,
      exit: `${run}/exit`,
      reserve: `${run}/starting.json`,
    },
    staging: `${bundle}/staging`,
    cgroupParent: '/minidock',
    cgroups: cgroupDriver(facts.cgroup),
    killed: `${run}/killed`,
    keeper: { lock: '/run/minidock/keeper.lock', command: ['/usr/bin/node', '/opt/minidock/dist/keeper.mjs'] },
  };
}

const runOn = (facts: HostFacts, wanted: Wanted) => compile(container(facts, wanted), facts, pieces);

const execFiles = {
  socket: '/run/minidock/0123456789ab/x/cdef01234567/s',
  exit: '/run/minidock/0123456789ab/x/cdef01234567/exit',
  reserve: '/run/minidock/0123456789ab/x/cdef01234567/starting.json',
};

function execOn(
  facts: HostFacts,
  tty: boolean,
  user: Wanted['user'] = { uid: 0, gid: 0, additionalGids: [] },
): Program {
  const { spec, cgroups, cgroupParent, keeper } = container(facts, { tty, user });
  spec.process.capabilities = capabilitySets(spec.process.capabilities.bounding, user.uid);
  const namespaces = { mnt: 4026532281, uts: 4026532282, ipc: 4026532283, pid: 4026532284, net: 4026532286 };
  const all = facts.features.cgroupNamespace ? { ...namespaces, cgroup: 4026532400 } : namespaces;
  return compileExec(
    {
      spec,
      target: { pid: 4711, namespaces: all },
      interactive: true,
      files: execFiles,
      cgroupParent,
      cgroups,
      keeper,
    },
    facts,
    pieces,
  );
}

/** What flags seldom ask for: namespaces by path, devices, a file system in memory over a volume, a read-only root. */
function wholeSpec(facts: HostFacts): Program {
  const one = container(facts, { network: 'none', volumes });
  const { spec } = one;
  const joined = { ipc: '/proc/4711/ns/ipc', pid: '/proc/4711/ns/pid' };
  spec.linux.namespaces = [
    ...spec.linux.namespaces.filter(({ type }) => !['ipc', 'pid', 'uts'].includes(type)),
    { type: 'ipc', path: joined.ipc },
    { type: 'pid', path: joined.pid },
  ];
  delete spec.hostname;
  spec.root.readonly = true;
  spec.linux.rootfsPropagation = 'rshared';
  spec.linux.sysctl = { 'kernel.shmmax': '67108864' };
  spec.linux.devices = [
    { path: '/dev/net/tun', type: 'c', major: 10, minor: 200, fileMode: 0o666 },
    { path: '/dev/disk', type: 'b', major: 259, minor: 300, fileMode: 0o660, gid: 6 },
  ];
  spec.process.oomScoreAdj = 500;
  spec.process.noNewPrivileges = true;
  const scratch = { target: '/data/run', destination: '/data/run', kind: 'directory' as const };
  return compile(
    {
      ...one,
      mounts: [
        ...one.mounts,
        { ...scratch, type: 'tmpfs', source: 'tmpfs', flags: MS.MS_NOSUID | MS.MS_NODEV, data: 'size=64m' },
        bind('/opt/late', '/data/run/late', 'file'),
      ],
      devices: spec.linux.devices.map(device => ({ ...device, target: device.path })),
      inodes: { ipc: 4026532283, pid: 4026532284 },
    },
    facts,
    pieces,
  );
}

const published: Port[] = [
  { hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
  { hostIp: '::', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
  { hostIp: '127.0.0.1', hostPort: 5353, containerPort: 53, protocol: 'udp' },
  { hostIp: '::1', hostPort: 5353, containerPort: 53, protocol: 'udp' },
];
const volumes = [bind('/opt/data', '/data', 'directory', true), bind('/opt/one', '/etc/one', 'file')];
const everyone = { uid: 1000, gid: 100, additionalGids: [4, 24] };

const everyLimit: ResourceOptions = {
  memory: 64 << 20,
  memorySwap: -1,
  memoryReservation: 32 << 20,
  memorySwappiness: 10,
  oomKillDisable: true,
  oomScoreAdj: 300,
  cpuShares: 512,
  cpuPeriod: 50_000,
  cpuQuota: 20_000,
  cpusetCpus: '1',
  cpusetMems: '0',
  pidsLimit: 50,
  shmSize: 1 << 20,
  ulimits: [{ name: 'nofile', soft: 100, hard: 200 }],
};

/** Programs by the name of their file. */
export const cases: Record<string, () => Program> = {};
for (const [name, facts] of Object.entries(hosts)) {
  cases[`${name}.run-bridge-ports-volumes`] = () =>
    runOn(facts, {
      ports: published,
      volumes,
      limits: { memory: 64 << 20, cpus: 0.5, pidsLimit: 20 },
    });
  cases[`${name}.exec-tty`] = () => execOn(facts, true);
  // Nothing else is different on a host with v2.
  if (facts.cgroup.kind === 'v2') continue;
  cases[`${name}.run-tty-user`] = () => runOn(facts, { tty: true, network: 'none', user: everyone });
  cases[`${name}.run-limits`] = () => runOn(facts, { network: 'none', limits: everyLimit });
  cases[`${name}.run-host-interactive`] = () =>
    runOn(facts, { network: 'host', interactive: true, args: ['/bin/cat', '-u'] });
  cases[`${name}.run-whole-spec`] = () => wholeSpec(facts);
  cases[`${name}.exec`] = () => execOn(facts, false, everyone);
}
