import type { Resources, ThrottledDevice } from '../../oci/runtime-spec.ts';
import type { Text } from '../../syscalls/text/language.ts';
import type { Setting } from './settings.ts';

/** The limit of processes: both versions have the same file for it. */
export function pidsSettings(pids: Resources['pids']): Setting[] {
  if (pids === undefined) return [];
  const why = {
    en: 'limit processes and threads, so that a fork bomb stays in the group',
    zh: '限制进程和线程的数量，让 fork 炸弹出不了这个组',
  };
  return [{ controller: 'pids', name: 'pids.max', value: pids.limit > 0 ? pids.limit : 'max', why }];
}

/** CPUs and memory nodes by their numbers: both versions have the same files for them. */
export function cpusetSettings(cpu: Resources['cpu']): Setting[] {
  const settings: Setting[] = [];
  const set = (name: string, value: string, why: Text) =>
    settings.push({ controller: 'cpuset', name: `cpuset.${name}`, value, why });
  if (cpu?.cpus)
    set('cpus', cpu.cpus, {
      en: 'limit the CPUs that the processes of the group may run on',
      zh: '限制组里的进程可以在哪些 CPU 上运行',
    });
  if (cpu?.mems)
    set('mems', cpu.mems, {
      en: 'limit the NUMA nodes that the group may allocate memory on',
      zh: '限制组可以在哪些 NUMA 节点上分配内存',
    });
  return settings;
}

/** Why a limit is set that both versions have, in files of different names. */
export const reasons = {
  memory: {
    en: 'limit the memory in bytes, page cache included',
    zh: '限制内存的字节数，页缓存也算在内',
  },
  shares: {
    en: 'weigh the group against others when CPUs are short',
    zh: '设置 CPU 紧张时这个组相对其他组的权重',
  },
  weight: {
    en: 'weigh the group against others when a disk is busy',
    zh: '设置磁盘繁忙时这个组相对其他组的权重',
  },
  weightOfDevice: {
    en: 'weigh the group against others on this disk',
    zh: '设置这个组在该磁盘上相对其他组的权重',
  },
} satisfies Record<string, Text>;

/** A limit of what goes to and from one disk. */
export interface Throttle extends ThrottledDevice {
  /** What stands before `_device` in the name of v1's file. */
  readonly v1: 'read_bps' | 'write_bps' | 'read_iops' | 'write_iops';
  /** The key in v2's `io.max`. */
  readonly v2: 'rbps' | 'wbps' | 'riops' | 'wiops';
  readonly why: Text;
}

/** The limits of single disks, of bytes before those of calls. */
export function throttles(blockIO: Resources['blockIO']): Throttle[] {
  const kinds = [
    {
      devices: blockIO?.throttleReadBpsDevice,
      v1: 'read_bps',
      v2: 'rbps',
      why: { en: 'limit the bytes read from this disk a second', zh: '限制每秒从该磁盘读取的字节数' },
    },
    {
      devices: blockIO?.throttleWriteBpsDevice,
      v1: 'write_bps',
      v2: 'wbps',
      why: { en: 'limit the bytes written to this disk a second', zh: '限制每秒向该磁盘写入的字节数' },
    },
    {
      devices: blockIO?.throttleReadIOPSDevice,
      v1: 'read_iops',
      v2: 'riops',
      why: { en: 'limit the reads from this disk a second', zh: '限制每秒从该磁盘读取的次数' },
    },
    {
      devices: blockIO?.throttleWriteIOPSDevice,
      v1: 'write_iops',
      v2: 'wiops',
      why: { en: 'limit the writes to this disk a second', zh: '限制每秒向该磁盘写入的次数' },
    },
  ] as const;
  return kinds.flatMap(({ devices = [], ...kind }) => devices.map(device => ({ ...device, ...kind })));
}
