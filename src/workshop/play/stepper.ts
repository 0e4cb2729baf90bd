import chalk from 'chalk';
import { mountsOf } from '../../host/mountinfo.ts';
import { hostnameOf, namespacesOf } from '../../host/namespaces.ts';
import { statusField } from '../../host/process.ts';
import type { StepEvent } from '../../syscalls/shim.ts';
import type { Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { words } from '../text/words.ts';
import type { Narrator } from './narrator.ts';

type State = Record<string, string>;

/** `--step`: shows the state before each syscall, waits for a key, and shows what the syscall changed. */
export class Stepper {
  private running = false;
  private previous: State | undefined;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly terminal: Terminal,
    private readonly narrator: Narrator,
    private readonly language: Language,
  ) {}

  /** Called while the process stands before `event`. Parent and child take turns. */
  before(event: StepEvent, pid: number): Promise<void> {
    this.last = this.last.then(() => this.turn(event, pid));
    return this.last;
  }

  /** What the last step changed, once the process stands still again. */
  async after(pid: number): Promise<void> {
    if (this.previous === undefined) return;
    const state = await stateOf(pid);
    this.showChange(this.previous, state);
    this.previous = state;
  }

  private async turn(event: StepEvent, pid: number): Promise<void> {
    if (this.running) return;
    const state = await stateOf(pid || process.pid);
    if (this.previous) this.showChange(this.previous, state);
    else this.show(words.stateNow[this.language], state);
    this.previous = state;
    this.terminal.line();
    this.narrator.announce(event);
    if (!this.terminal.interactive) return;
    this.terminal.line(`    ${chalk.yellow(words.stepKeys[this.language])}`);
    const key = await this.terminal.key(pressed => pressed === 'enter' || pressed === 'continue');
    this.running = key === 'continue';
  }

  private show(label: string, state: State): void {
    const text = Object.entries(state).map(([name, value]) => `${name} ${value}`);
    this.terminal.paragraph(`${label}: ${text.join(' · ')}`, line => chalk.dim(line));
  }

  private showChange(before: State, after: State): void {
    const changed = Object.keys(after).filter(name => before[name] !== after[name]);
    if (changed.length === 0) this.terminal.line(chalk.dim(`    ${words.unchanged[this.language]}`));
    for (const name of changed)
      this.terminal.line(
        `    ${name}: ${chalk.dim(before[name] ?? '–')} ${chalk.yellow('→')} ${chalk.bold(after[name])}`,
      );
  }
}

/** What the lessons' syscalls change, read from /proc from outside. */
async function stateOf(pid: number): Promise<State> {
  const inodes = Object.entries(namespacesOf(pid))
    .filter(([kind]) => ['uts', 'pid', 'mnt'].includes(kind))
    .map(([kind, link]) => [`ns/${kind}`, link.replace(/^.*\[(.*)\]$/, '$1')]);
  return {
    PID: String(pid),
    NSpid: statusField(pid, 'NSpid'),
    hostname: await hostnameOf(pid),
    ...Object.fromEntries(inodes),
    mounts: String(mountsOf(pid).length),
    Name: statusField(pid, 'Name'),
  };
}
