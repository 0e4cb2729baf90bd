import {
  checkUlimit,
  isDeviceWeight,
  type ResourceOptions,
  refuseKernelMemory,
  refuseRealTime,
  sortedUlimits,
} from '../../../../container/options/resources.ts';
import { MinidockError } from '../../../../errors.ts';
import { reading } from '../../reading.ts';
import type { ResourcesBody } from './body.ts';

/** Limits, as flags say them: what is zero was not said. @throws {MinidockError} `invalid-argument` for what no flag can say */
export function resourcesOf(host: ResourcesBody): ResourceOptions {
  if (host.CgroupParent)
    throw new MinidockError(
      'invalid-argument',
      `CgroupParent ${host.CgroupParent}: containers here have no other parent`,
      {
        fix: 'leave CgroupParent out',
      },
    );
  return reading(() => {
    if ((host.ShmSize ?? 0) < 0) throw new Error('SHM size can not be less than 0');
    const weights = (host.BlkioWeightDevice ?? []).map(one => ({ path: one?.Path ?? '', weight: one?.Weight ?? 0 }));
    for (const { path, weight } of weights)
      if (!isDeviceWeight(weight)) throw new Error(`invalid weight for device: ${path}:${weight}`);
    const ulimits = (host.Ulimits ?? []).map(one =>
      checkUlimit({ name: one?.Name ?? '', soft: one?.Soft ?? 0, hard: one?.Hard ?? 0 }),
    );
    return defined({
      ...changesOf(host),
      pidsLimit: (host.PidsLimit ?? 0) > 0 ? host.PidsLimit! : undefined,
      // -1 is as the host has it.
      memorySwappiness: host.MemorySwappiness === -1 ? undefined : (host.MemorySwappiness ?? undefined),
      oomKillDisable: host.OomKillDisable || undefined,
      oomScoreAdj: host.OomScoreAdj || undefined,
      blkioWeightDevice: some(weights.filter(({ weight }) => weight > 0)),
      deviceReadBps: ratesOf(host.BlkioDeviceReadBps),
      deviceWriteBps: ratesOf(host.BlkioDeviceWriteBps),
      deviceReadIops: ratesOf(host.BlkioDeviceReadIOps),
      deviceWriteIops: ratesOf(host.BlkioDeviceWriteIOps),
      shmSize: host.ShmSize || undefined,
      ulimits: some(sortedUlimits(ulimits)),
    });
  });
}

/** Those that POST /containers/{id}/update changes. @throws {MinidockError} `invalid-argument` */
export function changesOf(host: ResourcesBody): ResourceOptions {
  return reading(() => {
    refuseKernelMemory(host.KernelMemory ?? 0);
    refuseRealTime((host.CpuRealtimePeriod ?? 0) || (host.CpuRealtimeRuntime ?? 0));
    return defined({
      blkioWeight: host.BlkioWeight || undefined,
      cpuPeriod: host.CpuPeriod || undefined,
      cpuQuota: host.CpuQuota || undefined,
      cpuShares: host.CpuShares || undefined,
      cpus: host.NanoCpus ? host.NanoCpus / 1e9 : undefined,
      cpusetCpus: host.CpusetCpus || undefined,
      cpusetMems: host.CpusetMems || undefined,
      memory: host.Memory || undefined,
      memoryReservation: host.MemoryReservation || undefined,
      memorySwap: host.MemorySwap || undefined,
      pidsLimit: host.PidsLimit || undefined,
    });
  });
}

function ratesOf(given: ResourcesBody['BlkioDeviceReadBps']) {
  return some((given ?? []).map(one => ({ path: one?.Path ?? '', rate: one?.Rate ?? 0 })));
}

const some = <T>(list: T[]): T[] | undefined => (list.length > 0 ? list : undefined);

const defined = (options: ResourceOptions): ResourceOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
