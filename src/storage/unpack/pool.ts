import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { MinidockError } from '../../errors.ts';
import type { Unpacked, UnpackHooks, UnpackTask } from './blob.ts';
import type { Report, TaskMessage } from './worker.ts';

/**
 * Threads that unpack several layers at once: most of the work is the kernel's, making files, and one thread keeps one
 * processor busy with it. A layer whose files are written leaves its place to the next while it waits for those below.
 */
export class UnpackPool {
  readonly #idle: Worker[];
  readonly #workers: readonly Worker[];
  /** Why a thread has ended: out of memory, or a bug. */
  #broken: unknown;
  readonly #waiting: ((worker: Worker) => void)[] = [];

  /** The threads start at once: a download is under way meanwhile. */
  constructor(size: number) {
    this.#workers = Array.from({ length: size }, startWorker);
    this.#idle = [...this.#workers];
    for (const worker of this.#workers)
      worker.once('error', error => {
        this.#broken ??= error;
      });
  }

  /** As `unpackBlob`, in another thread. */
  async unpack(task: UnpackTask, { below, onProgress, signal }: UnpackHooks): Promise<Unpacked> {
    const worker = await this.#take();
    const giveBack = onceOnly(() => this.#give(worker));
    const { port1: port, port2 } = new MessageChannel();
    const cancelled = new Int32Array(new SharedArrayBuffer(4));
    let failure: unknown;
    const cancel = (reason: unknown) => {
      failure ??= reason;
      Atomics.store(cancelled, 0, 1);
      // Where it waits for the layers below it has to be woken.
      port.postMessage([]);
    };
    const abort = () => cancel(signal?.reason);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    const message: TaskMessage = { task, port: port2, cancelled, showsProgress: onProgress !== undefined };
    try {
      const ended = new Promise<Report | undefined>(resolve => {
        // So it is where the thread ends.
        port.once('close', () => resolve(undefined));
        port.on('message', (report: Report) => {
          if (report.kind === 'progress') onProgress?.(report.bytes);
          else if (report.kind === 'written') {
            giveBack();
            Promise.resolve()
              .then(() => below(report.diffId))
              .then(directories => port.postMessage(directories), cancel);
          } else resolve(report);
        });
      });
      if (this.#broken !== undefined) throw this.#broken;
      worker.postMessage(message, [port2]);
      const report = await ended;
      if (failure !== undefined) throw failure;
      if (report?.kind === 'done') return report.unpacked;
      if (report?.kind === 'failed') {
        const { code, message, fix } = report.error;
        throw new MinidockError(code, message, fix === undefined ? {} : { fix });
      }
      throw this.#broken ?? new Error(`the thread that unpacked ${task.name} has ended`);
    } finally {
      signal?.removeEventListener('abort', abort);
      port.close();
      giveBack();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.terminate()));
  }

  async #take(): Promise<Worker> {
    return this.#idle.pop() ?? new Promise(resolve => this.#waiting.push(resolve));
  }

  #give(worker: Worker): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(worker);
    else next(worker);
  }
}

/** What a thread makes and forgets at once: collected early, it takes a tenth off the peak of memory. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

/** Beside a bundle the thread's code is a file of `dist/`; sources run through tsx. */
function startWorker(): Worker {
  const here = fileURLToPath(import.meta.url);
  const file = here.endsWith('.ts') ? 'worker-from-source.mjs' : '../unpack-worker.mjs';
  return new Worker(path.join(path.dirname(here), file), { execArgv: [], resourceLimits });
}

function onceOnly(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}
