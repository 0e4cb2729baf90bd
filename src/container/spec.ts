import type { HostFacts } from '../host/facts.ts';
import { networkSysctls } from '../host/facts.ts';
import { maskedPaths, readonlyPaths } from '../host/hidden-paths.ts';
import type { NetworkMode } from '../network/attachment.ts';
import type { Mount, Resources, Spec } from '../oci/runtime-spec.ts';
import type { NamespaceOptions } from './options/namespaces.ts';
import type { ResourceOptions } from './options/resources.ts';
import type { SecurityOptions } from './options/security.ts';
import { capabilitySets } from './process/capabilities.ts';
import { oomScoreFor } from './process/oom-score.ts';
import { rlimitsFor } from './process/rlimits.ts';
import type { ContainerUser } from './process/user.ts';
import { allowedCapabilities } from './rights/capability-names.ts';
import { deviceAccess } from './rights/devices.ts';
import { type Joinable, namespacesFor } from './rights/namespace-modes.ts';
import { seccompFor } from './rights/seccomp.ts';
import { readSecurityOptions } from './rights/security-options.ts';
import { checkSysctls } from './rights/sysctls.ts';

/** What config.json is made of: the image's config and the flags are already merged. */
export interface SpecInput {
  args: string[];
  env: string[];
  cwd: string;
  user: ContainerUser;
  hostname: string;
  tty: boolean;
  network: NetworkMode;
  options: SecurityOptions & NamespaceOptions & Pick<ResourceOptions, 'ulimits' | 'oomScoreAdj' | 'shmSize'>;
  /** Mounts besides the kernel's file systems: hosts, hostname, resolv.conf, volumes. */
  mounts: Mount[];
  cgroupsPath: string;
  resources: Resources;
  /** The first process of each container whose namespaces are joined. */
  joined?: Readonly<Partial<Record<Joinable, { pid: number }>>>;
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
  const { options, network } = input;
  const allowed = allowedCapabilities(options, facts.capabilities);
  const { uid, gid, additionalGids } = input.user;
  const { ulimits = [], oomScoreAdj, shmSize } = input.options;
  const score = oomScoreFor(oomScoreAdj, facts);
  const { noNewPrivileges } = readSecurityOptions(options.securityOpt);
  const seccomp = seccompFor(options, allowed, facts);
  const { devices, rules } = deviceAccess(options);
  const isOpen = options.privileged || options.unconfinedPaths;
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
      noNewPrivileges,
      ...(score !== undefined && { oomScoreAdj: score }),
    },
    root: { path: input.rootfs, readonly: options.readonlyRootfs ?? false },
    ...(options.utsMode !== 'host' && { hostname: input.hostname }),
    mounts: [...kernelMountsFor(options, input.mounts).map(mount => withShmSize(mount, shmSize)), ...input.mounts],
    linux: {
      namespaces: namespacesFor(options, network, facts, input.joined ?? {}),
      ...(devices.length > 0 && { devices }),
      cgroupsPath: input.cgroupsPath,
      resources: {
        ...input.resources,
        devices: options.privileged ? rules : [...input.resources.devices, ...rules],
      },
      ...sysctlsFor(options, network, facts),
      ...(seccomp && { seccomp }),
      maskedPaths: isOpen ? [] : [...maskedPaths],
      readonlyPaths: isOpen ? [] : [...readonlyPaths],
    },
  };
}

function withShmSize(mount: Mount, bytes: number | undefined): Mount {
  if (mount.destination !== '/dev/shm' || bytes === undefined) return mount;
  return { ...mount, options: mount.options.map(option => option.replace(/^size=.*/, `size=${bytes}`)) };
}

/**
 * The mounts of the kernel's file systems, without those whose place a mount of the user's takes; writable for a privileged
 * container, as in Docker.
 */
function kernelMountsFor({ privileged, ipcMode = 'private' }: SpecInput['options'], own: readonly Mount[]): Mount[] {
  const isOwn = (mount: Mount) => own.some(({ destination }) => destination === mount.destination);
  const noSharedMemory = ipcMode === 'none' || ipcMode === 'host' || ipcMode.startsWith('container:');
  return kernelMounts
    .filter(mount => mount.destination !== '/dev/shm' || !(noSharedMemory || isOwn(mount)))
    .map(mount =>
      privileged && (mount.type === 'sysfs' || mount.type === 'cgroup')
        ? { ...mount, options: mount.options.filter(option => option !== 'ro') }
        : mount,
    );
}

function sysctlsFor(
  options: SpecInput['options'],
  network: string,
  facts: HostFacts,
): { sysctl?: Record<string, string> } {
  // A namespace of another container has its settings already.
  const usual =
    network === 'host' || network === 'container'
      ? []
      : facts.sysctls.map(name => [name, networkSysctls[name]!] as const);
  const sysctl = { ...Object.fromEntries(usual), ...checkSysctls(options, network) };
  return Object.keys(sysctl).length === 0 ? {} : { sysctl };
}
