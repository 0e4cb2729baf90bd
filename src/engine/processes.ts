import type { OutputListener } from '../syscalls/output.ts';
import type { Shim, StepEvent } from '../syscalls/shim.ts';
import type { Attachment, Streams, WindowSize } from './nouns/streams.ts';

/** How a process is launched. */
export interface LaunchOptions {
  /** The streams that attached clients want; undefined where no client stays. */
  readonly streams: Streams | undefined;
  /** The terminal's size. */
  readonly window?: WindowSize;
  readonly onStep?: (event: StepEvent) => void;
  readonly beforeStep?: (event: StepEvent, launcher: number) => Promise<void>;
}

/**
 * A process that this engine launched, and the launcher's connection to its shim. Only connections are kept in memory;
 * the state of a container is on disk.
 */
export class LaunchedProcess {
  /** 0–255. It settles after `afterExit`, which may correct a status that the supervisor did not report. */
  readonly exited: Promise<number>;
  readonly #shim: Shim;
  #detached = false;

  constructor(shim: Shim, afterExit: (code: number) => Promise<number> = async code => code) {
    this.#shim = shim;
    this.exited = shim.exited.then(async code => {
      await shim.ended;
      return await afterExit(code);
    });
    this.exited.catch(() => {});
  }

  get attachment(): Attachment {
    const shim = this.#shim;
    return {
      onOutput: listener => shim.onOutput(listener),
      write: chunk => shim.client.write(chunk),
      endInput: () => shim.client.end(),
      detach: () => this.detach(),
      exited: this.exited,
    };
  }

  /** The exit status; `ask` asks another way where a client does not take the output, which the status waits behind. */
  exitedOr(ask: () => Promise<number>): Promise<number> {
    return Promise.race([this.exited, this.#shim.heldUp.then(ask)]);
  }

  get isDetached(): boolean {
    return this.#detached;
  }

  signal(number: number): void {
    this.#shim.client.signal(number);
  }

  resize(size: WindowSize): void {
    this.#shim.client.resize(size);
  }

  /** Lets go: the process lives on, and this one may end. */
  detach(): void {
    if (!this.#detached) this.#shim.detach();
    this.#detached = true;
  }
}

/** The connection of a client that attached before there is a process: calls wait until there is one. */
export class EarlyAttachment implements Attachment {
  #process: Attachment | undefined;
  readonly #waiting: ((process: Attachment) => void)[] = [];
  readonly exited = new Promise<number>((resolve, reject) =>
    this.#when(process => process.exited.then(resolve, reject)),
  );

  /** @param left called where the client lets go before there is a process */
  constructor(
    readonly streams: Streams,
    private readonly left: () => void = () => {},
  ) {}

  bind(process: Attachment): void {
    this.#process = process;
    for (const action of this.#waiting.splice(0)) action(process);
  }

  onOutput(listener: OutputListener): void {
    this.#when(process => process.onOutput(listener));
  }

  write(chunk: Buffer): Promise<void> {
    return new Promise((resolve, reject) => this.#when(process => process.write(chunk).then(resolve, reject)));
  }

  endInput(): void {
    this.#when(process => process.endInput());
  }

  detach(): void {
    if (this.#process === undefined) this.left();
    this.#when(process => process.detach());
  }

  #when(action: (process: Attachment) => void): void {
    if (this.#process === undefined) this.#waiting.push(action);
    else action(this.#process);
  }
}

/**
 * The connections of one engine to the processes that it launches, by the id of the container or exec: before the start
 * the clients that attached or wait, after it the process.
 */
export class Processes {
  readonly #attached = new Map<string, EarlyAttachment>();
  readonly #waiting = new Map<string, { resolve: (code: number) => void; reject: (error: unknown) => void }[]>();
  readonly #launched = new Map<string, LaunchedProcess>();

  /** The process that was launched under this id, while we are connected to it. */
  get(id: string): LaunchedProcess | undefined {
    const launched = this.#launched.get(id);
    return launched?.isDetached ? undefined : launched;
  }

  attach(id: string, streams: Streams): Attachment {
    const attachment: EarlyAttachment = new EarlyAttachment(streams, () => {
      if (this.#attached.get(id) === attachment) this.#attached.delete(id);
    });
    this.#attached.set(id, attachment);
    return attachment;
  }

  /** The exit status of the process that is launched next under this id; who aborts is forgotten. */
  nextExit(id: string, abort?: AbortSignal): Promise<number> {
    const exit = new Promise<number>((resolve, reject) => {
      const waiter = { resolve, reject };
      this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), waiter]);
      abort?.addEventListener('abort', () => this.#forget(id, waiter), { once: true });
    });
    exit.catch(() => {});
    return exit;
  }

  #forget(id: string, waiter: object): void {
    const others = (this.#waiting.get(id) ?? []).filter(one => one !== waiter);
    if (others.length > 0) this.#waiting.set(id, others);
    else this.#waiting.delete(id);
  }

  /**
   * Launches a process for the clients that attached or wait; without any it is detached at once. `launch` gets the
   * streams that are wanted, or undefined where no client stays.
   */
  async start(id: string, launch: (streams: Streams | undefined) => Promise<LaunchedProcess>): Promise<void> {
    const attached = this.#attached.get(id);
    const waiting = this.#waiting.get(id) ?? [];
    this.#attached.delete(id);
    this.#waiting.delete(id);
    try {
      const stays = attached !== undefined || waiting.length > 0;
      const process = await launch(stays ? (attached?.streams ?? noStreams) : undefined);
      if (!stays) return process.detach();
      this.#launched.set(id, process);
      attached?.bind(process.attachment);
      const exit = process.exited.finally(() => this.#launched.delete(id));
      for (const { resolve, reject } of waiting) exit.then(resolve, reject);
      exit.catch(() => {});
    } catch (error) {
      for (const { reject } of waiting) reject(error);
      throw error;
    }
  }
}

const noStreams: Streams = { stdin: false, stdout: false, stderr: false };
