import { type ResourceOptions, sortedUlimits } from '../../../container/options/resources.ts';
import { type FlagTable, integer, many, single, text, toggle, type Values } from '../../grammar/flags.ts';
import { readBytes } from '../../print/size.ts';
import {
  readBytesPerSecond,
  readCpus,
  readDeviceWeight,
  readKernelMemory,
  readMemorySwap,
  readOperationsPerSecond,
  readRealTime,
  readSwappiness,
  readUlimit,
  readWeight,
} from './limits.ts';

/** Flags of limits that `update` changes too. */
export const changeableFlags = {
  'blkio-weight': single('uint16', readWeight, 'Share of a busy disk, from 10 to 1000'),
  'cpu-period': integer('Length of a CPU period in microseconds (default 100000)'),
  'cpu-quota': integer('CPU time in each period, in microseconds'),
  'cpu-rt-period': single('int', readRealTime, 'Refused: real-time CPU time is not limited'),
  'cpu-rt-runtime': single('int', readRealTime, 'Refused: real-time CPU time is not limited'),
  'cpu-shares': integer('Share of busy CPUs, from 2 to 262144 (default 1024)', { short: 'c' }),
  cpus: single('decimal', readCpus, 'How many CPUs it may use at most: 1.5'),
  'cpuset-cpus': text('Which CPUs it may run on: 0-3, 0,1'),
  'cpuset-mems': text('Which NUMA nodes it may have memory of: 0-3, 0,1'),
  'kernel-memory': single('bytes', readKernelMemory, 'Refused: the kernel has no such limit any more'),
  memory: single('bytes', readBytes, 'Memory limit: 500m, 1g', { short: 'm' }),
  'memory-reservation': single('bytes', readBytes, 'Memory that it keeps when the host runs short'),
  'memory-swap': single('bytes', readMemorySwap, 'Limit of memory and swap together (-1: any amount of swap)'),
  'pids-limit': integer('How many processes there may be at most (-1: any number)'),
} satisfies FlagTable;

/** All flags about resources. */
export const resourceFlags = {
  ...changeableFlags,
  'blkio-weight-device': many('list', readDeviceWeight, 'Share of one disk: /dev/sda:200'),
  'device-read-bps': many('list', readBytesPerSecond, 'Bytes read from a disk a second: /dev/sda:1mb'),
  'device-read-iops': many('list', readOperationsPerSecond, 'Reads from a disk a second: /dev/sda:1000'),
  'device-write-bps': many('list', readBytesPerSecond, 'Bytes written to a disk a second: /dev/sda:1mb'),
  'device-write-iops': many('list', readOperationsPerSecond, 'Writes to a disk a second: /dev/sda:1000'),
  'memory-swappiness': single('int', readSwappiness, 'How readily it is swapped out: 0 to 100 (-1: as the host is)'),
  'oom-kill-disable': toggle('At the memory limit let processes wait, and end none'),
  'oom-score-adj': integer('How readily it is ended when the host runs out of memory: -1000 to 1000'),
  'shm-size': single('bytes', readBytes, 'Size of /dev/shm (default 64m)'),
  ulimit: many('list', readUlimit, 'Limit of each process: nofile=1024:2048 (-1: unlimited)'),
} satisfies FlagTable;

/** What the flags ask for. 0 is "no limit" for each of them, as in Docker. */
export function toResourceOptions(flags: Values<typeof resourceFlags>): ResourceOptions {
  const listed = <T>(list: readonly T[]) => (list.length > 0 ? [...list] : undefined);
  return defined({
    ...toChangeableOptions(flags),
    pidsLimit: (flags['pids-limit'] ?? 0) > 0 ? flags['pids-limit'] : undefined,
    memorySwappiness: flags['memory-swappiness'],
    oomKillDisable: flags['oom-kill-disable'] || undefined,
    oomScoreAdj: flags['oom-score-adj'] || undefined,
    blkioWeightDevice: listed(flags['blkio-weight-device'].filter(({ weight }) => weight > 0)),
    deviceReadBps: listed(flags['device-read-bps']),
    deviceWriteBps: listed(flags['device-write-bps']),
    deviceReadIops: listed(flags['device-read-iops']),
    deviceWriteIops: listed(flags['device-write-iops']),
    shmSize: flags['shm-size'] || undefined,
    ulimits: listed(sortedUlimits(flags.ulimit)),
  });
}

/** What `update` may change. A negative limit of processes takes it away. */
export function toChangeableOptions(flags: Values<typeof changeableFlags>): ResourceOptions {
  return defined({
    blkioWeight: flags['blkio-weight'] || undefined,
    cpuPeriod: flags['cpu-period'] || undefined,
    cpuQuota: flags['cpu-quota'] || undefined,
    cpuShares: flags['cpu-shares'] || undefined,
    cpus: flags.cpus || undefined,
    cpusetCpus: flags['cpuset-cpus'] || undefined,
    cpusetMems: flags['cpuset-mems'] || undefined,
    memory: flags.memory || undefined,
    memoryReservation: flags['memory-reservation'] || undefined,
    memorySwap: flags['memory-swap'] || undefined,
    pidsLimit: flags['pids-limit'] || undefined,
  });
}

function defined(options: ResourceOptions): ResourceOptions {
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) if (value !== undefined) given[name] = value;
  return given;
}
