import { type CgroupLayout, parseLayout } from '../../../host/cgroup-layout.ts';
import { featuresOf, type HostFacts, networkSysctls } from '../../../host/facts.ts';
import { kernelVersion } from '../../../syscalls/kernel-version.ts';
import { type CapabilityName, capabilityNames } from '../../../syscalls/uapi/capabilities.ts';

/** Machines that are not here: what `hostFacts` would find on each. */
export const hosts = {
  'linux-6-cgroup-v1': host('6.18.44', {
    cgroup: version1(['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'pids', 'name=systemd'], 'hybrid'),
  }),
  'centos-7': host('3.10.0-1160.el7.x86_64', {
    cgroup: version1(['cpu,cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'pids', 'name=systemd'], 'v1'),
    capabilities: capabilityNames.slice(0, 37).filter(name => name !== 'CAP_SYS_RESOURCE'),
    hardLimits: { RLIMIT_NOFILE: 4096, RLIMIT_CORE: 0 },
    hidden: { '/proc/sched_debug': 'file', '/proc/timer_stats': 'file' },
    // ip_unprivileged_port_start is of Linux 4.11.
    sysctls: Object.keys(networkSysctls).slice(1),
    inheritedFds: [7],
  }),
  'linux-6-cgroup-v2': host('6.1.0', {
    cgroup: {
      ...parseLayout('29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate', '0::/user.slice\n'),
      swap: true,
      cpuQuota: true,
    },
    overlayOptions: ['redirect_dir=off', 'index=off', 'metacopy=off'],
  }),
} satisfies Record<string, HostFacts>;

hosts['linux-6-cgroup-v2'].cgroup.hierarchies[0]!.controllers = ['cpuset', 'cpu', 'io', 'memory', 'pids'];

interface Particular {
  cgroup: CgroupLayout;
  capabilities?: CapabilityName[];
  hidden?: HostFacts['hidden'];
  overlayOptions?: string[];
  sysctls?: string[];
  hardLimits?: HostFacts['limits']['hard'];
  inheritedFds?: number[];
}

function host(release: string, particular: Particular): HostFacts {
  const version = kernelVersion(release);
  return {
    arch: 'x64',
    kernel: { release, version },
    features: featuresOf(version),
    overlayOptions: particular.overlayOptions ?? [],
    cgroup: particular.cgroup,
    capabilities: new Set(particular.capabilities ?? capabilityNames),
    hidden: {
      '/proc/acpi': 'directory',
      '/proc/kcore': 'file',
      '/proc/keys': 'file',
      '/proc/timer_list': 'file',
      '/sys/firmware': 'directory',
      ...particular.hidden,
      '/proc/bus': 'directory',
      '/proc/fs': 'directory',
      '/proc/irq': 'directory',
      '/proc/sys': 'directory',
      '/proc/sysrq-trigger': 'file',
    },
    sysctls: particular.sysctls ?? Object.keys(networkSysctls),
    cpus: 2,
    limits: {
      mayRaise: (particular.capabilities ?? capabilityNames).includes('CAP_SYS_RESOURCE'),
      hard: { RLIMIT_NOFILE: 524288, ...particular.hardLimits },
      nrOpen: 1048576,
      threadsMax: 30000,
    },
    inheritedFds: particular.inheritedFds ?? [],
  };
}

/** Mounted at a directory of the same name; /proc/self/cgroup lists controllers that share one the other way round. */
function version1(names: string[], kind: 'v1' | 'hybrid'): CgroupLayout {
  const directory = (name: string) => name.replace('name=', '');
  const mounts = names.map(name => `31 23 0:28 / /sys/fs/cgroup/${directory(name)} rw - cgroup cgroup rw,${name}`);
  const groups = names.map((name, i) => `${names.length - i}:${name.split(',').reverse().join(',')}:/`);
  if (kind === 'hybrid') {
    mounts.push('39 23 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw');
    groups.push('0::/');
  }
  return {
    ...parseLayout(mounts.join('\n'), groups.join('\n')),
    cpuset: { cpus: '0-1', mems: '0' },
    swap: true,
    cpuQuota: true,
  };
}
