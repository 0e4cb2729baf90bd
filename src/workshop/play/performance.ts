import type { Readable } from 'node:stream';
import { errnoOf, MinidockError } from '../../errors.ts';
import { identityOf, isAlive, type ProcessIdentity } from '../../host/process.ts';
import { errorOfCheck, messageOf } from '../../network/netlink/netlink.ts';
import { goesOn } from '../../syscalls/print.ts';
import { launch, type Shim, type StepEvent } from '../../syscalls/shim.ts';
import type { Program, Step } from '../../syscalls/step.ts';
import { errnoName } from '../../syscalls/uapi/errno.ts';
import { signals } from '../../syscalls/uapi/flags.ts';
import type { Refusal } from '../lesson.ts';
import { READY } from './stage.ts';
import type { Processes } from './stepper.ts';

export interface Audience {
  /** Each step with the kernel's answer, in the order of the program. */
  done(event: StepEvent): void;
  /** Before each step, which waits: only with `--step`. */
  before?(event: StepEvent, processes: Processes): Promise<void>;
  /** The program has failed: no answer is waited for any more. */
  over?(): void;
  /** The execve that succeeded. */
  replaced(step: Step): void;
}

/** How long a process may take to print, or to end once its input is closed; milliseconds. */
const PATIENCE = 10_000;

/**
 * One program on the real kernel, performed for a learner. The process that it makes holds pipes (or, in a shell, the
 * learner's terminal) and lives until `end`. `stop` leaves no process behind, at any moment.
 */
export class Performance {
  /** The process's pid on the host; 0 before clone. */
  pid = 0;
  private identity: ProcessIdentity | undefined;
  private readonly shim: Shim;
  private executed = false;
  private silent = false;
  private interrupt!: (reason: unknown) => void;
  private readonly interruption = new Promise<never>((_resolve, reject) => {
    this.interrupt = reject;
  });
  /** The last step that the kernel refused. */
  refused: Refusal | undefined;

  constructor(
    private readonly program: Program,
    private readonly audience: Audience,
    stdio: 'pipe' | 'inherit',
  ) {
    this.interruption.catch(() => {});
    const before = audience.before?.bind(audience);
    this.shim = launch(program, {
      label: 'lesson',
      stdio: [stdio, stdio, stdio],
      onStep: event => this.receive(event),
      beforeStep: before && (event => this.pause(event, before)),
    });
  }

  get processes(): Processes {
    return { parent: this.shim.process.pid ?? 0, child: this.pid };
  }

  /**
   * Resolves when the child stands at its sync. Rejects with the StepError of a step that failed, or with what the audience
   * threw while a step waited for it.
   */
  async ready(): Promise<void> {
    await this.unlessInterrupted(this.shim.ready);
    await this.unlessInterrupted(this.shim.supervised);
  }

  /** Lets the child execute its program, and resolves when it runs. Rejects with an ExecError. */
  async go(): Promise<void> {
    this.shim.go();
    await this.unlessInterrupted(this.shim.executed);
    this.executed = true;
    this.audience.replaced(this.program.exec[0]!);
  }

  /** As `go`, for a program that owns the terminal from its first moment: all is said before. */
  async goSilently(): Promise<void> {
    this.audience.replaced(this.program.exec[0]!);
    this.silent = true;
    this.shim.go();
    await this.shim.executed;
    this.executed = true;
  }

  /** Lines of the process until it is ready, or until it ends. */
  async output(): Promise<string[]> {
    const { stdout, stderr } = this.shim.process;
    let text = '';
    const take = (chunk: Buffer) => {
      text += chunk.toString('utf8');
    };
    stderr?.on('data', take);
    await readUntil(stdout!, chunk => {
      take(chunk);
      return text.includes(READY);
    });
    return text
      .split('\n')
      .map(line => line.trimEnd())
      .filter(line => line !== '' && line !== READY);
  }

