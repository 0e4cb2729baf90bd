import { checkLimits, limitWarnings, withoutDiscarded } from '../../../cgroup/check-limits.ts';
import type { Limits } from '../../../cgroup/driver.ts';
import { limitsFor, resourcesFor } from '../../../cgroup/limits.ts';
import { observe } from '../../../container/observe.ts';
import type { ResourceOptions } from '../../../container/options/resources.ts';
import type { ContainerRecord } from '../../../container/record.ts';
import { MinidockError } from '../../../errors.ts';
import { diskNumber } from '../../../host/device-number.ts';
import { flocks } from '../../../host/locks.ts';
import { printSpec, type Spec } from '../../../oci/runtime-spec.ts';
import { readIfPresent, writeVolatile } from '../../../state/files.ts';
import { cgroupParent, containerPaths } from '../../../state/paths.ts';
import type { EngineContext } from '../../context.ts';
import type { ContainerChanges } from '../../nouns/containers.ts';
import { tell } from '../events.ts';
import { withContainerLock } from '../lock.ts';

/**
 * Changes a container's limits and restart policy: at once where it runs, and in its record and config.json for the next start.
 * Returns warnings. Throws `bad-limit` for what Docker refuses, before anything is written.
 */
export async function updateContainer(
  context: EngineContext,
  { id }: Pick<ContainerRecord, 'id'>,
  changes: ContainerChanges,
): Promise<string[]> {
  checkLimits(changes, context.facts, { changing: true });
  const kept = withoutDiscarded(changes, context.facts);
  await withContainerLock(context, id, async () => {
    const record = context.store.read(id);
    if (record === undefined) return;
    try {
      const options = merged(record.options, kept);
      if (observe(context.roots, id, flocks).kind === 'running')
        context.cgroups.update(`${cgroupParent(context.roots)}/${id}`, changedLimits(options, kept));
      record.options = options;
    } catch (error) {
      if (!(error instanceof MinidockError)) throw error;
      throw new MinidockError(error.code, `Cannot update container ${id}: ${error.message}`, {
        cause: error,
        fix: error.fix,
      });
    }
    writeSpec(context, record);
    context.store.write(record);
    tell(context, record, 'update');
  });
  return limitWarnings(changes, context.facts);
}

/** The options with the changes in them; Docker's conflicts are refused in its words. */
function merged(options: ContainerRecord['options'], changes: ContainerChanges): ContainerRecord['options'] {
  const { cpus, cpuPeriod, cpuQuota, memory, memorySwap, restart, ...rest } = changes;
  const conflict = (text: string) => new MinidockError('bad-limit', `Conflicting options: ${text}`);
  if (options.cpus && cpuPeriod) throw conflict('CPU Period cannot be updated as NanoCPUs has already been set');
  if (options.cpus && cpuQuota) throw conflict('CPU Quota cannot be updated as NanoCPUs has already been set');
  if (cpus && options.cpuPeriod) throw conflict('Nano CPUs cannot be updated as CPU Period has already been set');
  if (cpus && options.cpuQuota) throw conflict('Nano CPUs cannot be updated as CPU Quota has already been set');
  const swap = options.memorySwap ?? 2 * (options.memory ?? 0);
  if (memory && !memorySwap && memory > swap)
    throw new MinidockError(
      'bad-limit',
      'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
      { fix: '--memory-swap counts memory and swap together; -1 is any amount' },
    );
  if (options.autoRemove && restart !== undefined && restart.name !== 'no')
    throw new MinidockError(
      'bad-limit',
      'Restart policy cannot be updated because AutoRemove is enabled for the container',
    );
  const given = { cpus, cpuPeriod, cpuQuota, memory, memorySwap, restart, ...rest };
  const next = { ...options, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
  // A swap limit that was only implied by the memory stays what it was, as in Docker.
  if (memory && memorySwap === undefined && options.memorySwap === undefined) next.memorySwap = swap;
  if (next.memory && next.memorySwap && next.memorySwap > 0 && next.memorySwap < next.memory)
    throw new MinidockError('bad-limit', 'Minimum memoryswap limit should be larger than memory limit, see usage');
  if (rest.pidsLimit !== undefined && rest.pidsLimit < 0) next.pidsLimit = 0;
  if (restart?.name === 'no') delete next.restart;
  return next;
}

/**
 * The limits to be written to the kernel: those that change, with their new values, and those that share a file or a rule with
 * one that does.
 */
function changedLimits(options: ResourceOptions, changes: ResourceOptions): Limits {
  const { memory, cpu, blockIO } = limitsFor(options, diskNumber);
  const has = (...keys: (keyof ResourceOptions)[]) => keys.some(key => changes[key] !== undefined);
  const inMemory = {
    ...(has('memory', 'memorySwap') && { limit: memory?.limit, swap: memory?.swap }),
    ...(has('memoryReservation') && { reservation: memory?.reservation }),
  };
  const inCpu = {
    ...(has('cpus', 'cpuPeriod', 'cpuQuota') && { quota: cpu?.quota, period: cpu?.period }),
    ...(has('cpuShares') && { shares: cpu?.shares }),
    ...(has('cpusetCpus') && { cpus: cpu?.cpus }),
    ...(has('cpusetMems') && { mems: cpu?.mems }),
  };
  return {
    memory: inMemory,
    cpu: inCpu,
    ...(has('blkioWeight') && { blockIO: { weight: blockIO?.weight } }),
    ...(changes.pidsLimit !== undefined && { pids: { limit: changes.pidsLimit } }),
  };
}

/** A container that was never started has no config.json yet. */
function writeSpec(context: EngineContext, { id, options }: ContainerRecord): void {
  const { config } = containerPaths(context.roots, id);
  const text = readIfPresent(config);
  if (text === undefined) return;
  const spec = JSON.parse(text) as Spec;
  const { devices, ...limits } = resourcesFor(options, context.facts, diskNumber);
  spec.linux.resources = { devices: spec.linux.resources.devices, ...limits };
  writeVolatile(config, printSpec(spec));
}
