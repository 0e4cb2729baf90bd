import type { CgroupLayout } from '../host/cgroup-layout.ts';
import type { Resources, ThrottledDevice } from '../oci/runtime-spec.ts';
import type { Text } from '../syscalls/text/language.ts';
import type { Limits } from './driver.ts';
import type { Setting } from './settings.ts';
import { pidsSettings } from './v1-limits.ts';

/** Limits in the files of version 2 (Documentation/admin-guide/cgroup-v2.rst). */
export function limitsOnV2(
  resources: Limits,
  { swap, ioWeightFile }: Pick<CgroupLayout, 'swap' | 'ioWeightFile'>,
): Setting[] {
  return [
    ...memorySettings(resources.memory, swap),
    ...cpuSettings(resources.cpu),
    ...blockSettings(resources.blockIO, ioWeightFile),
    ...pidsSettings(resources.pids),
  ];
}

function memorySettings(memory: Resources['memory'], countsSwap: boolean): Setting[] {
  const settings: Setting[] = [];
  const set = (name: string, value: string | number, why: Text) =>
    settings.push({ controller: 'memory', name: `memory.${name}`, value, why });
  if (memory?.limit)
    set('max', memory.limit, {
      en: 'limit the memory in bytes, page cache included',
      zh: '限制内存的字节数，页缓存也算在内',
    });
  if (memory?.reservation)
    set('low', memory.reservation, {
      en: 'protect this many bytes of memory from being reclaimed first',
      zh: '回收内存时，先不动这么多字节',
    });
  // Where swap is not counted Docker warns and goes on too.
  if (memory?.swap && countsSwap)
    set('swap.max', memory.swap < 0 ? 'max' : memory.swap - (memory.limit ?? 0), {
      en: 'limit swap in bytes: v2 counts it apart, so the memory limit is subtracted',
      zh: '限制交换空间的字节数：v2 单独计算，所以要减去内存限额',
    });
  return settings;
}

function cpuSettings(cpu: Resources['cpu']): Setting[] {
  const settings: Setting[] = [];
  const set = (name: string, value: string | number, why: Text) =>
    settings.push({ controller: name.split('.')[0]!, name, value, why });
  if (cpu?.quota || cpu?.period)
    set('cpu.max', `${cpu.quota && cpu.quota > 0 ? cpu.quota : 'max'} ${cpu.period ?? 100_000}`, {
      en: 'limit the CPU time of each period, both in microseconds',
      zh: '限制每个周期里的 CPU 时间，两个数的单位都是微秒',
    });
  if (cpu?.shares)
    set('cpu.weight', weight(cpu.shares), {
      en: 'weigh the group against others when CPUs are short',
      zh: '设置 CPU 紧张时这个组相对其他组的权重',
    });
  if (cpu?.cpus)
    set('cpuset.cpus', cpu.cpus, {
      en: 'limit the CPUs that the processes of the group may run on',
      zh: '限制组里的进程可以在哪些 CPU 上运行',
    });
  if (cpu?.mems)
    set('cpuset.mems', cpu.mems, {
      en: 'limit the NUMA nodes that the group may allocate memory on',
      zh: '限制组可以在哪些 NUMA 节点上分配内存',
    });
  return settings;
}

function blockSettings(blockIO: Resources['blockIO'], ioWeightFile: CgroupLayout['ioWeightFile']): Setting[] {
  const settings: Setting[] = [];
  const set = (name: string, value: string | number, why: Text) =>
    settings.push({ controller: 'io', name, value, why });
  const scaled = (weight: number) => (ioWeightFile === 'io.weight' ? ioWeight(weight) : weight);
  if (blockIO?.weight && ioWeightFile)
    set(ioWeightFile, `default ${scaled(blockIO.weight)}`, {
      en: 'weigh the group against others when a disk is busy',
      zh: '设置磁盘繁忙时这个组相对其他组的权重',
    });
  for (const { major, minor, weight } of (ioWeightFile && blockIO?.weightDevice) || [])
    set(ioWeightFile!, `${major}:${minor} ${scaled(weight)}`, {
      en: 'weigh the group against others on this disk',
      zh: '设置这个组在该磁盘上相对其他组的权重',
    });
  const throttle = (key: string, devices: readonly ThrottledDevice[] | undefined, why: Text) => {
    // 0 is "no limit" on v1, and refused here.
    for (const { major, minor, rate } of devices ?? []) set('io.max', `${major}:${minor} ${key}=${rate || 'max'}`, why);
  };
  throttle('rbps', blockIO?.throttleReadBpsDevice, {
    en: 'limit the bytes read from this disk a second',
    zh: '限制每秒从该磁盘读取的字节数',
  });
  throttle('wbps', blockIO?.throttleWriteBpsDevice, {
    en: 'limit the bytes written to this disk a second',
    zh: '限制每秒向该磁盘写入的字节数',
  });
  throttle('riops', blockIO?.throttleReadIOPSDevice, {
    en: 'limit the reads from this disk a second',
    zh: '限制每秒从该磁盘读取的次数',
  });
  throttle('wiops', blockIO?.throttleWriteIOPSDevice, {
    en: 'limit the writes to this disk a second',
    zh: '限制每秒向该磁盘写入的次数',
  });
  return settings;
}

/** v1's 2–262144 onto v2's 1–10000, as runc and crun map it. */
function weight(shares: number): number {
  return Math.floor(1 + ((shares - 2) * 9999) / 262142);
}

/** v1's 10–1000 onto v2's 1–10000, as runc and crun map it. */
function ioWeight(weight: number): number {
  return Math.floor(1 + ((weight - 10) * 9999) / 990);
}
