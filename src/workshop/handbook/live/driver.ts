import { MinidockError } from '../../../errors.ts';
import { loadLesson } from '../../catalog.ts';
import { missing } from '../../play/requirements.ts';
import { recordContainer } from '../record/container.ts';
import { recordLesson } from '../record/record.ts';
import { Recorder, type Watch } from '../record/recorder.ts';
import { birth } from '../site.ts';
import type { LiveEvent } from './events.ts';

/** A program that runs for one page: it waits before each step until `go`. */
export class Driver {
  readonly #tell: (event: LiveEvent) => void;
  readonly #abort = new AbortController();
  #go: (() => void) | undefined;
  /** Resolves when nothing of it is left. */
  readonly ended: Promise<void>;

  constructor(page: string, tell: (event: LiveEvent) => void) {
    this.#tell = tell;
    this.ended = this.#run(page);
  }

  /** Lets the step that waits be done; without effect where none waits. */
  go(): void {
    this.#go?.();
    this.#go = undefined;
  }

  /** The page is gone: the process ends. */
  stop(): void {
    this.#abort.abort(new MinidockError('interrupted', 'the page was closed'));
  }

  async #run(page: string): Promise<void> {
    try {
      const { signal } = this.#abort;
      if (page === birth) await recordContainer(this.#recorder(), signal);
      else {
        const lesson = await loadLesson(page);
        const [reason] = lesson.needs.map(missing).filter(reason => reason !== undefined);
        if (reason !== undefined) throw new MinidockError('lesson-cannot-run', reason.en);
        await recordLesson(lesson, this.#recorder(lesson.hides?.bind(lesson)), signal);
      }
      this.#tell({ kind: 'end' });
    } catch (error) {
      this.#tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
    }
  }

  #recorder(hides?: Watch['hides']): Recorder {
    let begun = false;
    const recorder: Recorder = new Recorder({
      hides,
      told: step => {
        if (!begun && recorder.start) this.#tell({ kind: 'start', figure: recorder.start });
        begun = true;
        this.#tell({ kind: 'step', at: recorder.steps.indexOf(step), step });
      },
      turn: async over => {
        const { signal } = this.#abort;
        signal.throwIfAborted();
        this.#tell({ kind: 'turn', over });
        await new Promise<void>((resolve, reject) => {
          this.#go = resolve;
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      },
    });
    return recorder;
  }
}
