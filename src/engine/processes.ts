import type { OutputListener } from '../syscalls/output.ts';
import type { Shim, StepEvent } from '../syscalls/shim.ts';
import type { Attachment, Streams, WindowSize } from './nouns/streams.ts';
import { shareOut } from './shared-attachment.ts';

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
  /**
   * Its exit status, 0–255, once it has ended and is cleaned up: `afterExit`, which may correct a status that the supervisor did not
   * report. Clients may still be taking output.
   */
  readonly over: Promise<number>;
  /** As `over`, once its output was taken, too. */
  readonly exited: Promise<number>;
  readonly #shim: Shim;
  #isDetached = false;
  /** Made for who asks. */
  #left: AbortController | undefined;

  /**
   * @param ask asks for the exit status in another way: where a client does not take the output, ours waits behind that
   * @param isRemoved nothing of it is used again: it is cleaned up while its supervisor ends
   */
  constructor(
    shim: Shim,
    ask: (abort: AbortSignal) => Promise<number>,
    afterExit: (code: number) => Promise<number>,
    isRemoved = false,
  ) {
    this.#shim = shim;
    const gone = shim.exited.then(async code => {
      await shim.ended;
      return code;
    });
    const told = isRemoved ? shim.exited : gone;
    const asked = shim.heldUp.then(() => ask(this.#untilLeft())).catch(() => told);
    this.over = Promise.race([told, asked]).then(afterExit);
    this.exited = Promise.all([this.over, gone]).then(([code]) => code);
    for (const promise of [this.over, this.exited]) promise.catch(() => {});
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

  get isDetached(): boolean {
    return this.#isDetached;
  }

  signal(number: number): void {
    this.#shim.client.signal(number);
  }

  resize(size: WindowSize): void {
    this.#shim.client.resize(size);
  }

  /** Closes the connection. The process goes on, and this one may end. */
  detach(): void {
    if (!this.#isDetached) this.#shim.detach();
    this.#isDetached = true;
    this.#left?.abort();
  }

  #untilLeft(): AbortSignal {
    this.#left = new AbortController();
    if (this.#isDetached) this.#left.abort();
    return this.#left.signal;
  }
}

/** An attachment made before the process is started: its calls wait until there is a process. */
class EarlyAttachment implements Attachment {
  #process: Attachment | undefined;
  readonly #waiting: ((process: Attachment) => void)[] = [];
  readonly exited: Promise<number>;
  #fail!: (reason: unknown) => void;

  /** @param left is called when the client detaches before there is a process */
  constructor(
    readonly streams: Streams,
    private readonly left: () => void,
  ) {
    this.exited = new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#when(process => process.exited.then(resolve, reject));
    });
    this.exited.catch(() => {});
  }

  /** There will be no process. */
  fail(reason: unknown): void {
    this.#fail(reason);
  }

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
 * One engine's connections to the processes that it launches, by the id of the container or exec: before the start the clients
 * that attached or wait, after it the process.
 */
export class Processes {
  readonly #attached = new Map<string, EarlyAttachment[]>();
  readonly #waiting = new Map<string, { resolve: (code: number) => void; reject: (error: unknown) => void }[]>();
  readonly #launched = new Map<string, LaunchedProcess>();
  readonly #launching = new Map<string, Promise<void>>();

  /** The process that was launched under this id, while we are connected to it. */
  get(id: string): LaunchedProcess | undefined {
    const launched = this.#launched.get(id);
    return launched?.isDetached ? undefined : launched;
  }

  attach(id: string, streams: Streams): Attachment {
    const attachment: EarlyAttachment = new EarlyAttachment(streams, () => without(this.#attached, id, attachment));
    this.#attached.set(id, [...(this.#attached.get(id) ?? []), attachment]);
    return attachment;
  }

  /** The exit status of the process that is launched next under this id. A waiter whose `abort` fires is forgotten. */
  nextExit(id: string, abort?: AbortSignal): Promise<number> {
    const exit = new Promise<number>((resolve, reject) => {
      const waiter = { resolve, reject };
      this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), waiter]);
      abort?.addEventListener('abort', () => without(this.#waiting, id, waiter), { once: true });
    });
    exit.catch(() => {});
    return exit;
  }

  /** Where a process is being launched under this id, what resolves when that is over, with or without success. */
  launching(id: string): Promise<void> | undefined {
    return this.#launching.get(id);
  }

  /**
   * Launches a process for the clients that attached or wait; without any it is detached at once. `launch` gets the
   * streams that are wanted, or undefined where no client stays.
   */
  async start(id: string, launch: (streams: Streams | undefined) => Promise<LaunchedProcess>): Promise<void> {
    const started = this.#start(id, launch);
    const over = started
      .catch(() => {})
      .finally(() => {
        if (this.#launching.get(id) === over) this.#launching.delete(id);
      });
    this.#launching.set(id, over);
    await started;
  }

  async #start(id: string, launch: (streams: Streams | undefined) => Promise<LaunchedProcess>): Promise<void> {
    const attached = this.#attached.get(id) ?? [];
    const waiting = this.#waiting.get(id) ?? [];
    this.#attached.delete(id);
    this.#waiting.delete(id);
    try {
      const stays = attached.length > 0 || waiting.length > 0;
      const process = await launch(stays ? allOf(attached) : undefined);
      if (!stays) return process.detach();
      this.#launched.set(id, process);
      const shared = shareOut(
        process.attachment,
        attached.map(({ streams }) => streams),
      );
      for (const [i, one] of attached.entries()) one.bind(shared[i]!);
      const end = process.over.finally(() => {
        // It may have been started again.
        if (this.#launched.get(id) === process) this.#launched.delete(id);
      });
      for (const { resolve, reject } of waiting) end.then(resolve, reject);
      end.catch(() => {});
    } catch (error) {
      for (const { reject } of waiting) reject(error);
      for (const one of attached) one.fail(error);
      throw error;
    }
  }
}

/** What at least one of them wants. */
function allOf(clients: readonly { readonly streams: Streams }[]): Streams {
  const wants = (stream: keyof Streams) => clients.some(({ streams }) => streams[stream]);
  return { stdin: wants('stdin'), stdout: wants('stdout'), stderr: wants('stderr') };
}

function without<T>(lists: Map<string, T[]>, id: string, item: T): void {
  const others = (lists.get(id) ?? []).filter(one => one !== item);
  if (others.length > 0) lists.set(id, others);
  else lists.delete(id);
}
