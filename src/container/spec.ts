import type { HostFacts } from '../host/facts.ts';
import { networkSysctls } from '../host/facts.ts';
import { maskedPaths, readonlyPaths } from '../host/hidden-paths.ts';
import type { Mount, Namespace, Resources, Seccomp, Spec } from '../oci/runtime-spec.ts';
import type { NamespaceOptions } from './options/namespaces.ts';
import type { ResourceOptions } from './options/resources.ts';
import type { SecurityOptions } from './options/security.ts';
import { capabilitySets, defaultCapabilities } from './process/capabilities.ts';
import { oomScoreFor } from './process/oom-score.ts';
import { rlimitsFor } from './process/rlimits.ts';
import type { ContainerUser } from './process/user.ts';

/** The input of a container's config.json, image and flags already merged. */
export interface SpecInput {
  args: string[];
  env: string[];
  cwd: string;
  user: ContainerUser;
  hostname: string;
  tty: boolean;
  network: 'bridge' | 'host' | 'none';
  options: SecurityOptions & NamespaceOptions & Pick<ResourceOptions, 'ulimits' | 'oomScoreAdj' | 'shmSize'>;
  /** Besides the kernel's: hosts, hostname, resolv.conf, volumes. */
  mounts: Mount[];
  cgroupsPath: string;
  resources: Resources;
  seccomp: Seccomp | undefined;
  /** Where the rootfs is mounted, absolute. */
  rootfs: string;
}

/** The file systems that every container gets (OCI config-linux.md, "Default Filesystems", with Docker's options). */
export const kernelMounts: readonly Mount[] = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
  },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
  {
    destination: '/sys/fs/cgroup',
    type: 'cgroup',
    source: 'cgroup',
    options: ['ro', 'nosuid', 'noexec', 'nodev'],
  },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=67108864'],
  },
];

/** The container as an OCI runtime spec: what stands in the bundle, and what `runc run` takes too. */
export function ociSpec(input: SpecInput, facts: HostFacts): Spec {
  const allowed = defaultCapabilities.filter(name => facts.capabilities.has(name));
  const { uid, gid, additionalGids } = input.user;
  const { ulimits = [], oomScoreAdj, shmSize } = input.options;
  const score = oomScoreFor(oomScoreAdj, facts);
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: input.tty,
      user: { uid, gid, additionalGids },
      args: input.args,
      env: input.env,
      cwd: input.cwd,
      capabilities: capabilitySets(allowed, uid),
      rlimits: rlimitsFor(ulimits, facts.limits),
      noNewPrivileges: false,
      ...(score !== undefined && { oomScoreAdj: score }),
    },
    root: { path: input.rootfs, readonly: input.options.readonlyRootfs ?? false },
    hostname: input.hostname,
    mounts: [...kernelMounts.map(mount => withShmSize(mount, shmSize)), ...input.mounts],
    linux: {
      namespaces: namespacesFor(input.network, facts),
      cgroupsPath: input.cgroupsPath,
      resources: input.resources,
      ...(input.network !== 'host' && { sysctl: sysctlsFor(facts) }),
      ...(input.seccomp && { seccomp: input.seccomp }),
      maskedPaths: [...maskedPaths],
      readonlyPaths: [...readonlyPaths],
    },
  };
}

function withShmSize(mount: Mount, bytes: number | undefined): Mount {
  if (mount.destination !== '/dev/shm' || bytes === undefined) return mount;
  return { ...mount, options: mount.options.map(option => option.replace(/^size=.*/, `size=${bytes}`)) };
}

function sysctlsFor(facts: HostFacts): Record<string, string> {
  return Object.fromEntries(facts.sysctls.map(name => [name, networkSysctls[name]!]));
}

function namespacesFor(network: SpecInput['network'], facts: HostFacts): Namespace[] {
  const types: Namespace['type'][] = ['mount', 'uts', 'ipc', 'pid'];
  if (network !== 'host') types.push('network');
  if (facts.features.cgroupNamespace) types.push('cgroup');
  return types.map(type => ({ type }));
}
