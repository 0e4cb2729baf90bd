import type { DeviceRate } from '../../../cgroup/requested.ts';
import type { ResourceOptions } from '../../../container/options/resources.ts';

/** The part of `HostConfig` about limits. What is left out is zero, or null, as in Docker. */
export function shownResources(options: ResourceOptions) {
  const { memory = 0 } = options;
  return {
    Memory: memory,
    MemorySwap: options.memorySwap ?? 2 * memory,
    MemoryReservation: options.memoryReservation ?? 0,
    MemorySwappiness: options.memorySwappiness ?? null,
    NanoCpus: Math.round((options.cpus ?? 0) * 1e9),
    CpuShares: options.cpuShares ?? 0,
    CpuPeriod: options.cpuPeriod ?? 0,
    CpuQuota: options.cpuQuota ?? 0,
    CpusetCpus: options.cpusetCpus ?? '',
    CpusetMems: options.cpusetMems ?? '',
    BlkioWeight: options.blkioWeight ?? 0,
    BlkioWeightDevice: (options.blkioWeightDevice ?? []).map(({ path, weight }) => ({ Path: path, Weight: weight })),
    BlkioDeviceReadBps: rates(options.deviceReadBps),
    BlkioDeviceWriteBps: rates(options.deviceWriteBps),
    BlkioDeviceReadIOps: rates(options.deviceReadIops),
    BlkioDeviceWriteIOps: rates(options.deviceWriteIops),
    OomKillDisable: options.oomKillDisable ?? false,
    OomScoreAdj: options.oomScoreAdj ?? 0,
    PidsLimit: options.pidsLimit ?? null,
    ShmSize: options.shmSize ?? 64 << 20,
    Ulimits: options.ulimits?.map(({ name, soft, hard }) => ({ Name: name, Hard: hard, Soft: soft })) ?? null,
  };
}

const rates = (devices: DeviceRate[] | undefined) =>
  devices?.map(({ path, rate }) => ({ Path: path, Rate: rate })) ?? null;
