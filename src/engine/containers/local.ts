import { layersOf } from '../../container/layers.ts';
import { expectReadable } from '../../container/logging/config.ts';
import type { LogEntry } from '../../container/logging/parse.ts';
import { observe } from '../../container/observe.ts';
import { type ContainerOptions, type ContainerRecord, isUp } from '../../container/record.ts';
import { isBroken } from '../../container/store.ts';
import { MinidockError } from '../../errors.ts';
import { flocks, flocksOnce } from '../../host/locks.ts';
import { predefinedId, predefinedIds } from '../../network/predefined.ts';
import { listIfPresent } from '../../state/files.ts';
import { keptIds } from '../../state/kept.ts';
import { containerPaths } from '../../state/paths.ts';
import type { Program } from '../../syscalls/step.ts';
import { signalNumber } from '../../syscalls/uapi/signals.ts';
import { orAborted } from '../abort.ts';
import { listExecs } from '../execs/list.ts';
import { LocalFiles } from '../files/local.ts';
import { predefinedOf } from '../networks/predefined.ts';
import type {
  ContainerChanges,
  ContainerList,
  ContainerPruneFilter,
  ContainerStats,
  Containers,
  CreatedContainer,
  InspectedContainer,
  LogOptions,
  ProcessList,
  PrunedContainers,
  StartOptions,
  StopOptions,
  WaitOptions,
} from '../nouns/containers.ts';
import type { Attachment, Streams, WindowSize } from '../nouns/streams.ts';
import { Processes } from '../processes.ts';
import { tell } from './events.ts';
import type { Looked, Shown } from './life/shown.ts';
import { isLeftOver, stateNow, unpauseFirst } from './life/states.ts';

/** The containers under an engine's roots, managed by this process. */
export class LocalContainers extends LocalFiles implements Containers {
  readonly #processes = new Processes();
  #hasListed = false;
  #shown: Shown | undefined;

  async plan(options: ContainerOptions, id?: string): Promise<Program> {
    const { planContainer } = await import('./plan.ts');
    return await planContainer(await this.access.context(), options, id);
  }

  async create(options: ContainerOptions): Promise<CreatedContainer> {
    const { createWithWarnings } = await import('./warnings.ts');
    const { record, warnings } = await createWithWarnings(await this.access.context(), options);
    tell(this.access, record, 'create');
    return { id: record.id, warnings };
  }

