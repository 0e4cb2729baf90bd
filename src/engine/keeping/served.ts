import { healthCheckOf } from '../../container/keeping/health.ts';
import { isForwarded } from '../../container/logging/config.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { usesNames } from '../../network/attachment.ts';

/** Whether the keeper has something to do for a container while it runs: to check its health, to send its lines, to answer names. */
export function isServedByKeeper(record: ContainerRecord): boolean {
  return healthCheckOf(record) !== undefined || isForwarded(record) || usesNames(record);
}
