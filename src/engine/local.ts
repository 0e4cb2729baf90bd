import { readLog } from '../container/log.ts';
import { type Observation, observe, stateOf } from '../container/observe.ts';
import type { ContainerOptions, ContainerRecord } from '../container/record.ts';
import { ContainerStore, isBroken } from '../container/store.ts';
import { MinidockError } from '../errors.ts';
import { flocks } from '../host/locks.ts';
import { listIfPresent } from '../state/files.ts';
import { containerPaths, type Roots } from '../state/paths.ts';
import { secureRoots } from '../state/private.ts';
import type { Program } from '../syscalls/step.ts';
import { signals } from '../syscalls/uapi/flags.ts';
import { unlessGone, withContainerLock } from './containers/lock.ts';
import type { EngineParts } from './context.ts';
import type { AttachOptions, Engine, ExecOptions, LogReader, RunningContainer } from './engine.ts';

/** Opens the engine that runs in this process, on the state under `roots`. Nothing is read before it is needed. */
export function openEngine(roots: Roots, options: { bridge?: string } = {}): Engine {
  secureRoots(roots);
  return new LocalEngine(roots, options.bridge);
}

class LocalEngine implements Engine {
  /** Made by this process for `run`: what cannot be started is taken away again. */
  private readonly fresh = new Set<string>();

  private readonly store: ContainerStore;
  private made: Promise<EngineParts> | undefined;

  constructor(
    private readonly roots: Roots,
    private readonly bridge: string | undefined,
  ) {
    this.store = new ContainerStore(roots);
  }

  /** What it takes to change something. Looking on needs none of it, and starts sooner without. */
  private parts(): Promise<EngineParts> {
    this.made ??= import('./context.ts').then(({ EngineParts }) => new EngineParts(this.roots, this.bridge));
    return this.made;
  }

  async plan(options: ContainerOptions): Promise<Program> {
    const { planContainer } = await import('./dry-run.ts');
    return await planContainer(await this.parts(), options);
  }

  async create(options: ContainerOptions): Promise<ContainerRecord> {
    const { createContainer } = await import('./containers/create.ts');
    const record = await createContainer(await this.parts(), options);
    this.fresh.add(record.id);
    return record;
  }

  async start(id: string, io: AttachOptions): Promise<RunningContainer> {
    const record = await this.find(id);
    if (record.state.status === 'running')
      throw new MinidockError('already-running', `container ${record.name} is already running`, { exitCode: 125 });
    const { startContainer } = await import('./containers/start.ts');
    return await startContainer(await this.parts(), record, io, { removeOnFailure: this.fresh.delete(record.id) });
  }

  async exec(options: ExecOptions, io: AttachOptions): Promise<RunningContainer> {
    const { execInContainer } = await import('./execs/exec.ts');
    return await execInContainer(await this.parts(), await this.find(options.container), options, io);
  }

  async list({ all, broken }: Parameters<Engine['list']>[0]): Promise<ContainerRecord[]> {
    const locks = once(flocks);
    const records: ContainerRecord[] = [];
    const ids = this.store.ids();
    // Whatever is not at rest has a run directory: of the others only their record can tell anything.
    const active = new Set(all ? [] : listIfPresent(this.roots.execRoot));
    for (const id of all ? ids : ids.filter(id => active.has(id.slice(0, 12)))) {
      try {
        const current = await this.look(id, locks);
        if (current !== undefined && (all || current.state.status === 'running')) records.push(current);
      } catch (error) {
        if (broken === undefined || !isBroken(error)) throw error;
        broken(error);
      }
    }
    return records.sort((a, b) => (a.created < b.created ? 1 : -1));
  }

