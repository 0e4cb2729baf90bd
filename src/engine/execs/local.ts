import type { ContainerRecord } from '../../container/record.ts';
import { errnoOf, MinidockError } from '../../errors.ts';
import { identityOf } from '../../host/process.ts';
import { randomHex } from '../../host/random.ts';
import { execPaths } from '../../state/paths.ts';
import { orAborted } from '../abort.ts';
import type { EngineAccess } from '../access.ts';
import { tell } from '../containers/events.ts';
import type { ExecOptions, Execs, InspectedExec } from '../nouns/execs.ts';
import type { Attachment, Streams, WindowSize } from '../nouns/streams.ts';
import { Processes } from '../processes.ts';
import { inspectExec, listExecs } from './list.ts';
import { claimStart, type ExecRecord, findExec, observeExec, removeExec, writeExec } from './record.ts';

/** How many execs are remembered that this process made. */
const mostOwn = 1000;

/** Commands in the running containers of this engine. */
export class LocalExecs implements Execs {
  readonly #processes = new Processes();
  /** The execs that this process made: their files need not be searched for. */
  readonly #own = new Map<string, ExecRecord>();

  constructor(
    private readonly access: EngineAccess,
    private readonly containers: { find(reference: string): Promise<ContainerRecord> },
  ) {}

  async create(container: string, options: ExecOptions): Promise<{ id: string }> {
    const record = await this.containers.find(container);
    const { checkRunning } = await import('./exec.ts');
    checkRunning(this.access, record);
    const id = randomHex(32);
    const exec = { id, container: record.id, options, by: identityOf(process.pid) };
    try {
      writeExec(this.access.roots, exec);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      const { notRunning } = await import('../containers/life/states.ts');
      throw notRunning(record);
    }
    this.#own.set(id, exec);
    // A daemon remembers the newest only; the others are found on disk.
    const [oldest] = this.#own.keys();
    if (this.#own.size > mostOwn && oldest !== undefined) this.#own.delete(oldest);
    tell(this.access, record, `exec_create: ${options.command.join(' ')}`, { execID: id });
    return { id };
  }

  async start(id: string, { window, onStep }: Parameters<Execs['start']>[1] = {}): Promise<void> {
    const exec = this.#find(id);
    const record = await this.containers.find(exec.container);
    const { execInContainer } = await import('./exec.ts');
    claimStart(this.access.roots, exec, identityOf(process.pid));
    tell(this.access, record, `exec_start: ${exec.options.command.join(' ')}`, { execID: id });
    const context = await this.access.context();
    await this.#processes.start(id, streams => execInContainer(context, record, exec, { streams, window, onStep }));
  }

  async attach(id: string, streams: Streams): Promise<Attachment> {
    const exec = this.#find(id);
    if (observeExec(this.access.roots, exec).kind === 'created') return this.#processes.attach(id, streams);
    const { attachToExec } = await import('./attach.ts');
    return await attachToExec(this.access.roots, exec, streams);
  }

  async wait(id: string, { abort }: Parameters<Execs['wait']>[1] = {}): Promise<number> {
    const launched = this.#processes.get(id);
    if (launched !== undefined) return await orAborted(launched.over, abort);
    const exec = this.#find(id);
    const seen = observeExec(this.access.roots, exec);
    if (seen.kind === 'ended') return seen.exitCode;
    if (seen.kind === 'created') return await orAborted(this.#processes.nextExit(id, abort), abort);
    const { awaitExec } = await import('./attach.ts');
    return await orAborted(awaitExec(this.access.roots, exec, abort), abort);
  }

  async signal(id: string, number: number): Promise<void> {
    const launched = this.#processes.get(id);
    if (launched !== undefined) return launched.signal(number);
    const { client, close } = await this.#connect(id);
    client.signal(number);
    close();
  }

  async resize(id: string, size: WindowSize): Promise<void> {
    const launched = this.#processes.get(id);
    if (launched !== undefined) return launched.resize(size);
    const { client, close } = await this.#connect(id);
    client.resize(size);
    close();
  }

  async inspect(id: string): Promise<InspectedExec> {
    return inspectExec(this.access.roots, findExec(this.access.roots, id));
  }

  async list(container: string): Promise<InspectedExec[]> {
    const record = await this.containers.find(container);
    return listExecs(this.access.roots, record);
  }

  async remove(id: string): Promise<void> {
    const exec = this.#find(id);
    const { kind } = observeExec(this.access.roots, exec);
    if (kind === 'ended') removeExec(this.access.roots, exec.container, id);
    this.#own.delete(id);
  }

  #find(id: string): ExecRecord {
    return this.#own.get(id) ?? findExec(this.access.roots, id);
  }

  async #connect(id: string) {
    const exec = this.#find(id);
    const { connectSupervisor } = await import('../containers/connection.ts');
    const connection = await connectSupervisor(execPaths(this.access.roots, exec.container, id).socket);
    if (connection !== undefined) return connection;
    throw new MinidockError('not-running', `Exec ${id} is not running`);
  }
}
