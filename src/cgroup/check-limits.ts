import { MinidockError } from '../errors.ts';
import type { CgroupLayout } from '../host/cgroup-layout.ts';
import { readCpuList } from './cpu-list.ts';
import type { RequestedLimits } from './requested.ts';

/** What of the host decides whether a limit can be kept. */
export interface LimitHost {
  cpus: number;
  cgroup?: Partial<CgroupLayout>;
}

const smallestMemory = 6 * 1024 * 1024;
/** PID_MAX_LIMIT: no machine has more processes. */
const mostPids = 4_194_304;

/**
 * Throws `bad-limit` for what Docker refuses, in its words. What is refused first is what Docker refuses first.
 *
 * @param changing the limits are to change others, which may say what these leave out
 */
export function checkLimits(requested: RequestedLimits, host: LimitHost, { changing = false } = {}): void {
  checkMemory(requested, changing);
  checkCpu(requested, host);
  checkCpuset('cpus', requested.cpusetCpus, host.cgroup?.cpuset?.cpus);
  checkCpuset('mems', requested.cpusetMems, host.cgroup?.cpuset?.mems);
  const { blkioWeight, pidsLimit } = requested;
  if (host.cgroup?.ioWeight !== false && blkioWeight && (blkioWeight < 10 || blkioWeight > 1000))
    throw refused('Range of blkio weight is from 10 to 1000', `--blkio-weight ${blkioWeight} is outside of it`);
  if (pidsLimit && pidsLimit > mostPids)
    throw refused(`the maximum allowed pids limit is ${mostPids}`, `--pids-limit ${pidsLimit} is above it`);
}

function checkMemory(requested: RequestedLimits, changing: boolean): void {
  const { memory = 0, memorySwap = 0, memoryReservation = 0, memorySwappiness } = requested;
  if (memory && memory < smallestMemory)
    throw refused('Minimum memory limit allowed is 6MB', `--memory ${memory} is too little for a process to start`);
  if (memory > 0 && memorySwap > 0 && memorySwap < memory)
    throw refused(
      'Minimum memoryswap limit should be larger than memory limit, see usage',
      `--memory-swap counts memory and swap together, and ${memorySwap} is less than --memory ${memory}`,
    );
  if (memory === 0 && memorySwap > 0 && !changing)
    throw refused(
      'You should always set the Memory limit when using Memoryswap limit, see usage',
      '--memory-swap needs --memory',
    );
  if (memorySwappiness !== undefined && !(memorySwappiness >= 0 && memorySwappiness <= 100))
    throw refused(`invalid value: ${memorySwappiness}. Valid memory swappiness range is 0-100`);
  if (memoryReservation && memoryReservation < smallestMemory)
    throw refused('Minimum memory reservation allowed is 6MB', `--memory-reservation ${memoryReservation} is less`);
  if (memory > 0 && memory < memoryReservation)
    throw refused(
      'Minimum memory limit can not be less than memory reservation limit, see usage',
      `--memory ${memory} is less than --memory-reservation ${memoryReservation}`,
    );
}

function checkCpu({ cpus, cpuPeriod = 0, cpuQuota = 0, cpuShares = 0 }: RequestedLimits, host: LimitHost): void {
  if (cpus && cpuPeriod)
    throw refused('Conflicting options: Nano CPUs and CPU Period cannot both be set', both('period'));
  if (cpus && cpuQuota) throw refused('Conflicting options: Nano CPUs and CPU Quota cannot both be set', both('quota'));
  if (cpus && !(cpus >= 0.01 && cpus <= host.cpus)) {
    const range = `Range of CPUs is from 0.01 to ${host.cpus.toFixed(2)}, as there are only ${host.cpus} CPUs available`;
    throw refused(range, `--cpus ${cpus} is outside of it`);
  }
  if (cpuPeriod && (cpuPeriod < 1000 || cpuPeriod > 1_000_000))
    throw refused('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  if (cpuQuota > 0 && cpuQuota < 1000) throw refused('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  if (cpuShares && cpuShares < 2) throw refused('the minimum allowed cpu-shares is 2');
  if (cpuShares > 262_144) throw refused('the maximum allowed cpu-shares is 262144');
}

const both = (other: string) => `--cpus sets it too: give --cpus, or --cpu-${other}`;

function checkCpuset(what: 'cpus' | 'mems', wanted: string | undefined, available: string | undefined): void {
  if (!wanted) return;
  const asked = readCpuList(wanted);
  if (asked === undefined) throw refused(`Invalid value ${wanted} for cpuset ${what}: invalid format: ${wanted}`);
  const there = available === undefined ? undefined : readCpuList(available);
  if (there === undefined || [...asked].every(one => there.has(one))) return;
  const name = what === 'cpus' ? 'CPUs' : 'memory nodes';
  throw refused(`Requested ${name} are not available - requested ${wanted}, available: ${available}`);
}

/** What was asked for and this host's cgroups cannot do, in Docker's words, a line each. */
export function limitWarnings(requested: RequestedLimits, { cgroup = {} }: LimitHost): string[] {
  const warnings: string[] = [];
  const without = 'or the cgroup is not mounted';
  if (requested.memory && (requested.memorySwap ?? 0) >= 0 && cgroup.swap === false)
    warnings.push(`Your kernel does not support swap limit capabilities ${without}. Memory limited without swap.`);
  if (requested.memorySwappiness !== undefined && cgroup.swappiness === false)
    warnings.push(
      `Your kernel does not support memory swappiness capabilities ${without}. Memory swappiness discarded.`,
    );
  if (requested.oomKillDisable && cgroup.oomKillDisable === false)
    warnings.push('Your kernel does not support OomKillDisable. OomKillDisable discarded.');
  else if (requested.oomKillDisable && !requested.memory)
    warnings.push(
      "Disabling the OOM killer on containers without setting a '-m/--memory' limit may be dangerous.",
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    );
  if (requested.blkioWeight && cgroup.ioWeight === false)
    warnings.push(`Your kernel does not support Block I/O weight ${without}. Weight discarded.`);
  if (requested.blkioWeightDevice?.length && cgroup.ioWeightDevice === false)
    warnings.push(`Your kernel does not support Block I/O weight_device ${without}. Weight-device discarded.`);
  return warnings;
}

/** The options without those of which `limitWarnings` says that they are discarded, as Docker's record has them. */
export function withoutDiscarded<T extends RequestedLimits>(requested: T, { cgroup = {} }: LimitHost): T {
  const kept = { ...requested };
  if (cgroup.swappiness === false) delete kept.memorySwappiness;
  if (cgroup.oomKillDisable === false) delete kept.oomKillDisable;
  if (cgroup.ioWeight === false) delete kept.blkioWeight;
  if (cgroup.ioWeightDevice === false) delete kept.blkioWeightDevice;
  return kept;
}

function refused(message: string, detail?: string): MinidockError {
  return new MinidockError('bad-limit', detail === undefined ? message : `${message}: ${detail}`);
}