  /** The container as it is now, brought to rest first where nobody else will; undefined where it is gone. */
  private async look(id: string, locks: () => ReadonlySet<string>): Promise<ContainerRecord | undefined> {
    const record = this.store.read(id);
    if (record === undefined) return undefined;
    const seen = observe(this.roots, id, locks);
    if (!isLeftOver(seen)) return { ...record, state: stateOf(record.state, seen) };
    await this.reap(id);
    return this.store.read(id);
  }

  async find(reference: string): Promise<ContainerRecord> {
    const record = await this.look(this.store.resolve(reference), flocks);
    if (record === undefined)
      throw new MinidockError('no-such-container', `No such container: ${reference}`, {
        fix: '`minidock ps -a` lists them',
      });
    return record;
  }

  async stop(reference: string, options: { signal?: string; timeoutSeconds?: number }): Promise<ContainerRecord> {
    const record = await this.find(reference);
    const signal = signalNumber(options.signal ?? record.config.StopSignal ?? 'SIGTERM');
    const { stopContainer } = await import('./containers/stop.ts');
    await stopContainer(await this.parts(), record, { signal, timeoutSeconds: options.timeoutSeconds ?? 10 });
    return record;
  }

  async remove(reference: string, { force, volumes }: Parameters<Engine['remove']>[1]): ReturnType<Engine['remove']> {
    const parts = await this.parts();
    let record: ContainerRecord;
    try {
      record = await this.find(reference);
    } catch (error) {
      if (!force || !isBroken(error)) throw error;
      const { removeBroken } = await import('./containers/broken.ts');
      return await removeBroken(parts, this.store.resolve(reference), { volumes });
    }
    if (record.state.status === 'running') {
      if (!force) throw cannotRemove(record);
      const { stopContainer } = await import('./containers/stop.ts');
      await stopContainer(parts, record, { signal: signals.SIGKILL, timeoutSeconds: 10 });
    }
    const { reap, removeBundle } = await import('./containers/reap.ts');
    await withContainerLock(parts, record.id, async () => {
      await reap(parts, record.id);
      // Without its bundle nobody could end it any more: one that was started again meanwhile, or whose starter was killed.
      const { kind } = observe(this.roots, record.id, flocks);
      if (kind === 'running') throw cannotRemove(record);
      if (kind === 'starting') {
        const { endSilentSupervisor } = await import('./containers/stop.ts');
        await endSilentSupervisor(parts, record);
        await reap(parts, record.id);
      }
      await removeBundle(parts, record, { volumes });
    }).catch(unlessGone);
    return record;
  }

  async logs(reference: string): Promise<LogReader> {
    const { id } = await this.find(reference);
    const file = containerPaths(this.roots, id).log;
    const ended = () => observe(this.roots, id, flocks).kind !== 'running';
    return { entries: selection => readLog(file, { ...selection, ended }) };
  }

  private async reap(id: string): Promise<void> {
    const { reap } = await import('./containers/reap.ts');
    const parts = await this.parts();
    await withContainerLock(parts, id, () => reap(parts, id)).catch(unlessGone);
  }
}

function cannotRemove(record: ContainerRecord): MinidockError {
  return new MinidockError(
    'container-running',
    `You cannot remove a running container ${record.id}. Stop the container before attempting removal or force remove`,
    { fix: `minidock rm -f ${record.name}` },
  );
}

/** It is over and nobody cleans up: a supervisor or a command was killed. */
function isLeftOver(seen: Observation): boolean {
  return seen.kind === 'lost' || seen.kind === 'abandoned' || (seen.kind === 'ended' && !seen.supervised);
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** A signal by name, with or without SIG, or by number. */
export function signalNumber(name: string): number {
  const upper = name.toUpperCase();
  const number = /^\d+$/.test(name)
    ? Number(name)
    : (signals as Record<string, number>)[upper.startsWith('SIG') ? upper : `SIG${upper}`];
  if (number !== undefined && number >= 1 && number <= 64) return number;
  throw new MinidockError('invalid-signal', `Invalid signal: ${name}`, { fix: '`kill -l` lists them' });
}
