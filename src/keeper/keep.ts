import { type HealthCheck, healthCheckOf } from '../container/keeping/health.ts';
import { isForwarded } from '../container/logging/config.ts';
import { observe } from '../container/observe.ts';
import type { ContainerRecord } from '../container/record.ts';
import { isBroken } from '../container/store.ts';
import { unlessGone, withContainerLock } from '../engine/containers/lock.ts';
import type { EngineContext } from '../engine/context.ts';
import { openEngine } from '../engine/local.ts';
import { flocks } from '../host/locks.ts';
import { usesNames } from '../network/attachment.ts';
import { unmarkKept } from '../state/kept.ts';
import type { Bell } from './bell.ts';
import { deliverWhileRunning } from './deliver.ts';
import { probeWhenDue } from './health.ts';
import { restartWhenDue } from './restart.ts';

/** The delay after an error, in milliseconds: the disk may be full. */
const RETRY_MS = 1000;

/**
 * Does the jobs for one container until it needs none; then its marker is removed. A container whose record is broken needs
 * none.
 */
export async function keep(context: EngineContext, id: string, bell: Bell): Promise<void> {
  const engine = openEngine(context.roots, { bridge: context.bridge });
  let isDelivering = false;
  for (;;) {
    const { count } = bell;
    try {
      const record = find(context, id);
      const check = record && checkIfRunning(context, record);
      if (record && !isDelivering && isSending(context, record)) {
        isDelivering = true;
        void deliverWhileRunning(context, record)
          .catch(() => bell.after(bell.count, RETRY_MS))
          .finally(() => {
            isDelivering = false;
            bell.ring();
          });
      }
      if (record?.state.status === 'restarting') await restartWhenDue(context, record, bell, count);
      else if (record && check) await probeWhenDue(context, engine, record, check, bell, count);
      else if (isDelivering || (record && needsNames(context, record))) await bell.after(count);
      else if (await release(context, id)) return;
    } catch {
      await bell.after(bell.count, RETRY_MS);
    }
  }
}

/** Removes the marker of a container that needs no job; under its lock, because it may be about to need one. */
async function release(context: EngineContext, id: string): Promise<boolean> {
  const isDone = () => {
    const record = find(context, id);
    if (record && isNeeded(context, record)) return false;
    unmarkKept(context.roots, id);
    return true;
  };
  if (find(context, id) === undefined) return isDone();
  return (await withContainerLock(context, id, async () => isDone()).catch(unlessGone)) ?? isDone();
}

const isNeeded = (context: EngineContext, record: ContainerRecord): boolean =>
  record.state.status === 'restarting' ||
  checkIfRunning(context, record) !== undefined ||
  isSending(context, record) ||
  needsNames(context, record);

/** The health check of a container that runs. */
function checkIfRunning(context: EngineContext, record: ContainerRecord): HealthCheck | undefined {
  const check = healthCheckOf(record);
  return check && isRunning(context, record) ? check : undefined;
}

/** Whether a running container is on a network with names (dns.ts). */
function needsNames(context: EngineContext, record: ContainerRecord): boolean {
  return usesNames(record) && isRunning(context, record);
}

function isRunning(context: EngineContext, { id }: ContainerRecord): boolean {
  return observe(context.roots, id, flocks).kind === 'running';
}

/** Whether it runs and its log is sent to a syslog daemon. */
const isSending = (context: EngineContext, record: ContainerRecord) =>
  isForwarded(record) && isRunning(context, record);

function find(context: EngineContext, id: string): ContainerRecord | undefined {
  try {
    return context.store.read(id);
  } catch (error) {
    if (isBroken(error)) return undefined;
    throw error;
  }
}
