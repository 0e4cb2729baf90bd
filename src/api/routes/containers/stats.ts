import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Containers } from '../../../engine/nouns/containers.ts';
import { MinidockError } from '../../../errors.ts';
import { lines, type Route } from '../../server/route.ts';
import { type StatsReading, statsShape, type TakenStats } from '../../shapes/container/stats.ts';

/** Between two readings, in milliseconds, as in Docker. */
const pause = 1000;

/** GET /containers/{id}/stats: a reading a second, or one; beside each the one before it, of which clients compute a share. */
export const statsRoute: Route = {
  method: 'GET',
  path: '/containers/{name}/stats',
  async handle({ params, query, abort }, { engine: { containers } }) {
    const [stream, oneShot] = [query.flag('stream', true), query.flag('one-shot')];
    if (stream && oneShot) throw new MinidockError('invalid-argument', 'cannot have stream=true and one-shot=true');
    const { record } = await containers.inspect(params.name!);
    const source = readings(containers, record.id, { stream, oneShot, abort });
    return lines(source, statsShape);
  },
};

async function* readings(
  containers: Containers,
  id: string,
  { stream, oneShot, abort }: { stream: boolean; oneShot: boolean; abort: AbortSignal },
): AsyncGenerator<StatsReading> {
  let before: TakenStats | undefined;
  if (!stream && !oneShot) {
    before = await take(containers, id);
    if (before.stats.running) await sleep(pause, undefined, { signal: abort });
  }
  for (;;) {
    const now = await take(containers, id);
    yield { now, before };
    if (!stream) return;
    before = now;
    await sleep(pause, undefined, { signal: abort }).catch(() => {});
    if (abort.aborted) return;
  }
}

async function take(containers: Containers, id: string): Promise<TakenStats> {
  const processors = os.cpus();
  const busy = processors.reduce(
    (sum, { times }) => sum + times.user + times.nice + times.sys + times.idle + times.irq,
    0,
  );
  return {
    stats: await containers.stats(id),
    time: Date.now(),
    systemNanoseconds: busy * 1e6,
    processors: processors.length,
  };
}