  /** Closes the process's input, upon which it ends, and gives its exit status. */
  async end(): Promise<number> {
    this.shim.process.stdin?.end();
    const code = await withPatience(this.shim.exited, () => this.kill());
    await this.shim.ended;
    return code;
  }

  /** The exit status of a process that ends on its own: a shell. */
  async exited(): Promise<number> {
    const code = await this.shim.exited;
    await this.shim.ended;
    return code;
  }

  /**
   * Looking at a process that is gone fails in many ways (ENOENT, ESRCH, a shim without a child). Of all of them this is the
   * reason; other errors stay what they are.
   */
  explain(error: unknown): unknown {
    const gone = errnoOf(error) !== undefined || (error instanceof MinidockError && error.code === 'child-died');
    if (!gone || this.identity === undefined || isAlive(this.identity)) return error;
    return new MinidockError('child-died', `process ${this.pid} was killed before the lesson was done with it`, {
      fix: 'run the lesson again',
      cause: error,
    });
  }

  /** Ends the child and the shim now. Safe at any moment and more than once. */
  async stop(): Promise<void> {
    if (this.executed) this.shim.client.signal(signals.SIGKILL);
    else await this.shim.abort();
    this.kill();
    await withPatience(this.shim.ended, () => void this.shim.abort());
  }

  /** Another process may have the pid by now: pid and start time together identify the process that we made. */
  private kill(): void {
    if (this.identity === undefined || !isAlive(this.identity)) return;
    try {
      process.kill(this.pid, 'SIGKILL');
    } catch {
      // The process died after its identity was checked.
    }
  }

  private receive(event: StepEvent): void {
    if (this.silent || !this.isOurs(event.step)) return;
    if (!goesOn(event.step, event.report)) this.refused = refusalOf(event);
    this.audience.done(event);
    if (event.step.op !== 'syscall' || !event.step.forks || event.report.result <= 0) return;
    this.pid = event.report.result;
    this.identity = aliveNow(this.pid);
  }

  private async pause(event: StepEvent, before: NonNullable<Audience['before']>): Promise<void> {
    if (this.silent || !this.isOurs(event.step)) return;
    try {
      await before(event, this.processes);
    } catch (error) {
      const reason = this.explain(error);
      this.interrupt(reason);
      throw reason;
    }
  }

  /** Who quits while a step waits makes the shim fail as well: the reason comes first. */
  private async unlessInterrupted<T>(promise: Promise<T>): Promise<T> {
    try {
      return await Promise.race([this.interruption, promise]);
    } catch (error) {
      this.audience.over?.();
      throw error;
    }
  }

  /** The shim's own sealing is a program too, but not the lesson's. */
  private isOurs(step: Step): boolean {
    const { host, child, exec } = this.program;
    return [...host, ...child, ...exec].includes(step);
  }
}

/** What the kernel refused: a call, or a routing message in the words of `ip`, whose answer a later step checks. */
function refusalOf({ step, report }: StepEvent): Refusal | undefined {
  if (step.op === 'syscall') return { call: step.name, errno: errnoName(-report.result) };
  const message = messageOf(step);
  if (step.op !== 'expect' || message === undefined) return undefined;
  return { call: message.words, errno: errorOfCheck(step, report.seen) ?? 'ENODEV' };
}

async function readUntil(stream: Readable, enough: (chunk: Buffer) => boolean): Promise<void> {
  await new Promise<void>(resolve => {
    const timer = setTimeout(finish, PATIENCE);
    function finish(): void {
      clearTimeout(timer);
      stream.off('data', onData);
      stream.off('end', finish);
      resolve();
    }
    function onData(chunk: Buffer): void {
      if (enough(chunk)) finish();
    }
    stream.on('data', onData);
    stream.once('end', finish);
  });
}

async function withPatience<T>(promise: Promise<T>, giveUp: () => void): Promise<T> {
  const timer = setTimeout(giveUp, PATIENCE);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** Undefined where it died already. */
function aliveNow(pid: number): ProcessIdentity | undefined {
  try {
    return identityOf(pid);
  } catch {
    return undefined;
  }
}
