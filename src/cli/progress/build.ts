import { isatty } from 'node:tty';
import type { BuildEvent } from '../../build/events.ts';
import type { PullEvent } from '../../registry/progress.ts';
import { eventPrinter, terminalSize } from './pull-image.ts';

/**
 * Prints a build as Docker's classic builder does, in the order of the file: what a stage tells while one before it is still at
 * work waits until that one is done.
 */
export class BuildLines {
  readonly #waiting = new Map<number, BuildEvent[]>();
  readonly #done = new Set<number>();
  readonly #pull: (event: PullEvent) => void;
  #shown: number | undefined;

  constructor(
    private readonly print: { out: (text: string | Uint8Array) => void; err: (text: string | Uint8Array) => void },
    private readonly explains: boolean,
  ) {
    this.#pull = eventPrinter(print.out, print.err, isatty(1) ? terminalSize(1) : undefined);
  }

  readonly tell = (event: BuildEvent): void => {
    this.#shown ??= event.stage;
    if (event.stage === this.#shown) this.#show(event);
    else this.#waiting.set(event.stage, [...(this.#waiting.get(event.stage) ?? []), event]);
  };

  /** Shows what still waits: a build that failed ends before its stages do. */
  end(): void {
    for (const events of [...this.#waiting.entries()].sort(([a], [b]) => a - b).map(([, all]) => all))
      for (const event of events) this.#line(event);
    this.#waiting.clear();
  }

  #show(event: BuildEvent): void {
    this.#line(event);
    if (event.kind !== 'stage-done') return;
    this.#done.add(event.stage);
    const next = [...this.#waiting.keys()].sort((a, b) => a - b).find(stage => !this.#done.has(stage));
    this.#shown = next;
    if (next === undefined) return;
    const events = this.#waiting.get(next)!;
    this.#waiting.delete(next);
    for (const one of events) this.tell(one);
  }

  #line(event: BuildEvent): void {
    const { out, err } = this.print;
    if (event.kind === 'pull') this.#pull(event.event);
    else if (event.kind === 'output') (event.stream === 'stdout' ? out : err)(event.chunk);
    else if (event.kind === 'warning') err(`[Warning] ${event.message}\n`);
    else if (event.kind !== 'missed' || this.explains) out(lineOf(event));
  }
}

/** In the words of Docker's classic builder. */
function lineOf(event: Exclude<BuildEvent, { kind: 'output' | 'warning' | 'pull' }>): string {
  switch (event.kind) {
    case 'step':
      return `Step ${event.number}/${event.total} : ${event.text}\n`;
    case 'triggers':
      return `# Executing ${event.count} build trigger${event.count === 1 ? '' : 's'}\n`;
    case 'cached':
      return ' ---> Using cache\n';
    case 'running':
      return ` ---> Running in ${event.container}\n`;
    case 'removed':
      return `Removing intermediate container ${event.container}\n`;
    case 'done':
      return ` ---> ${event.image}\n`;
    case 'missed':
      return ` ---> Cache missed: ${event.reason}\n`;
    case 'stage-done':
      return '';
  }
}
