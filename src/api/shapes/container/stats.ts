import type { ContainerStats, InterfaceCounters } from '../../../engine/nouns/containers.ts';
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
const entries = slice(entry);
const blkio = struct('types.BlkioStats', {
  IoServiceBytesRecursive: key('io_service_bytes_recursive', entries),
  IoServicedRecursive: key('io_serviced_recursive', entries),
  IoQueuedRecursive: key('io_queue_recursive', entries),
  IoServiceTimeRecursive: key('io_service_time_recursive', entries),
  IoWaitTimeRecursive: key('io_wait_time_recursive', entries),
  IoMergedRecursive: key('io_merged_recursive', entries),
  IoTimeRecursive: key('io_time_recursive', entries),
  SectorsRecursive: key('sectors_recursive', entries),
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
  BlkioStats: omitEmpty(blkio, 'blkio_stats'),
  NumProcs: key('num_procs', int),
  StorageStats: omitEmpty(struct('types.StorageStats', {}), 'storage_stats'),
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
  return value(stats, {
    read: of.running ? new Date(now.time).toISOString() : none,
    preread: before?.stats.running ? new Date(before.time).toISOString() : none,
    pids_stats: { current: of.pids },
    blkio_stats: blockOf(of),
    cpu_stats: cpuOf(now),
    precpu_stats: before === undefined ? cpuOf(undefined) : cpuOf(before),
    memory_stats: memoryOf(of),
    name: `/${of.name}`,
    id: of.id,
    networks: Object.fromEntries(
      Object.entries(of.detail?.interfaces ?? {}).map(([name, one]) => [name, trafficOf(one)]),
    ),
  });
}

/** Page cache counts as used here: clients subtract `inactive_file` themselves. */
function memoryOf({ memory, detail }: ContainerStats) {
  if (detail === undefined) return {};
  const { usageBytes, peakBytes, counters } = detail.memory ?? {};
  return {
    usage: usageBytes ?? memory.usedBytes,
    max_usage: peakBytes,
    limit: memory.limitBytes,
    stats: counters ?? {},
  };
}

/** Of all disks together. As in Docker nothing is listed where nothing was read or written. */
function blockOf({ block: { read, written } }: ContainerStats) {
  const bytes = [
    { op: 'Read', value: read },
    { op: 'Write', value: written },
  ];
  return {
    io_service_bytes_recursive: read + written > 0 ? bytes : [],
    io_serviced_recursive: [],
    io_queue_recursive: [],
    io_service_time_recursive: [],
    io_wait_time_recursive: [],
    io_merged_recursive: [],
    io_time_recursive: [],
    sectors_recursive: [],
  };
}

const trafficOf = ({ received, sent }: InterfaceCounters) => ({
  rx_bytes: received.bytes,
  rx_packets: received.packets,
  rx_errors: received.errors,
  rx_dropped: received.dropped,
  tx_bytes: sent.bytes,
  tx_packets: sent.packets,
  tx_errors: sent.errors,
  tx_dropped: sent.dropped,
});

function cpuOf(taken: TakenStats | undefined) {
  if (taken === undefined || !taken.stats.running) return { cpu_usage: {}, throttling_data: {} };
  const total = Number(taken.stats.cpuNanoseconds);
  const {
    userNanoseconds = total,
    systemNanoseconds = 0,
    perCpuNanoseconds,
    throttling,
  } = taken.stats.detail?.cpu ?? {};
  return {
    cpu_usage: {
      total_usage: total,
      percpu_usage: perCpuNanoseconds,
      usage_in_kernelmode: systemNanoseconds,
      usage_in_usermode: userNanoseconds,
    },
    system_cpu_usage: taken.systemNanoseconds,
    online_cpus: taken.processors,
    throttling_data: {
      periods: throttling?.periods ?? 0,
      throttled_periods: throttling?.throttledPeriods ?? 0,
      throttled_time: throttling?.throttledNanoseconds ?? 0,
    },
  };
}
