import type { CgroupLayout } from '../../host/cgroup-layout.ts';
import type { DaemonJson } from '../../state/daemon-json.ts';

/** One line of `doctor`. */
export interface Check {
  readonly name: string;
  /** `missing` keeps containers from running, `warning` takes something away or may surprise. */
  readonly status: 'ok' | 'warning' | 'missing';
  /** What was found. */
  readonly found: string;
  /** What to do about it; always there unless `ok`. */
  readonly fix?: string;
}

/** What the checks look at; probe.ts reads it from the machine. */
export interface DoctorFacts {
  readonly isRoot: boolean;
  /** Those that this process has and may use. */
  readonly capabilities: ReadonlySet<string>;
  readonly nodeVersion: string;
  readonly kernel: { readonly release: string; readonly version: readonly [number, number] };
  readonly arch: string;
  readonly isShimBuilt: boolean;
  /** What to do where it is not. */
  readonly shimFix: string;
  /** Names under /proc/self/ns. */
  readonly namespaces: readonly string[];
  readonly hasOverlay: boolean;
  readonly hasSeccomp: boolean;
  readonly cgroup: CgroupLayout;
  /** statfs type of the file system that --root lies on, its free bytes, and the answer of xfs_info if it is xfs. */
  readonly storage: { readonly type: number; readonly free: number; readonly xfs?: string };
  /** Undefined where the command is missing. */
  readonly iptables?: {
    readonly version: string;
    readonly forwardPolicy?: string;
    /** What it said when it was asked for the rules, where it failed. */
    readonly failure?: string;
  };
  /** Contents of files under /proc/sys, by their path; undefined where the kernel has none. */
  readonly sysctls: Readonly<Record<string, string | undefined>>;
  /** Keys of daemon.json that have no effect here. */
  readonly ignored: DaemonJson['ignored'];
}

const ok = (name: string, found: string): Check => ({ name, status: 'ok', found });
const missing = (name: string, found: string, fix: string): Check => ({ name, status: 'missing', found, fix });
const warning = (name: string, found: string, fix: string): Check => ({ name, status: 'warning', found, fix });

/** All checks, in the order in which a container needs what they look at. */
export function doctorChecks(facts: DoctorFacts): Check[] {
  return [
    privileges(facts),
    node(facts),
    kernel(facts),
    shim(facts),
    namespaces(facts),
    overlay(facts),
    ...storage(facts),
    ...cgroups(facts),
    seccomp(facts),
    ...network(facts),
    ...switches(facts),
    ...configuration(facts),
  ];
}

function privileges({ isRoot, capabilities }: DoctorFacts): Check {
  if (!isRoot) return missing('root', 'no', 'sudo minidock doctor');
  const lacking = ['CAP_SYS_ADMIN', 'CAP_NET_ADMIN'].filter(name => !capabilities.has(name));
  if (lacking.length === 0) return ok('root', 'yes');
  const fix = 'leave the container or user namespace that this is; a container needs --privileged';
  return missing('root', `without ${lacking.join(' and ')}`, fix);
}

function node({ nodeVersion }: DoctorFacts): Check {
  const major = Number(/^v(\d+)/.exec(nodeVersion)?.[1]);
  return major >= 20 ? ok('node', nodeVersion) : missing('node', nodeVersion, 'install Node.js 20 or newer');
}

function kernel({ kernel: { release, version }, arch }: DoctorFacts): Check {
  const [major, minor] = version;
  const found = `${release} (${arch})`;
  if (arch !== 'x64' && arch !== 'arm64') return missing('kernel', found, 'minidock runs on x64 and arm64');
  if (major < 3 || (major === 3 && minor < 10)) return missing('kernel', found, 'install Linux 3.10 or newer');
  return ok('kernel', found);
}

function shim({ isShimBuilt, shimFix }: DoctorFacts): Check {
  return isShimBuilt ? ok('native shim', 'built') : missing('native shim', 'not built', shimFix);
}

function namespaces({ namespaces: found }: DoctorFacts): Check {
  const lacking = ['mnt', 'uts', 'ipc', 'pid', 'net'].filter(name => !found.includes(name));
  if (lacking.length > 0) {
    return missing('namespaces', `no ${lacking.join(', ')}`, 'boot a kernel that is built with CONFIG_NAMESPACES');
  }
  if (!found.includes('cgroup')) {
    return warning(
      'namespaces',
      'no cgroup namespace',
      'Linux 4.6 has it; before, containers see the host’s cgroup paths',
    );
  }
  return ok('namespaces', found.join(' '));
}

function overlay({ hasOverlay }: DoctorFacts): Check {
  return hasOverlay ? ok('overlayfs', 'yes') : missing('overlayfs', 'no', 'modprobe overlay');
}

const overlayMagic = 0x794c7630;
const xfsMagic = 0x58465342;

