import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** One tree of groups: a v1 hierarchy (with its controllers), or the unified one of v2. */
export interface Hierarchy {
  version: 1 | 2;
  /** Absolute, as this process sees it. Group "/a" of this hierarchy is the directory `${mountpoint}/a`. */
  mountpoint: string;
  /** As the kernel lists them, `name=systemd` among them; on v2 what cgroup.controllers of the mounted group says. */
  controllers: string[];
  /** The data of mount(2) that mounts this hierarchy once more: `cpu,cpuacct`, `none,name=systemd`, empty on v2. */
  options: string;
  /** The group that this process is in, below the mountpoint; "/" is the mountpoint itself. */
  own: string;
}

export interface CgroupLayout {
  /** `hybrid`: v1 controllers, and beside them a unified hierarchy for processes. `none`: nothing is mounted. */
  kind: 'v1' | 'hybrid' | 'v2' | 'none';
  hierarchies: Hierarchy[];
  /** v1: CPUs and memory nodes that the containers' parent has, or is to get; a group without both accepts no task. */
  cpuset?: { cpus: string; mems: string };
  /** Whether swap can be limited: v1's memory.memsw.*, v2's memory.swap.max; off on many distributions' kernels. */
  swap: boolean;
  /** Whether a group has a swappiness of its own, and may do without the OOM killer: v1 alone. Not said is yes. */
  swappiness?: boolean;
  oomKillDisable?: boolean;
  /** Whether disk time can be shared by weight: v1's CFQ scheduler, which Linux 5.0 has no more; v2's io.weight or BFQ. */
  ioWeight?: boolean;
  ioWeightDevice?: boolean;
  /** v2: the file that takes the weight. */
  ioWeightFile?: 'io.weight' | 'io.bfq.weight';
  /** Whether CPU time can be limited (CONFIG_CFS_BANDWIDTH). */
  cpuQuota: boolean;
}

/**
 * What of cgroups this host offers. `parent` is the group below which containers are made (see `CgroupDriver`).
 * Reads /proc/self and the mounted hierarchies; never fails for what is missing.
 */
export function readCgroupLayout(parent = '/minidock'): CgroupLayout {
  const { kind, hierarchies } = parseLayout(text('/proc/self/mountinfo'), text('/proc/self/cgroup'));
  for (const hierarchy of hierarchies) {
    if (hierarchy.version === 2) {
      hierarchy.controllers = text(`${hierarchy.mountpoint}/cgroup.controllers`).trim().split(' ').filter(Boolean);
    }
  }
  const at = (controller: string) => hierarchies.find(one => one.controllers.includes(controller))?.mountpoint;
  if (kind === 'v2') {
    const top = hierarchies.find(one => one.version === 2)!.mountpoint;
    // It has none of the files that limit: the groups below it show which the kernel has.
    const groups = readdirSync(top, { withFileTypes: true }).filter(entry => entry.isDirectory());
    const has = (file: string) => groups.some(({ name }) => existsSync(`${top}/${name}/${file}`));
    const ioWeightFile = (['io.bfq.weight', 'io.weight'] as const).find(has);
    return {
      kind,
      hierarchies,
      // A kernel may count memory and not swap (swapaccount=0). Where no group has memory.max nothing says so.
      swap: has('memory.swap.max') || !has('memory.max'),
      swappiness: false,
      oomKillDisable: false,
      ioWeight: ioWeightFile !== undefined,
      ioWeightDevice: ioWeightFile !== undefined,
      ioWeightFile,
      cpuQuota: at('cpu') !== undefined,
      ...(at('cpuset') !== undefined && {
        cpuset: {
          cpus: text(`${top}/cpuset.cpus.effective`).trim(),
          mems: text(`${top}/cpuset.mems.effective`).trim(),
        },
      }),
    };
  }
  const cpuset = at('cpuset');
  const inherit = (file: string) =>
    text(`${cpuset}${parent}/cpuset.${file}`).trim() || text(`${cpuset}/cpuset.${file}`).trim();
  return {
    kind,
    hierarchies,
    cpuset: cpuset === undefined ? undefined : { cpus: inherit('cpus'), mems: inherit('mems') },
    swap: existsSync(`${at('memory')}/memory.memsw.limit_in_bytes`),
    swappiness: existsSync(`${at('memory')}/memory.swappiness`),
    ioWeight: existsSync(`${at('blkio')}/blkio.weight`),
    ioWeightDevice: existsSync(`${at('blkio')}/blkio.weight_device`),
    cpuQuota: existsSync(`${at('cpu')}/cpu.cfs_quota_us`),
  };
}