  async start(reference: string, { window, onStep, beforeStep }: StartOptions = {}): Promise<void> {
    const record = await this.find(reference);
    const { alreadyRunning, startContainer } = await import('./start.ts');
    if (record.state.paused) throw unpauseFirst('cannot start a paused container, try unpause instead', record);
    if (record.state.status === 'running') throw alreadyRunning(record);
    const context = await this.access.context();
    await this.#processes.start(record.id, streams =>
      startContainer(context, record, { streams, window, onStep, beforeStep }),
    );
  }

  async attach(reference: string, streams: Streams): Promise<Attachment> {
    const record = await this.#findLaunched(reference);
    if (record.state.status !== 'running') return this.#processes.attach(record.id, streams);
    const { attachToRunning } = await import('./attach.ts');
    const attachment = await attachToRunning(this.access, record, streams);
    tell(this.access, record, 'attach');
    return attachment;
  }

  async wait(reference: string, { condition = 'not-running', abort }: WaitOptions = {}): Promise<number> {
    const record = condition === 'next-exit' ? await this.#findLaunched(reference) : await this.find(reference);
    const launched = this.#processes.get(record.id);
    if (launched === undefined && !isUp(record))
      return condition === 'not-running'
        ? record.state.exitCode
        : await orAborted(this.#processes.nextExit(record.id, abort), abort);
    if (launched !== undefined) return await orAborted(launched.over, abort);
    const { awaitEnd, awaitRest } = await import('./attach.ts');
    const end =
      record.options.restart === undefined
        ? awaitEnd(this.access, record, abort)
        : awaitRest(this.access, record, () => this.find(record.id), abort);
    return await orAborted(end, abort);
  }

  async signal(reference: string, number: number): Promise<void> {
    const launched = this.#processes.get(reference);
    if (launched !== undefined) return launched.signal(number);
    const { signalRunning } = await import('./attach.ts');
    await signalRunning(this.access, await this.find(reference), number);
  }

  async resize(reference: string, size: WindowSize): Promise<void> {
    const record = await this.find(reference);
    const launched = this.#processes.get(record.id);
    if (launched !== undefined) launched.resize(size);
    else await import('./attach.ts').then(({ resizeRunning }) => resizeRunning(this.access, record, size));
    tell(this.access, record, 'resize', { height: String(size.rows), width: String(size.columns) });
  }

  async stop(reference: string, options: StopOptions = {}): Promise<void> {
    const record = await this.find(reference);
    const { endingOf, stopContainer } = await import('./stop.ts');
    const ending = endingOf(record, options);
    if (await stopContainer(await this.access.context(), record, ending)) tell(this.access, record, 'stop');
  }

  async restart(reference: string, options: StopOptions = {}): Promise<void> {
    const record = await this.find(reference);
    const [{ restartContainer }, { endingOf }] = await Promise.all([import('./life/restart.ts'), import('./stop.ts')]);
    const ending = endingOf(record, options);
    const context = await this.access.context();
    await this.#processes.start(record.id, streams => restartContainer(context, record, ending, { streams }));
  }

  async kill(reference: string, signal = 'SIGKILL'): Promise<void> {
    const number = signalNumber(signal);
    const record = await this.find(reference);
    const { killContainer } = await import('./life/kill.ts');
    await killContainer(await this.access.context(), record, number);
  }

  async pause(reference: string): Promise<void> {
    const record = await this.find(reference);
    const { pauseContainer } = await import('./life/pause.ts');
    await pauseContainer(await this.access.context(), record);
  }

  async unpause(reference: string): Promise<void> {
    const record = await this.find(reference);
    const { unpauseContainer } = await import('./life/pause.ts');
    await unpauseContainer(await this.access.context(), record);
  }

  async rename(reference: string, name: string): Promise<void> {
    const { id } = await this.find(reference);
    const { renameContainer } = await import('./life/rename.ts');
    await renameContainer(await this.access.context(), id, name);
  }

  async update(reference: string, changes: ContainerChanges): Promise<string[]> {
    const { updateContainer } = await import('./resources/update.ts');
    return await updateContainer(await this.access.context(), await this.find(reference), changes);
  }

  async stats(reference: string): Promise<ContainerStats> {
    const { readStats } = await import('./resources/stats.ts');
    return readStats(await this.access.context(), await this.find(reference));
  }

  async top(reference: string, options: readonly string[]): Promise<ProcessList> {
    const { listProcesses } = await import('./resources/top.ts');
    const record = await this.find(reference);
    const processes = await listProcesses(await this.access.context(), record, options);
    tell(this.access, record, 'top');
    return processes;
  }

  async remove(reference: string, { force, volumes }: { force: boolean; volumes: boolean }): Promise<void> {
    let record: ContainerRecord;
    try {
      record = await this.find(reference);
    } catch (error) {
      if (!force || !isBroken(error)) throw error;
      const { removeBroken } = await import('./broken.ts');
      await removeBroken(await this.access.context(), this.access.store.resolve(reference), { volumes });
      return;
    }
    const { removeContainer } = await import('./remove.ts');
    await removeContainer(await this.access.context(), record, { force, volumes });
  }

  async prune(filter: ContainerPruneFilter): Promise<PrunedContainers> {
    const { pruneContainers } = await import('./prune.ts');
    const { containers } = await this.list({ all: true });
    return await pruneContainers(await this.access.context(), containers, filter);
  }

  async list({ all, size = false }: { all: boolean; size?: boolean }): Promise<ContainerList> {
    const { store, roots } = this.access;
    await this.access.attend();
    const locks = flocksOnce();
    const containers: ContainerRecord[] = [];
    const broken: { id: string; reason: string; fix: string }[] = [];
    const ids = store.ids();
    const shown = await this.#shownBefore();
    shown?.retain(ids);
    // A container that is not at rest has a run directory or waits for the keeper. The others are not looked at.
    const active = new Set(all ? [] : [...listIfPresent(roots.execRoot), ...keptIds(roots).map(id => id.slice(0, 12))]);
    for (const id of all ? ids : ids.filter(id => active.has(id.slice(0, 12)))) {
      try {
        const look = () => this.#look(id, locks);
        const current = shown === undefined ? (await look())?.record : await shown.get(id, look);
        if (current !== undefined && (all || isUp(current))) containers.push(current);
      } catch (error) {
        if (!isBroken(error)) throw error;
        broken.push({ id, reason: error.message, fix: error.fix ?? '' });
      }
    }
    containers.sort((a, b) => (a.created < b.created ? 1 : -1));
    const isStarted = containers.some(({ state }) => state.startedAt !== undefined);
    const sizes = size ? await this.#sizes(containers) : {};
    return { containers, broken, sizes, ...(isStarted && { networks: predefinedIds(roots) }) };
  }

  async #sizes(containers: readonly ContainerRecord[]): Promise<ContainerList['sizes']> {
    const [{ writtenBytes }, { ImageStore }] = await Promise.all([
      import('../../container/size.ts'),
      import('../../image/store.ts'),
    ]);
    const images = new ImageStore(this.access.roots.root);
    const sizeOf = ({ id, imageId }: ContainerRecord) => ({
      written: writtenBytes(containerPaths(this.access.roots, id).upper),
      image: images.find(imageId)?.size,
    });
    return Object.fromEntries(containers.map(record => [record.id, sizeOf(record)]));
  }

  async inspect(reference: string, { size = false } = {}): Promise<InspectedContainer> {
    const record = await this.find(reference);
    const { roots } = this.access;
    const sizes = size ? await this.#sizes([record]) : {};
    const { id } = record;
    const execs = listExecs(roots, record).filter(({ status }) => status !== 'ended');
    return {
      record,
      files: containerPaths(roots, id),
      layers: layersOf(roots, record),
      size: sizes[id],
      execs: execs.map(exec => exec.id),
      ...(record.options.links && { links: (await import('../networks/links.ts')).shownLinks(this.access, record) }),
      predefinedNetwork: predefinedOf(record, name => predefinedId(roots, name)),
    };
  }

  async *logs(reference: string, selection: LogOptions): AsyncGenerator<LogEntry[]> {
    const { id, options } = await this.find(reference);
    expectReadable(options.logging);
    const { roots } = this.access;
    const { readLogs } = await import('./resources/logs.ts');
    yield* readLogs(roots, id, selection);
  }

  /**
   * As `find`: one that is being started here counts as what that makes of it. The start sees to the keeper: who called one here would
   * ask for the end of a short container when that is gone.
   */
  async #findLaunched(reference: string): Promise<ContainerRecord> {
    const record = await this.#find(reference);
    const launching = this.#processes.launching(record.id);
    if (launching === undefined) return record;
    await launching;
    return await this.#find(record.id);
  }

  /** The record of the container that is meant, with its state of this moment. Throws `no-such-container`. */
  async find(reference: string): Promise<ContainerRecord> {
    await this.access.attend();
    return await this.#find(reference);
  }

  async #find(reference: string): Promise<ContainerRecord> {
    const looked = await this.#look(this.access.store.resolve(reference), flocks);
    if (looked === undefined)
      throw new MinidockError('no-such-container', `No such container: ${reference}`, {
        fix: '`minidock ps -a` lists them',
      });
    return looked.record;
  }

  /**
   * The container as it is now; undefined where it is gone. One that has ended and that no other process cleans up is
   * reaped first.
   */
  async #look(id: string, locks: () => ReadonlySet<string>): Promise<Looked | undefined> {
    const { roots, store } = this.access;
    const record = store.read(id);
    if (record === undefined) return undefined;
    const seen = observe(roots, id, locks);
    if (!isLeftOver(seen, record)) return { record: { ...record, state: stateNow(roots, record, seen) }, seen };
    const { bringToRest } = await import('./reap.ts');
    const rested = await bringToRest(await this.access.context(), id);
    return rested && { record: rested };
  }

  /** What the lists before have shown: undefined for the first one, which most processes end with. */
  async #shownBefore(): Promise<Shown | undefined> {
    if (this.#hasListed) this.#shown ??= new (await import('./life/shown.ts')).Shown(this.access.roots);
    this.#hasListed = true;
    return this.#shown;
  }
}
