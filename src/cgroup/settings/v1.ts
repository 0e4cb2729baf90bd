import type { CgroupLayout } from '../../host/cgroup-layout.ts';
import type { Resources } from '../../oci/runtime-spec.ts';
import type { Text } from '../../syscalls/text/language.ts';
import type { Limits } from '../driver.ts';
import { missing } from '../missing.ts';
import type { Setting } from './settings.ts';
import { cpusetSettings, pidsSettings, reasons, throttles } from './shared.ts';

/** Limits in the files of version 1, in the order that the kernel accepts (Documentation/admin-guide/cgroup-v1). */
export function limitsOnV1(resources: Limits, layout: Pick<CgroupLayout, 'swap' | 'cpuQuota'>): Setting[] {
  return [
    ...memorySettings(resources.memory, layout),
    ...cpuSettings(resources.cpu, layout),
    ...blockSettings(resources.blockIO),
    ...pidsSettings(resources.pids),
  ];
}

function memorySettings(memory: Resources['memory'], layout: Pick<CgroupLayout, 'swap'>): Setting[] {
  const settings: Setting[] = [];
  const set = (name: string, value: number, why: Text) =>
    settings.push({ controller: 'memory', name: `memory.${name}`, value, why });
  if (memory?.limit) set('limit_in_bytes', memory.limit, reasons.memory);
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
  const set = (name: string, value: number, why: Text) =>
    settings.push({ controller: 'cpu', name: `cpu.${name}`, value, why });
  if (cpu?.shares) set('shares', cpu.shares, reasons.shares);
  if (cpu?.quota && !layout.cpuQuota)
    throw missing(
      'cpu',
      'limit CPU time (cpu.cfs_quota_us)',
      'boot a kernel with CONFIG_CFS_BANDWIDTH, or run without that limit',
    );
  if (cpu?.period)
    set('cfs_period_us', cpu.period, {
      en: 'set the length of a CPU period, in microseconds',
      zh: '设置一个 CPU 周期的长度，单位是微秒',
    });
  if (cpu?.quota)
    set('cfs_quota_us', cpu.quota, {
      en: 'limit the CPU time of each period, in microseconds; then the group waits',
      zh: '限制每个周期里的 CPU 时间，单位是微秒；用完就等待',
    });
  return [...settings, ...cpusetSettings(cpu)];
}

function blockSettings(blockIO: Resources['blockIO']): Setting[] {
  const settings: Setting[] = [];
  const set = (name: string, value: string | number, why: Text) =>
    settings.push({ controller: 'blkio', name: `blkio.${name}`, value, why });
  if (blockIO?.weight) set('weight', blockIO.weight, reasons.weight);
  for (const { major, minor, weight } of blockIO?.weightDevice ?? [])
    set('weight_device', `${major}:${minor} ${weight}`, reasons.weightOfDevice);
  for (const { v1, major, minor, rate, why } of throttles(blockIO))
    set(`throttle.${v1}_device`, `${major}:${minor} ${rate}`, why);
  return settings;
}
