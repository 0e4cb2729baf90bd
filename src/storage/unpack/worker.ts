/**
 * The thread of an `UnpackPool`. Each task comes with a port of its own, over which it is talked about; a task that waits
 * for the layers below does not keep the next from starting.
 */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { type ErrorCode, MinidockError } from '../../errors.ts';
import { explainWrite } from '../failure.ts';
import { type Unpacked, type UnpackTask, unpackBlob } from './blob.ts';

/** From the pool. Over the port it sends, once the files are written, the directories of the layers below. */
export interface TaskMessage {
  task: UnpackTask;
  port: MessagePort;
  /** One word, not 0 once the task is given up: a thread that writes files reads no messages. */
  cancelled: Int32Array;
  showsProgress: boolean;
}

/** To the pool, over the port. */
export type Report =
  | { kind: 'progress'; bytes: number }
  | { kind: 'written'; diffId: Unpacked['diffId'] }
  | { kind: 'done'; unpacked: Unpacked }
  | { kind: 'failed'; error: { code: ErrorCode; message: string; fix: string | undefined } };

parentPort?.on('message', (message: TaskMessage) => serve(message));

async function serve({ task, port, cancelled, showsProgress }: TaskMessage): Promise<void> {
  const report = (message: Report) => port.postMessage(message);
  const signal = { throwIfAborted: () => throwIfCancelled(cancelled) } as AbortSignal;
  try {
    const unpacked = await unpackBlob(task, {
      below: async diffId => {
        report({ kind: 'written', diffId });
        const below = await new Promise<string[]>(resolve => port.once('message', resolve));
        throwIfCancelled(cancelled);
        return below;
      },
      signal,
      ...(showsProgress ? { onProgress: bytes => report({ kind: 'progress', bytes }) } : {}),
    });
    report({ kind: 'done', unpacked });
  } catch (error) {
    report({ kind: 'failed', error: portable(explainWrite(error, `unpacking ${task.name}`)) });
  } finally {
    port.close();
  }
}

function throwIfCancelled(cancelled: Int32Array): void {
  if (Atomics.load(cancelled, 0) !== 0) throw new Error('cancelled');
}

/** An error's class does not survive the way to another thread. */
function portable(error: unknown) {
  if (error instanceof MinidockError) return { code: error.code, message: error.message, fix: error.fix };
  return { code: 'defect' as const, message: String((error as Error).stack ?? error), fix: undefined };
}