/**
 * The mounted hierarchies, by the texts of /proc/self/mountinfo (proc(5)) and /proc/self/cgroup (cgroups(7)).
 *
 * The two are matched by the set of controllers and not by their text: CentOS 7 mounts `cpu,cpuacct` and lists it as
 * `cpuacct,cpu`. Hierarchies that are not mounted are left out; of one that is mounted twice the first counts.
 */
export function parseLayout(mountinfo: string, selfCgroup: string): Pick<CgroupLayout, 'kind' | 'hierarchies'> {
  const groups = selfCgroup.split('\n').flatMap(line => {
    const [id, controllers, ...path] = line.split(':');
    return id === '' || path.length === 0
      ? []
      : [{ controllers: controllers!.split(',').filter(Boolean), path: path.join(':') }];
  });
  const known = new Set(groups.flatMap(group => group.controllers));
  const hierarchies: Hierarchy[] = [];
  for (const mount of cgroupMounts(mountinfo)) {
    const controllers = mount.version === 2 ? [] : mount.options.filter(option => known.has(option));
    const same = (other: readonly string[]) =>
      other.length === controllers.length && other.every(name => controllers.includes(name));
    const group = groups.find(one => same(one.controllers));
    // A mount from outside our cgroup namespace has a root that climbs out of it.
    if (group === undefined || mount.root.startsWith('/..')) continue;
    if (hierarchies.some(one => one.version === mount.version && same(one.controllers))) continue;
    const options = controllers.some(name => name.startsWith('name=')) ? ['none', ...controllers] : controllers;
    hierarchies.push({
      version: mount.version,
      mountpoint: mount.mountpoint,
      controllers,
      options: options.join(','),
      own: below(mount.root, group.path),
    });
  }
  const v1 = hierarchies.some(one => one.version === 1 && one.controllers.some(name => !name.startsWith('name=')));
  const v2 = hierarchies.some(one => one.version === 2);
  return { kind: v1 ? (v2 ? 'hybrid' : 'v1') : v2 ? 'v2' : 'none', hierarchies };
}

/** The lines of mountinfo that are about cgroups; fields after the dash are type, source, super options. */
function* cgroupMounts(mountinfo: string) {
  for (const line of mountinfo.split('\n')) {
    const dash = line.indexOf(' - cgroup');
    if (dash < 0) continue;
    const [type, , options] = line.slice(dash + 3).split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') continue;
    const [, , , root, mountpoint] = line.slice(0, dash).split(' ');
    yield {
      version: type === 'cgroup' ? (1 as const) : (2 as const),
      root: unquote(root!),
      mountpoint: unquote(mountpoint!),
      options: (options ?? '').split(','),
    };
  }
}

/** Blanks and backslashes in mountinfo are octal. */
function unquote(field: string): string {
  // To compile an expression takes longer than all that is looked for with it.
  if (!field.includes('\\')) return field;
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** A group's path as seen from the group that is mounted. */
function below(root: string, path: string): string {
  if (root === '/') return path;
  return path === root || !path.startsWith(`${root}/`) ? '/' : path.slice(root.length);
}

/** How a container sees one hierarchy under /sys/fs/cgroup. */
export interface CgroupMount {
  /** Directory below /sys/fs/cgroup: `memory`, `cpu,cpuacct`; empty where v2 is mounted there itself. */
  directory: string;
  type: 'cgroup' | 'cgroup2';
  /** Data of mount(2). */
  options: string;
  /** On the host: the source for a bind mount of one group, where the kernel has no cgroup namespaces (before 4.6). */
  hostMountpoint: string;
  /** Names that link to the directory: `cpu` and `cpuacct` to `cpu,cpuacct`. */
  links: string[];
}

/**
 * Whether containers have a group of their own in this hierarchy. In all of v1; the unified one beside them has no
 * controllers that limit anything, and is joined only where minidock runs in some service's or session's group, since
 * systemd ends all processes of that group together with it.
 */
export function isJoined(layout: Pick<CgroupLayout, 'kind'>, hierarchy: Hierarchy): boolean {
  return layout.kind === 'v2' || hierarchy.version === 1 || hierarchy.own !== '/';
}

/**
 * What is to be mounted in a container so that it finds the hierarchies where the host's own programs do. Without those that
 * it has no group in: it would see the groups of the whole host there.
 */
export function cgroupMountsFor(layout: CgroupLayout): CgroupMount[] {
  return layout.hierarchies
    .filter(one => isJoined(layout, one))
    .map(({ version, controllers, options, mountpoint }) => {
      const names = controllers.map(name => name.replace(/^name=/, ''));
      const directory = version === 1 ? names.join(',') : layout.kind === 'v2' ? '' : 'unified';
      return {
        directory,
        type: version === 1 ? 'cgroup' : 'cgroup2',
        options,
        hostMountpoint: mountpoint,
        links: version === 1 && names.length > 1 ? names : [],
      };
    });
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
