import { randomBytes } from 'node:crypto';
import type { ContainerRecord } from '../../container/record.ts';
import { MinidockError } from '../../errors.ts';
import type { EngineAccess } from '../access.ts';
import { tell } from '../containers/events.ts';
import type { ExecOptions, Execs } from '../nouns/execs.ts';
import type { Attachment, Streams, WindowSize } from '../nouns/streams.ts';
import { type LaunchedProcess, Processes } from '../processes.ts';
import { forgetExec, readExec, writeExec } from './record.ts';

/** Commands in the running containers of this engine. */
export class LocalExecs implements Execs {
  readonly #processes = new Processes();

  constructor(
    private readonly access: EngineAccess,
    private readonly containers: { find(reference: string): Promise<ContainerRecord> },
  ) {}

  async create(container: string, options: ExecOptions): Promise<{ id: string }> {
    const record = await this.containers.find(container);
    const { checkRunning } = await import('./exec.ts');
    checkRunning(this.access, record);
    const id = randomBytes(32).toString('hex');
    writeExec(this.access.roots, { id, container: record.id, options });
    tell(this.access, record, `exec_create: ${options.command.join(' ')}`, { execID: id });
    return { id };
  }

  async start(id: string, { window, onStep }: Parameters<Execs['start']>[1] = {}): Promise<void> {
    const { container, options } = readExec(this.access.roots, id);
    const record = await this.containers.find(container);
    const { execInContainer } = await import('./exec.ts');
    // It is started once, whatever comes of it.
    forgetExec(this.access.roots, id);
    tell(this.access, record, `exec_start: ${options.command.join(' ')}`, { execID: id });
    const context = await this.access.context();
    await this.#processes.start(id, async streams => {
      const process = await execInContainer(context, record, options, { streams, window, onStep });
      const die = (code: number) => tell(this.access, record, 'exec_die', { execID: id, exitCode: String(code) });
      process.exited.then(die, () => {});
      return process;
    });
  }

  async attach(id: string, streams: Streams): Promise<Attachment> {
    readExec(this.access.roots, id);
    return this.#processes.attach(id, streams);
  }

  async wait(id: string): Promise<number> {
    const launched = this.#processes.get(id);
    if (launched !== undefined) return await launched.exited;
    readExec(this.access.roots, id);
    return await this.#processes.nextExit(id);
  }

  async signal(id: string, number: number): Promise<void> {
    this.#running(id).signal(number);
  }

  async resize(id: string, size: WindowSize): Promise<void> {
    this.#running(id).resize(size);
  }

  #running(id: string): LaunchedProcess {
    const launched = this.#processes.get(id);
    if (launched !== undefined) return launched;
    throw new MinidockError('no-such-exec', `No such exec instance: ${id}`);
  }
}
