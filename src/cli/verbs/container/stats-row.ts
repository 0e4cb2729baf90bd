import type { ContainerStats } from '../../../engine/nouns/containers.ts';
import type { Listing, Row } from '../../print/listing.ts';
import { binarySize, humanSize } from '../../print/size.ts';

/** The table of `stats`, in Docker's words. */
export const statsListing: Listing = {
  headings: {
    Container: 'CONTAINER',
    ID: 'CONTAINER ID',
    Name: 'NAME',
    CPUPerc: 'CPU %',
    MemUsage: 'MEM USAGE / LIMIT',
    MemPerc: 'MEM %',
    NetIO: 'NET I/O',
    BlockIO: 'BLOCK I/O',
    PIDs: 'PIDS',
  },
  columns: ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs'],
  type: 'container.statsContext',
};

/**
 * One container's line: CPU time since `before`, of which 100% is one CPU. Without an earlier reading, or without a reading at
 * all, there are dashes, as in Docker.
 *
 * @param container as it was named on the command line, or its short id
 */
export function statsRow(
  container: string,
  now: ContainerStats,
  before: ContainerStats | undefined,
  { truncate }: { truncate: boolean },
): Row {
  const { memory, network, block } = now;
  const known = !now.running || before !== undefined;
  const or = (text: string) => (known ? text : '--');
  return {
    Container: container,
    ID: truncate ? now.id.slice(0, 12) : now.id,
    Name: now.name,
    CPUPerc: or(percent(before === undefined ? 0 : cpuShare(now, before))),
    MemUsage: known ? `${binarySize(memory.usedBytes)} / ${binarySize(memory.limitBytes)}` : '-- / --',
    MemPerc: or(percent(memory.limitBytes === 0 ? 0 : memory.usedBytes / memory.limitBytes)),
    NetIO: or(`${humanSize(network.received, 3)} / ${humanSize(network.sent, 3)}`),
    BlockIO: or(`${humanSize(block.read, 3)} / ${humanSize(block.written, 3)}`),
    PIDs: or(String(now.pids)),
  };
}

const percent = (share: number) => `${(100 * share).toFixed(2)}%`;

function cpuShare(now: ContainerStats, before: ContainerStats): number {
  const elapsed = Number(now.at - before.at);
  // The container was started again in between.
  if (elapsed <= 0 || now.cpuNanoseconds < before.cpuNanoseconds) return 0;
  return Number(now.cpuNanoseconds - before.cpuNanoseconds) / elapsed;
}
