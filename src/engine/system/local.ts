import type { RegistrySettings } from '../../registry/daemon-config.ts';
import type { Event } from '../../state/journal.ts';
import type { EngineAccess } from '../access.ts';
import type { Containers } from '../nouns/containers.ts';
import type { DiskUsage, EventOptions, Remains, Started, Stopped, System, SystemInfo } from '../nouns/system.ts';

export class LocalSystem implements System {
  constructor(
    private readonly access: EngineAccess,
    private readonly containers: Pick<Containers, 'list'>,
    private readonly registries: RegistrySettings,
  ) {}

  async info(): Promise<SystemInfo> {
    const { systemInfo } = await import('./info.ts');
    const { containers } = await this.containers.list({ all: true });
    const { logDefaults } = await this.access.context();
    const logDriver = logDefaults?.driver || 'json-file';
    return systemInfo(this.access.roots, containers, { logDriver, registries: this.registries });
  }

  async diskUsage(): Promise<DiskUsage> {
    const { diskUsage } = await import('./disk-usage.ts');
    const list = await this.containers.list({ all: true, size: true });
    return diskUsage(await this.access.context(), list);
  }

  async start(): Promise<Started> {
    await this.access.attend();
    const { startPolicies } = await import('./boot.ts');
    return await startPolicies(await this.access.context());
  }

  async stop(): Promise<Stopped> {
    const { containers } = await this.containers.list({ all: false });
    const { stopAll } = await import('./shutdown.ts');
    return await stopAll(await this.access.context(), containers);
  }

  async pruneRemains(): Promise<Remains> {
    const { pruneRemains } = await import('./remains.ts');
    return await pruneRemains(this.access.roots);
  }

  async *events({ since, until, abort }: EventOptions = {}): AsyncGenerator<Event> {
    const { readJournal } = await import('../../state/journal.ts');
    // As in Docker: who names an end alone asks for all that is still known.
    const from = nanoseconds(since ?? (until === undefined ? new Date() : new Date(0)));
    // `until` has milliseconds, events have nanoseconds: the whole of the last millisecond counts.
    const to = until && nanoseconds(until) + 999_999n;
    const isOver = to !== undefined && until!.getTime() <= Date.now();
    for await (const event of readJournal(this.access.roots, { follow: !isOver, abort: ending(abort, until) })) {
      const time = BigInt(event.timeNano);
      if (time >= from && (to === undefined || time <= to)) yield event;
    }
  }
}

const nanoseconds = (date: Date) => BigInt(date.getTime()) * 1_000_000n;

/** Aborts at `until`, if that is to come, or as the caller's own signal does. */
function ending(abort: AbortSignal | undefined, until: Date | undefined): AbortSignal | undefined {
  const left = until === undefined ? 0 : until.getTime() - Date.now();
  const signals = [...(abort ? [abort] : []), ...(left > 0 ? [AbortSignal.timeout(left)] : [])];
  return signals.length === 0 ? undefined : AbortSignal.any(signals);
}
