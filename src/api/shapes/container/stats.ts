import type { ContainerStats } from '../../../engine/nouns/containers.ts';
import { int, key, map, omitEmpty, slice, string, struct, uint64 } from '../../go/types.ts';
import { type Value, value } from '../../go/values.ts';

const throttling = struct('types.ThrottlingData', {
  Periods: key('periods', uint64),
  ThrottledPeriods: key('throttled_periods', uint64),
  ThrottledTime: key('throttled_time', uint64),
});
const cpu = struct('types.CPUStats', {
  CPUUsage: key(
    'cpu_usage',
    struct('types.CPUUsage', {
      TotalUsage: key('total_usage', uint64),
      PercpuUsage: omitEmpty(slice(uint64), 'percpu_usage'),
      UsageInKernelmode: key('usage_in_kernelmode', uint64),
      UsageInUsermode: key('usage_in_usermode', uint64),
    }),
  ),
  SystemUsage: omitEmpty(uint64, 'system_cpu_usage'),
  OnlineCPUs: omitEmpty(int, 'online_cpus'),
  ThrottlingData: omitEmpty(throttling, 'throttling_data'),
});
const memory = struct('types.MemoryStats', {
  Usage: omitEmpty(uint64, 'usage'),
  MaxUsage: omitEmpty(uint64, 'max_usage'),
  Stats: omitEmpty(map(uint64), 'stats'),
  Limit: omitEmpty(uint64, 'limit'),
});
const entry = struct('types.BlkioStatEntry', {
  Major: key('major', uint64),
  Minor: key('minor', uint64),
  Op: key('op', string),
  Value: key('value', uint64),
});
const network = struct('types.NetworkStats', {
  RxBytes: key('rx_bytes', uint64),
  RxPackets: key('rx_packets', uint64),
  RxErrors: key('rx_errors', uint64),
  RxDropped: key('rx_dropped', uint64),
  TxBytes: key('tx_bytes', uint64),
  TxPackets: key('tx_packets', uint64),
  TxErrors: key('tx_errors', uint64),
  TxDropped: key('tx_dropped', uint64),
});
const stats = struct('types.StatsJSON', {
  Read: key('read', string),
  PreRead: key('preread', string),
  PidsStats: omitEmpty(struct('types.PidsStats', { Current: omitEmpty(uint64, 'current') }), 'pids_stats'),
  BlkioStats: omitEmpty(
    struct('types.BlkioStats', { IoServiceBytesRecursive: key('io_service_bytes_recursive', slice(entry)) }),
    'blkio_stats',
  ),
  NumProcs: key('num_procs', int),
  CPUStats: omitEmpty(cpu, 'cpu_stats'),
  PreCPUStats: omitEmpty(cpu, 'precpu_stats'),
  MemoryStats: omitEmpty(memory, 'memory_stats'),
  Name: omitEmpty(string, 'name'),
  ID: omitEmpty(string, 'id'),
  Networks: omitEmpty(map(network), 'networks'),
});

/** What GET /containers/{id}/stats tells of one moment, beside the moment before. */
export interface StatsReading {
  readonly now: TakenStats;
  readonly before?: TakenStats;
}

/** Counters of a container, with what its share is computed of. */
export interface TakenStats {
  readonly stats: ContainerStats;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Of all processors since the boot, in nanoseconds. */
  readonly systemNanoseconds: number;
  readonly processors: number;
}

const none = '0001-01-01T00:00:00Z';

export function statsShape({ now, before }: StatsReading): Value {
  const { stats: of } = now;
  const { received, sent } = of.network;
  return value(stats, {
    read: of.running ? new Date(now.time).toISOString() : none,
    preread: before?.stats.running ? new Date(before.time).toISOString() : none,
    pids_stats: { current: of.pids },
    blkio_stats: {
      io_service_bytes_recursive: [
        { op: 'Read', value: of.block.read },
        { op: 'Write', value: of.block.written },
      ],
    },
    cpu_stats: cpuOf(now),
    precpu_stats: before === undefined ? cpuOf(undefined) : cpuOf(before),
    memory_stats: of.running ? { usage: of.memory.usedBytes, limit: of.memory.limitBytes, stats: {} } : {},
    name: `/${of.name}`,
    id: of.id,
    ...(of.running && { networks: { eth0: { rx_bytes: received, tx_bytes: sent } } }),
  });
}

function cpuOf(taken: TakenStats | undefined) {
  if (taken === undefined || !taken.stats.running) return { cpu_usage: {}, throttling_data: {} };
  const total = Number(taken.stats.cpuNanoseconds);
  return {
    cpu_usage: { total_usage: total, usage_in_usermode: total },
    system_cpu_usage: taken.systemNanoseconds,
    online_cpus: taken.processors,
    throttling_data: {},
  };
}
