import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Watches the processors for so many milliseconds; resolves with whether they were idle for at least such a share of their time
 * together. Source: the times of os.cpus(), from /proc/stat, proc(5).
 */
export async function wereIdle(share: number, milliseconds: number): Promise<boolean> {
  const before = times();
  await sleep(milliseconds);
  const after = times();
  return after.idle - before.idle >= share * (after.all - before.all);
}

function times(): { idle: number; all: number } {
  let [idle, all] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idle, all };
}
