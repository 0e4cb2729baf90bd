import type { CgroupLayout } from '../host/cgroup-layout.ts';
import type { Resources, ThrottledDevice } from '../oci/runtime-spec.ts';
import type { Text } from '../syscalls/text/language.ts';
import type { Limits } from './driver.ts';
import { missing } from './missing.ts';
import type { Setting } from './settings.ts';

/** Limits in the files of version 1, in the order that the kernel accepts (Documentation/admin-guide/cgroup-v1). */
export function limitsOnV1(resources: Limits, layout: Pick<CgroupLayout, 'swap' | 'cpuQuota'>): Setting[] {
  return [
    ...memorySettings(resources.memory, layout),
    ...cpuSettings(resources.cpu, layout),
    ...blockSettings(resources.blockIO),
    ...pidsSettings(resources.pids),
  ];
}

/** The limit of processes is the same on both versions. */
export function pidsSettings(pids: Resources['pids']): Setting[] {
  if (pids === undefined) return [];
  const why = {
    en: 'limit processes and threads, so that a fork bomb stays in the group',
    zh: '限制进程和线程的数量，让 fork 炸弹出不了这个组',
  };
  return [{ controller: 'pids', name: 'pids.max', value: pids.limit > 0 ? pids.limit : 'max', why }];
}

function memorySettings(memory: Resources['memory'], layout: Pick<CgroupLayout, 'swap'>): Setting[] {
  const settings: Setting[] = [];
  const set = (name: string, value: number, why: Text) =>
    settings.push({ controller: 'memory', name: `memory.${name}`, value, why });
  if (memory?.limit)
    set('limit_in_bytes', memory.limit, {
      en: 'limit the memory in bytes, page cache included',
      zh: '限制内存的字节数，页缓存也算在内',
    });
  if (memory?.reservation)
    set('soft_limit_in_bytes', memory.reservation, {
      en: 'above this many bytes, memory is reclaimed first when the host runs short',
      zh: '宿主机内存不足时，超过这个字节数的部分先被回收',
    });
  // After the memory limit: the sum may never be less than it. Where swap is not counted Docker warns and goes on too.
  if (memory?.swap && layout.swap)
    set('memsw.limit_in_bytes', memory.swap, {
      en: 'limit the sum of memory and swap, in bytes',
      zh: '限制内存与交换空间之和，单位是字节',
    });
  if (memory?.swappiness !== undefined)
    set('swappiness', memory.swappiness, {
      en: 'choose between swapping out and dropping page cache: 0 hardly swaps, 100 treats both alike',
      zh: '在换出与丢弃页缓存之间取舍：0 几乎不换出，100 则一视同仁',
    });
  if (memory?.disableOOMKiller)
    set('oom_control', 1, {
      en: 'at the memory limit let processes wait until some is free, in place of ending one',
      zh: '到达内存限额时让进程等待空闲内存，而不是结束其中一个',
    });
  return settings;
}

function cpuSettings(cpu: Resources['cpu'], layout: Pick<CgroupLayout, 'cpuQuota'>): Setting[] {
  const settings: Setting[] = [];
  const set = (name: string, value: string | number, why: Text) =>
    settings.push({ controller: name.split('.')[0]!, name, value, why });
  if (cpu?.shares)
    set('cpu.shares', cpu.shares, {
      en: 'weigh the group against others when CPUs are short',
      zh: '设置 CPU 紧张时这个组相对其他组的权重',
    });
  if (cpu?.quota && !layout.cpuQuota)
    throw missing(
      'cpu',
      'limit CPU time (cpu.cfs_quota_us)',
      'boot a kernel with CONFIG_CFS_BANDWIDTH, or run without that limit',
    );
  if (cpu?.period)
    set('cpu.cfs_period_us', cpu.period, {
      en: 'set the length of a CPU period, in microseconds',
      zh: '设置一个 CPU 周期的长度，单位是微秒',
    });
  if (cpu?.quota)
    set('cpu.cfs_quota_us', cpu.quota, {
      en: 'limit the CPU time of each period, in microseconds; then the group waits',
      zh: '限制每个周期里的 CPU 时间，单位是微秒；用完就等待',
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

function blockSettings(blockIO: Resources['blockIO']): Setting[] {
  const settings: Setting[] = [];
  const set = (name: string, value: string | number, why: Text) =>
    settings.push({ controller: 'blkio', name: `blkio.${name}`, value, why });
  if (blockIO?.weight)
    set('weight', blockIO.weight, {
      en: 'weigh the group against others when a disk is busy',
      zh: '设置磁盘繁忙时这个组相对其他组的权重',
    });
  for (const { major, minor, weight } of blockIO?.weightDevice ?? [])
    set('weight_device', `${major}:${minor} ${weight}`, {
      en: 'weigh the group against others on this disk',
      zh: '设置这个组在该磁盘上相对其他组的权重',
    });
  const throttle = (name: string, devices: readonly ThrottledDevice[] | undefined, why: Text) => {
    for (const { major, minor, rate } of devices ?? []) set(`throttle.${name}`, `${major}:${minor} ${rate}`, why);
  };
  throttle('read_bps_device', blockIO?.throttleReadBpsDevice, {
    en: 'limit the bytes read from this disk a second',
    zh: '限制每秒从该磁盘读取的字节数',
  });
  throttle('write_bps_device', blockIO?.throttleWriteBpsDevice, {
    en: 'limit the bytes written to this disk a second',
    zh: '限制每秒向该磁盘写入的字节数',
  });
  throttle('read_iops_device', blockIO?.throttleReadIOPSDevice, {
    en: 'limit the reads from this disk a second',
    zh: '限制每秒从该磁盘读取的次数',
  });
  throttle('write_iops_device', blockIO?.throttleWriteIOPSDevice, {
    en: 'limit the writes to this disk a second',
    zh: '限制每秒向该磁盘写入的次数',
  });
  return settings;
}