function storage({ storage: { type, free, xfs } }: DoctorFacts): Check[] {
  const checks: Check[] = [];
  if (type === overlayMagic) {
    const fix = 'give --root a directory on another file system (ext4, xfs, tmpfs)';
    checks.push(missing('file system of --root', 'overlayfs, which cannot hold the upper layer of another', fix));
  }
  if (type === xfsMagic && /ftype=0/.test(xfs ?? '')) {
    const fix = 'overlayfs needs ftype=1: make the file system anew with mkfs.xfs -n ftype=1, or move --root';
    checks.push(missing('file system of --root', 'xfs with ftype=0', fix));
  }
  const room = free < 1e8 ? `${Math.floor(free / 1e6)} MB free` : `${(free / 1e9).toFixed(1)} GB free`;
  checks.push(
    free < 1e9 ? warning('space under --root', room, 'make room, or move --root') : ok('space under --root', room),
  );
  return checks;
}

function cgroups({ cgroup }: DoctorFacts): Check[] {
  if (cgroup.kind === 'none') {
    return [
      missing(
        'cgroups',
        'none mounted',
        'mount -t cgroup2 cgroup2 /sys/fs/cgroup; for version 1 the package cgroupfs-mount does it',
      ),
    ];
  }
  const controllers = new Set(cgroup.hierarchies.flatMap(hierarchy => hierarchy.controllers));
  const wanted = ['memory', 'cpu', 'pids', ...(cgroup.kind === 'v2' ? [] : ['devices'])];
  const lacking = wanted.filter(name => !controllers.has(name));
  const checks = [
    lacking.length === 0
      ? ok('cgroups', `${cgroup.kind}: ${[...controllers].join(' ')}`)
      : warning(
          'cgroups',
          `${cgroup.kind}, without ${lacking.join(', ')}`,
          'flags that set those limits are refused; see the kernel’s cgroup_disable= and cgroup.subtree_control',
        ),
  ];
  if (!cgroup.cpuQuota) checks.push(warning('--cpus', 'no CPU quota', 'boot a kernel with CONFIG_CFS_BANDWIDTH'));
  if (!cgroup.swap)
    checks.push(
      warning('swap limit', 'none: memory limits do not count swap', 'boot with swapaccount=1, or swapoff -a'),
    );
  return checks;
}

function seccomp({ hasSeccomp }: DoctorFacts): Check {
  return hasSeccomp ? ok('seccomp', 'yes') : missing('seccomp', 'no', 'boot a kernel with CONFIG_SECCOMP_FILTER');
}

function network({ iptables, sysctls }: DoctorFacts): Check[] {
  if (iptables === undefined) {
    return [
      missing(
        'iptables',
        'not found',
        'apt-get install iptables (or yum install iptables); --network none and host work without',
      ),
    ];
  }
  const { version, failure } = iptables;
  const checks = [
    failure === undefined
      ? ok('iptables', version)
      : missing(
          'iptables',
          `${version} cannot read the rules: ${failure}`,
          'see whether the kernel has the modules (modprobe nf_tables, ip_tables), or choose the other kind: update-alternatives --config iptables',
        ),
  ];
  if (iptables.forwardPolicy === 'DROP') {
    // Whoever turns ip_forward on sets this policy: an earlier container of ours (`dropForwarded`), or Docker. Our chains accept
    // the packets of our bridges before the policy applies.
    checks.push(ok('FORWARD policy', 'DROP, as minidock and Docker set it; minidock’s own rules accept its packets'));
  }
  const forwards = sysctls['net/ipv4/ip_forward'] === '1';
  checks.push(ok('ip_forward', forwards ? 'on' : 'off; the first container on the bridge turns it on'));
  return checks;
}

/** Kernel switches that are in the way on some distributions. */
function switches({ sysctls, kernel: { version } }: DoctorFacts): Check[] {
  const checks: Check[] = [];
  if (sysctls['fs/may_detach_mounts'] === '0') {
    const fix =
      'sysctl -w fs.may_detach_mounts=1 (and into /etc/sysctl.d): otherwise removing a container fails as busy';
    checks.push(warning('fs.may_detach_mounts', '0', fix));
  }
  if (sysctls['user/max_user_namespaces'] === '0') {
    checks.push(
      warning('user.max_user_namespaces', '0', 'sysctl -w user.max_user_namespaces=15000, for user namespaces'),
    );
  }
  if (sysctls['net/bridge/bridge-nf-call-iptables'] === '1' && version[0] < 4) {
    checks.push(
      warning(
        'bridge-nf-call-iptables',
        '1',
        'packets between containers pass iptables; sysctl -w net.bridge.bridge-nf-call-iptables=0 to change it',
      ),
    );
  }
  return checks;
}

function configuration({ ignored }: DoctorFacts): Check[] {
  return ignored.map(({ key, why }) => warning('daemon.json', `"${key}" has no effect`, why));
}
