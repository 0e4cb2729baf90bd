import { isatty } from 'node:tty';
import type { BuildEvent } from '../../build/events.ts';
import type { PullEvent } from '../../registry/progress.ts';
import type { Trace } from '../print/trace.ts';
import { explained } from './explained.ts';
import { eventPrinter, terminalSize } from './pull-image.ts';

type Print = (text: string | Uint8Array) => void;

/**
 * Prints a build as Docker's classic builder does, in the order of the file: what a stage tells while one before it is still at
 * work waits until that one is done.
 */
export class BuildLines {
  readonly #waiting = new Map<number, BuildEvent[]>();
  readonly #done = new Set<number>();
  #pull: ((event: PullEvent) => void) | undefined;
  #shown: number | undefined;
  #trace: Trace | undefined;

  /**
   * @param fd descriptor that `print.out` writes to
   * @param trace makes what prints the syscalls of one step
   */
  constructor(
    private readonly print: { out: Print; err: Print },
    private readonly fd: 1 | 2 = 1,
    private readonly trace?: () => Trace,
  ) {}

  readonly tell = (event: BuildEvent): void => {
    this.#shown ??= event.stage;
    if (event.stage === this.#shown) this.#show(event);
    else if (this.#waiting.has(event.stage)) this.#waiting.get(event.stage)!.push(event);
    else this.#waiting.set(event.stage, [event]);
  };

  /** Shows what still waits: a build that failed ends before its stages do. */
  end(): void {
    for (const events of [...this.#waiting.entries()].sort(([a], [b]) => a - b).map(([, all]) => all))
      for (const event of events) this.#line(event);
    this.#waiting.clear();
    this.#trace?.end();
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

  /** Made when there is something to pull: asking for a terminal costs milliseconds. */
  get #puller(): (event: PullEvent) => void {
    const { out, err } = this.print;
    this.#pull ??= eventPrinter(out, err, isatty(this.fd) ? terminalSize(this.fd) : undefined);
    return this.#pull;
  }

  #line(event: BuildEvent): void {
    const { out, err } = this.print;
    if (event.kind === 'pull') this.#puller(event.event);
    else if (event.kind === 'output') (event.stream === 'stdout' ? out : err)(event.chunk);
    else if (event.kind === 'warning') err(`[Warning] ${event.message}\n`);
    else if (event.kind === 'syscall') this.#trace?.step(event.event);
    else if (event.kind === 'executed') this.#trace?.executed();
    else {
      if (event.kind === 'running') this.#trace = this.trace?.();
      out(linesOf(event));
    }
  }
}

type Silent = 'output' | 'warning' | 'pull' | 'syscall' | 'executed';

/** In the words of Docker's classic builder. */
function linesOf(event: Exclude<BuildEvent, { kind: Silent }>): string {
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
    case 'made':
      return explained(event)
        .map(line => (line.startsWith(' ') ? `      ${line}\n` : ` ---> ${line}\n`))
        .join('');
    case 'failed':
    case 'stage-done':
      return '';
  }
}
