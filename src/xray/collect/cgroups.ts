import fs from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { type Hierarchy, parseLayout } from '../../host/cgroup-layout.ts';
import { readProc } from '../../host/proc.ts';
import type { Group, Setting, SettingName } from '../model.ts';

/**
 * The groups of a process in every hierarchy that is mounted here, each with the files that say what it may use. The top of a
 * hierarchy is no group of a container's: it is left out.
 */
export function groupsOf(pid: number): Group[] {
  return parseLayout(fs.readFileSync('/proc/self/mountinfo', 'utf8'), fs.readFileSync(`/proc/${pid}/cgroup`, 'utf8'))
    .hierarchies.filter(({ own }) => own !== '/')
    .map(groupIn);
}

/** Groups of this path that are there, whoever is in them: what is left of a container that has ended. */
export function groupsNamed(path: string): Group[] {
  const { hierarchies } = parseLayout(
    fs.readFileSync('/proc/self/mountinfo', 'utf8'),
    fs.readFileSync('/proc/self/cgroup', 'utf8'),
  );
  return hierarchies
    .filter(({ mountpoint }) => fs.existsSync(mountpoint + path))
    .map(hierarchy => groupIn({ ...hierarchy, own: path }));
}

function groupIn({ version, controllers, mountpoint, own }: Hierarchy): Group {
  const directory = mountpoint + own;
  return { version, controllers, path: own, directory, settings: settingsIn(directory, version) };
}

/** What a file says: a number of `amount`, undefined where it limits nothing. */
type Meaning = readonly [
  what: SettingName,
  kind: Setting['kind'],
  amount: (value: string, read: Read) => number | undefined,
];
type Read = (name: string) => string | undefined;

const count = (value: string) => (/^\d+$/.test(value) ? Number(value) : undefined);
/** Version 1 has no word for "no limit" in bytes: it is the largest number of whole pages. */
const bytesOnV1 = (value: string) => (BigInt(value) >= 2n ** 63n - 65536n ? undefined : Number(value));
const none = () => undefined;

const v1: Readonly<Record<string, Meaning>> = {
  'memory.limit_in_bytes': ['memory', 'limit', bytesOnV1],
  'memory.memsw.limit_in_bytes': ['memory and swap', 'limit', bytesOnV1],
  'memory.soft_limit_in_bytes': ['memory reservation', 'limit', bytesOnV1],
  'memory.usage_in_bytes': ['memory used', 'used', count],
  'cpu.cfs_quota_us': [
    'cpu time',
    'limit',
    (quota, read) => (Number(quota) <= 0 ? undefined : Number(quota) / Number(read('cpu.cfs_period_us') ?? 100000)),
  ],
  'cpu.shares': ['cpu weight', 'limit', count],
  'cpuset.cpus': ['cpus', 'limit', none],
  'cpuset.mems': ['memory nodes', 'limit', none],
  'pids.max': ['processes', 'limit', count],
  'pids.current': ['processes now', 'used', count],
  'blkio.weight': ['block weight', 'limit', count],
  'freezer.state': ['frozen', 'state', none],
  'devices.list': ['devices', 'limit', value => value.split('\n').filter(Boolean).length],
};

const v2: Readonly<Record<string, Meaning>> = {
  'memory.max': ['memory', 'limit', count],
  'memory.swap.max': ['swap', 'limit', count],
  'memory.low': ['memory reservation', 'limit', value => count(value) || undefined],
  'memory.current': ['memory used', 'used', count],
  'cpu.max': [
    'cpu time',
    'limit',
    value => {
      const [quota, period] = value.split(' ').map(Number);
      return Number.isFinite(quota) && period ? quota! / period : undefined;
    },
  ],
  'cpu.weight': ['cpu weight', 'limit', count],
  'cpuset.cpus.effective': ['cpus', 'limit', none],
  'cpuset.mems.effective': ['memory nodes', 'limit', none],
  'pids.max': ['processes', 'limit', count],
  'pids.current': ['processes now', 'used', count],
  'io.weight': ['block weight', 'limit', value => count(value.replace(/^default /, ''))],
  'cgroup.freeze': ['frozen', 'state', none],
};

export function settingsIn(directory: string, version: 1 | 2, readFile = readSetting): Setting[] {
  const read: Read = name => readFile(`${directory}/${name}`);
  return Object.entries(version === 1 ? v1 : v2).flatMap(([name, [what, kind, amountOf]]) => {
    const value = read(name);
    if (value === undefined) return [];
    const amount = amountOf(value, read);
    return { what, file: `${directory}/${name}`, value, ...(amount !== undefined && { amount }), kind };
  });
}

function readSetting(file: string): string | undefined {
  try {
    return readProc(file)?.replace(/\n$/, '');
  } catch (error) {
    // ENODEV: the group went away between open and read. EOPNOTSUPP, EINVAL: the kernel does not count this.
    if (['ENODEV', 'EOPNOTSUPP', 'ENOTSUP', 'EINVAL', 'EIO'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
