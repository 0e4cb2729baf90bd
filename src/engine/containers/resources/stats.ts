import fs from 'node:fs';
import os from 'node:os';
import type { CgroupStats } from '../../../cgroup/driver.ts';
import { observe } from '../../../container/observe.ts';
import type { ContainerRecord } from '../../../container/record.ts';
import { flocks } from '../../../host/locks.ts';
import { cgroupParent } from '../../../state/paths.ts';
import type { EngineContext } from '../../context.ts';
import type { ContainerStats, InterfaceCounters, StatsDetail, TrafficCounters } from '../../nouns/containers.ts';

/** What a container uses at this moment; zeros for one that does not run. */
export function readStats(context: EngineContext, record: ContainerRecord): ContainerStats {
  const { id, name } = record;
  const seen = observe(context.roots, id, flocks);
  const nothing = { cpuNanoseconds: 0n, memory: { usedBytes: 0, limitBytes: 0 }, pids: 0 };
  const noTraffic = { network: { received: 0, sent: 0 }, block: { read: 0, written: 0 } };
  if (seen.kind !== 'running')
    return { id, name, running: false, ...nothing, ...noTraffic, at: process.hrtime.bigint() };
  const { memory, cpu, pids, block } = context.cgroups.stats(`${cgroupParent(context.roots)}/${id}`);
  const machine = os.totalmem();
  const interfaces = record.network.mode === 'bridge' ? traffic(seen.running.pid) : {};
  return {
    id,
    name,
    running: true,
    at: process.hrtime.bigint(),
    cpuNanoseconds: cpu?.usageNanoseconds ?? 0n,
    memory: {
      // As Docker's command line counts: without inactive page cache, which the kernel frees as soon as memory runs short.
      usedBytes:
        memory === undefined ? 0 : memory.usageBytes - Math.min(memory.inactiveFileBytes ?? 0, memory.usageBytes),
      limitBytes: Math.min(memory?.limitBytes ?? machine, machine),
    },
    network: sum(interfaces),
    block: block ?? noTraffic.block,
    detail: { memory, cpu: countersOf(cpu), interfaces },
    pids: pids?.current ?? context.cgroups.pids(`${cgroupParent(context.roots)}/${id}`).length,
  };
}

function countersOf(cpu: CgroupStats['cpu']): StatsDetail['cpu'] {
  const { usageNanoseconds: _, ...counters } = cpu ?? {};
  return counters;
}

function sum(interfaces: StatsDetail['interfaces']): ContainerStats['network'] {
  const all = Object.values(interfaces);
  return {
    received: all.reduce((bytes, { received }) => bytes + received.bytes, 0),
    sent: all.reduce((bytes, { sent }) => bytes + sent.bytes, 0),
  };
}

/** Traffic of all network devices but `lo` in the network namespace of a process (proc(5), /proc/net/dev). */
function traffic(pid: number): StatsDetail['interfaces'] {
  let text = '';
  try {
    text = fs.readFileSync(`/proc/${pid}/net/dev`, 'utf8');
  } catch {
    // The process ended meanwhile.
  }
  const found: Record<string, InterfaceCounters> = {};
  for (const [, name, counts] of text.matchAll(/^\s*([^\s:]+):\s*(.*)$/gm)) {
    if (name === 'lo') continue;
    const numbers = counts!.split(/\s+/).map(Number);
    const from = (first: number): TrafficCounters => {
      const [bytes = 0, packets = 0, errors = 0, dropped = 0] = numbers.slice(first);
      return { bytes, packets, errors, dropped };
    };
    found[name!] = { received: from(0), sent: from(8) };
  }
  return found;
}
