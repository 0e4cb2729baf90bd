import os from 'node:os';
import { hostnameOf } from '../../../host/namespaces.ts';
import type { Lesson, Run } from '../../lesson.ts';
import { momentOf } from '../../play/evidence.ts';
import { Performance } from '../../play/performance.ts';
import { makeScratch, removeScratch } from '../../play/scratch.ts';
import { stageOf } from '../../play/stage.ts';
import { Recorder } from './recorder.ts';
import type { Recording } from './recording.ts';

/**
 * Performs a lesson's program on this machine's kernel and writes down what happens; undefined where the lesson has no program.
 * Leaves no process and no file behind. Rejects with the StepError of a step that failed.
 *
 * @param recorder a stage for each step; by default none waits
 */
export async function recordLesson(
  lesson: Lesson,
  recorder = new Recorder({ hides: lesson.hides?.bind(lesson) }),
  abort?: AbortSignal,
): Promise<Recording | undefined> {
  const { run } = lesson;
  if ('show' in run) return undefined;
  const scratch = makeScratch();
  try {
    await lesson.prepare?.(scratch);
    return await perform(run, recorder, scratch, abort);
  } finally {
    try {
      await lesson.tidy?.(scratch);
    } finally {
      removeScratch(scratch);
    }
  }
}

async function perform(run: Run, recorder: Recorder, scratch: string, abort?: AbortSignal): Promise<Recording> {
  abort?.throwIfAborted();
  const performance = new Performance(run.program(stageOf(scratch, run.inside)), recorder, 'pipe');
  const stop = () => void performance.stop();
  abort?.addEventListener('abort', stop, { once: true });
  try {
    await performance.ready();
    await performance.go();
    await recorder.look(performance.processes);
    const output = await performance.output();
    const host = momentOf('self', { hostname: os.hostname(), output: [], scratch });
    const hostname = await hostnameOf(performance.pid);
    const evidence = run.evidence(host, momentOf(performance.pid, { hostname, output, scratch }));
    await recorder.runs();
    await performance.end();
    return { start: recorder.start, steps: recorder.steps, output, evidence };
  } catch (error) {
    throw abort?.aborted ? abort.reason : performance.explain(error);
  } finally {
    abort?.removeEventListener('abort', stop);
    await performance.stop();
  }
}
