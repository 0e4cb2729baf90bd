import chalk from 'chalk';
import type { StepEvent } from '../../syscalls/shim.ts';
import { drawFigure } from '../figure/terminal.ts';
import { lookFrom, shellBeside } from '../step/beside.ts';
import { type Change, changesBetween } from '../step/changes.ts';
import { pictureOf } from '../step/picture.ts';
import { type State, stateOf } from '../step/state.ts';
import type { Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { wrapText } from '../text/width.ts';
import { words } from '../text/words.ts';
import type { Narrator } from './narrator.ts';

/** The processes of a program, by their pids here; the child's is 0 before clone. */
export interface Processes {
  readonly parent: number;
  readonly child: number;
}

/** `--step`: draws the state before each syscall, marks what the last one changed, and waits for a key. */
export class Stepper {
  private running = false;
  /** Takes back the question that waits: the program has failed, mostly because somebody killed its process. */
  readonly over = new AbortController();
  private previous: State | undefined;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly terminal: Terminal,
    private readonly narrator: Narrator,
    private readonly language: Language,
  ) {}

  /** Called while a process stands before `event`. Parent and child take turns. Rejects where one of them is gone. */
  before(event: StepEvent, processes: Processes): Promise<void> {
    this.last = this.last.then(() => this.turn(event, processes));
    return this.last;
  }

  /** What the last step changed, once the process stands still again. */
  async after(processes: Processes): Promise<void> {
    if (this.previous === undefined) return;
    await this.show(processes);
  }

  private async turn(event: StepEvent, processes: Processes): Promise<void> {
    if (this.running) return;
    let changes = await this.show(processes);
    for (;;) {
      this.terminal.line();
      this.narrator.announce(event);
      if (!this.terminal.interactive) return;
      this.terminal.paragraph(words.stepKeys[this.language], line => chalk.yellow(line));
      const key = await this.terminal.key(
        pressed => pressed === 'enter' || pressed === 'continue' || pressed === 'shell',
        this.over.signal,
      );
      this.running = key === 'continue';
      if (key === 'shell') await this.visit(processes, changes);
      this.over.signal.throwIfAborted();
      this.terminal.fresh();
      if (key !== 'shell') return;
      changes = await this.show(processes, changes);
    }
  }

  /**
   * Reads the state, says what changed and draws it. Where nothing changed since the last time (a look from a shell
   * changes nothing), what had changed before is shown again.
   */
  private async show(processes: Processes, before: readonly Change[] = []): Promise<readonly Change[]> {
    const state = await this.read(processes);
    const found = this.previous ? changesBetween(this.previous, state) : [];
    const changes = found.length > 0 ? found : before;
    if (this.previous) this.say(changes);
    this.previous = state;
    this.draw(state, changes);
    return changes;
  }

  private async read(processes: Processes): Promise<State> {
    return {
      parent: await stateOf(processes.parent),
      ...(processes.child !== 0 && { child: await stateOf(processes.child) }),
    };
  }

  private say(changes: readonly Change[]): void {
    if (changes.length === 0) this.terminal.line(chalk.dim(`    ${words.unchanged[this.language]}`));
    for (const { text } of changes.slice(0, MOST_CHANGES))
      for (const line of wrapText(text[this.language], this.terminal.width - 4))
        this.terminal.line(`    ${chalk.yellow(line)}`);
  }

  private draw(state: State, changes: readonly Change[]): void {
    const figure = pictureOf(state, changes, MOST_MOUNTS);
    this.terminal.lines(drawFigure(figure, this.language, { width: this.terminal.width, chalk }));
    const pid = state.child?.pid ?? state.parent.pid;
    this.terminal.paragraph(words.elsewhere[this.language] + lookFrom(pid, changes), line => chalk.dim(line));
  }

  private async visit({ parent, child }: Processes, changes: readonly Change[]): Promise<void> {
    const pid = child || parent;
    this.terminal.line();
    this.terminal.paragraph(words.besideHello[this.language].replace('{pid}', String(pid)), line => chalk.green(line));
    this.terminal.line(chalk.dim(`  ${lookFrom(pid, changes).replaceAll(String(pid), '$PID')}`));
    await shellBeside(pid);
  }
}

const MOST_CHANGES = 3;
const MOST_MOUNTS = 4;
