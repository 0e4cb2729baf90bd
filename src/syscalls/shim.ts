import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import type { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { errnoOf, MinidockError } from '../errors.ts';
import { encode } from './encode.ts';
import { ExecError, stepError } from './failure.ts';
import { kernelVersion, sealsInMemory } from './kernel-version.ts';
import { OutputFlow, type OutputListener } from './output.ts';
import { Decoder, type Message, type Report, SupervisorClient } from './protocol.ts';
import { sealProgram } from './seal.ts';
import { startProcess } from './start-process.ts';
import type { Program, SectionName, Step } from './step.ts';
import { architecture } from './uapi/architecture.ts';
import { errnoName } from './uapi/errno.ts';
import { takeWaitingShim, type WaitingShim } from './waiting/shim.ts';
import type { PatientSocket } from './waiting/socket.ts';

/** A step that was done or is about to be, for `--trace`, `--step` and lessons. */
export interface StepEvent {
  step: Step;
  report: Report;
  /** The step's: the sealing's or the one that the shim is for. */
  program: Program;
}

export interface ShimOptions {
  /** Shown in `ps` behind the shim's name. */
  label?: string;
  /** What the shim, and so a child without pipes, has as descriptors 0 to 2. Default: /dev/null. */
  stdio?: 'ignore' | 'inherit' | readonly ('ignore' | 'inherit' | 'pipe' | number)[];
  /** Called for each step with the kernel's answer, in the order of the program: what the child does comes after clone. */
  onStep?: (event: StepEvent) => void;
  /** Called before each step, which then waits for the promise; `launcher` is the pid of the process that forks. */
  beforeStep?: (event: StepEvent, launcher: number) => Promise<void>;
  /** Whether memfd_create and execveat exist (Linux 3.19). Default: what this kernel's version says. */
  memfd?: boolean;
  /** A shim that runs already, elsewhere: its descriptors 3 and 4 are sockets to us. Without it one is started here. */
  started?: Pick<ChildProcess, 'stdio' | 'on' | 'kill' | 'unref'>;
}

/** native/ of the checkout or package that this module belongs to, wherever it was bundled to. */
function nativeFolder(): string {
  for (let directory = path.dirname(fileURLToPath(import.meta.url)); ; directory = path.dirname(directory)) {
    const candidate = `${directory}/native`;
    if (fs.existsSync(candidate) || directory === path.dirname(directory)) return candidate;
  }
}

/** How to get a shim that can be started: a checkout builds its own, a package (which has no Makefile) came with it. */
export function fixOfShim(): string {
  const native = nativeFolder();
  return fs.existsSync(path.join(native, 'Makefile'))
    ? `npm --prefix ${path.dirname(native)} run setup`
    : `install the package of minidock anew: it holds a shim for x64 and one for arm64`;
}

/**
 * native/build/ARCHITECTURE/minidock-shim, found from this module wherever it was bundled to: in a checkout `make -C native`
 * builds it, in a package it lies there for each architecture.
 */
export const shimPath = () => nativeProgram('minidock-shim');

/** The program that `--init` makes PID 1, beside the shim. */
export const initPath = () => nativeProgram('minidock-init');

/** The program that carries IPv6 to published ports, beside the shim. */
export const relayPath = () => nativeProgram('minidock-relay');

function nativeProgram(name: string): string {
  const file = `${nativeFolder()}/build/${architecture()}/${name}`;
  if (fs.existsSync(file)) return file;
  throw new MinidockError('not-built', `the native shim ${file} does not exist`, { fix: fixOfShim() });
}

/** How long an aborted shim has to go by itself, in milliseconds. */
const ABORT_MS = 2000;

/**
 * One native shim. The constructor starts the process and its sealing, which takes a millisecond that the caller can
 * use; `run` then sends the program that the shim is to perform. What each promise means:
 *
 * - `ready`: the child waits at its `sync`, and its `pid` is known. Rejects with a `StepError`, like all of them, where a
 *   step failed before.
 * - `executed`: execve succeeded. Rejects with an `ExecError` where no attempt did.
 * - `exited`: the status, 0–255, once the supervisor has written the exit record. 137 where no status came (`toldExit`
 *   is false): the shim was killed, or closed our connection because we took no output while another client waited for
 *   the end.
 * - `ended`: the shim is gone.
 */
export class Shim {
  readonly ready: Promise<void>;
  readonly executed: Promise<void>;
  readonly exited: Promise<number>;
  /** The supervisor reported how its child ended. */
  toldExit = false;
  readonly ended: Promise<void>;
  readonly client: SupervisorClient;
  /** The child's pid in our namespace; 0 before clone. */
  pid = 0;
  /** The three streams of the shim itself where they are pipes. */
  readonly process: ChildProcess;

  private readonly shimSocket: Socket;
  private readonly childSocket: Socket;
  /** Set while its answers are read where they are waited for. */
  private patient: WaitingShim | undefined;
  private program: Program | undefined;
  private seal: Program | undefined;
  private readonly attempts: Report[] = [];
  /**
   * Parent and child report through two sockets. Where steps are reported, reports of the child wait here until the
   * parent's report of clone was delivered; undefined from then on.
   */
  private untilFork: (() => void)[] | undefined;
  private failure: Error | undefined;
  /** The child has reached its sync, and was told to go on. */
  private synced = false;
  private told = false;
  /** The child's socket has ended, and it neither failed nor was killed before its sync. */
  private childIsThrough = false;
  private readonly output: OutputFlow;
  private readonly readiness = deferred<void>();
  private readonly execution = deferred<void>();
  private readonly exit = deferred<number>();
  private readonly supervising = deferred<void>();

  constructor(private readonly options: ShimOptions = {}) {
    this.ready = this.readiness.promise;
    this.executed = this.execution.promise;
    this.exited = this.exit.promise;
    const binary = shimPath();
    const stdio = options.stdio ?? 'ignore';
    const three = typeof stdio === 'string' ? [stdio, stdio, stdio] : [...stdio];
    const mayWait = options.started === undefined && three.every(stream => stream === 'ignore');
    const waiting = mayWait ? takeWaitingShim() : undefined;
    this.patient = waiting;
    // Its steps are told of as they come, by either socket.
    if (this.reportsSteps) this.becomeImpatient();
    const started = (options.started ?? waiting) as ChildProcess | undefined;
    this.process = started ?? startShim(binary, three);
    this.shimSocket = this.process.stdio[3] as Socket;
    this.childSocket = this.process.stdio[4] as Socket;
    for (const socket of [this.shimSocket, this.childSocket]) socket.on('error', () => {});
    this.output = new OutputFlow(this.shimSocket);
    this.client = new SupervisorClient(this.shimSocket);
    this.ended = new Promise(resolve => {
      this.process.on('exit', (code, signal) => {
        // The exit event may arrive before data that was sent earlier: read both sockets to their ends first.
        void Promise.all([closed(this.shimSocket), closed(this.childSocket)]).then(() => {
          this.settle(code, signal);
          resolve();
        });
      });
      this.process.on('error', error => {
        this.fail(notStarted(binary, error));
        resolve();
      });
    });
    const memfd = options.memfd ?? sealsInMemory(kernelVersion(os.release()));
    this.seal = sealProgram(fs.readFileSync(binary), options.label ?? '', memfd, memfd ? '' : os.tmpdir());
    this.listen(this.shimSocket);
    this.listen(this.childSocket);
    this.childSocket.on('end', () => this.inOrder('exec', () => this.childClosed()));
    const { seal } = this;
    this.shimSocket.write(encode(seal, this.encoding(0)));
  }

  /** Sends the program. Once only. */
  run(program: Program): void {
    this.program = program;
    if (this.reportsSteps && program.host.some(step => step.op === 'syscall' && step.forks)) this.untilFork = [];
    this.shimSocket.write(encode(program, this.encoding(1)));
    if (program.supervise === undefined) this.childSocket.unref?.();
    this.hear();
  }

  /** Answers the child's sync. */
  go(): void {
    this.childSocket.write('g');
    this.told = true;
    this.hear();
  }

  /** Output that the supervisor forwards; what came before the call is delivered at once. */
  onOutput(listener: OutputListener): void {
    this.output.listen(listener);
  }

  /** Resolves when output is not taken for the first time: what the supervisor reports waits behind it. */
  get heldUp(): Promise<void> {
    return this.output.heldUp;
  }

  /** Resolves when the supervisor listens to the client's frames. */
  get supervised(): Promise<void> {
    return this.supervising.promise;
  }

  /** Disconnects from the shim: it and its container live on, and this process may end. */
  detach(): void {
    this.client.cleansUp(false);
    this.shimSocket.end();
    this.childSocket.destroy();
    this.shimSocket.unref();
    this.process.unref();
  }

  /**
   * Ends a shim whose child was not told to go on, or failed: the child dies of the end of file at its sync, and the shim
   * follows in order. Only one that does not is killed. One whose `reap` made another program of it is no shim any more and
   * lives on: it may keep other containers.
   */
  async abort(): Promise<void> {
    this.becomeImpatient();
    this.childSocket.destroy();
    // Before clone there is only the shim, which may be waiting for a program or for the byte that lets a step go.
    if (this.pid === 0) this.shimSocket.destroy();
    const patience = setTimeout(() => {
      this.shimSocket.destroy();
      this.process.kill('SIGKILL');
    }, ABORT_MS);
    await this.becameAnother();
    clearTimeout(patience);
  }

  /** Resolves once the shim has given its sockets up and executes another program, or is gone. */
  private async becameAnother(): Promise<void> {
    let isGone = false;
    const gone = this.ended.then(() => {
      isGone = true;
    });
    await Promise.race([gone, Promise.all([closed(this.shimSocket), closed(this.childSocket)])]);
    // Its execve comes some calls after the sockets' end, and tells nobody.
    while (!isGone && !isAnother(this.process.pid)) await new Promise(resolve => setTimeout(resolve, 2));
    if (!isGone) this.process.unref();
  }

  private get reportsSteps(): boolean {
    return this.options.onStep !== undefined || this.options.beforeStep !== undefined;
  }

  private encoding(tag: number) {
    return {
      tag,
      arch: architecture(),
      trace: this.reportsSteps,
      // Not the sealing: the program is on its way already, and the byte that lets a step go would be taken from it.
      step: tag !== 0 && this.options.beforeStep !== undefined,
    };
  }

  private listen(socket: Socket): void {
    const decoder = new Decoder();
    socket.on('data', chunk => {
      for (const message of decoder.push(chunk)) this.receive(socket, message);
    });
  }

  /**
   * Reads the next answer, once all else has been done that can be. What does not come soon is left to Node's event loop, as is
   * what comes beside other things: an end that input is given to, or that nobody reads.
   */
  private hear(): void {
    if (this.patient === undefined) return;
    setImmediate(() => {
      const { patient } = this;
      if (patient === undefined || this.goIsAwaited) return;
      const speaker = this.speaker(patient);
      if (speaker?.read()) this.hear();
      else this.becomeImpatient();
    });
  }

  private becomeImpatient(): void {
    for (const socket of this.patient?.sockets ?? []) socket.handOver();
    this.patient = undefined;
  }

  private get goIsAwaited(): boolean {
    return this.synced && !this.told && !this.childSocket.destroyed;
  }

  /** Whose answer comes next, by the order of native/protocol.h. The child of a shim that failed has told its reason, or none. */
  private speaker({ sockets: [shim, child] }: WaitingShim): PatientSocket | undefined {
    if (shim.destroyed) return child.destroyed ? undefined : child;
    const isForked = this.pid !== 0 || this.failure !== undefined;
    if (isForked && this.program?.supervise !== undefined && !child.destroyed) return child;
    if (isForked && this.failure === undefined && !this.client.takesOnlyOutput) return undefined;
    return shim;
  }

  private receive(socket: Socket, message: Message): void {
    switch (message.kind) {
      case 'report':
        this.inOrder(message.report.section, () => this.receiveReport(socket, message.report));
        break;
      case 'pid':
        this.pid = message.pid;
        this.forgetSteps();
        this.supervising.resolve();
        if (this.synced) this.readiness.resolve();
        break;
      case 'output':
        this.output.give(message.stream, message.chunk);
        break;
      case 'accepted':
        this.client.accepted();
        break;
      case 'exited':
        this.toldExit = true;
        this.exit.resolve(message.code);
        // Its last word, and it waits for us to have heard it.
        this.shimSocket.destroy();
        break;
      case 'malformed':
        this.fail(new Error(`the shim refused the program at check ${message.line} of native/decode.c`));
    }
  }

  private inOrder(section: SectionName, deliver: () => void): void {
    if (this.untilFork !== undefined && (section === 'child' || section === 'exec')) this.untilFork.push(deliver);
    else deliver();
  }

  private releaseChild(): void {
    const held = this.untilFork ?? [];
    this.untilFork = undefined;
    for (const deliver of held) deliver();
  }

  private receiveReport(socket: Socket, report: Report): void {
    const program = report.tag === 0 ? this.seal : this.program;
    if (program === undefined) return;
    if (report.type === 'failed') this.fail(stepError(program, report));
    if (report.type === 'attempt') this.attempts.push(report);
    if (report.type === 'sync') {
      this.synced = true;
      // The child may be faster than its parent, which reports the pid on the other socket.
      if (this.pid !== 0 || this.program?.supervise === undefined) this.readiness.resolve();
    }
    const step = program[report.section][report.index];
    if (step === undefined) return;
    if (report.type === 'trace') {
      this.options.onStep?.({ step, report, program });
      if (step.op === 'syscall' && step.forks && report.result > 0) this.releaseChild();
    } else if (report.type === 'before' && this.options.beforeStep)
      void this.options.beforeStep({ step, report, program }, this.process.pid ?? 0).then(
        () => socket.write('g'),
        () => socket.destroy(),
      );
  }

  /** The child's socket was closed: its execve succeeded, or it died and reported why before. */
  private childClosed(): void {
    if (this.failure) return;
    const exec = this.program?.exec ?? [];
    if (exec.length > 0 && this.attempts.length === exec.length)
      this.fail(
        new ExecError(
          this.commandName(),
          this.attempts.map(report => errnoName(-report.result)),
        ),
      );
    else {
      this.childIsThrough = this.synced || !this.hasSync;
      this.forgetSteps();
      this.execution.resolve();
    }
  }

  /**
   * What is done need not be kept for as long as a container lives: a process may start many. Before the pid has come the end of
   * the child's socket may be the shim's, which made no child and says why on the other one.
   */
  private forgetSteps(): void {
    if (!this.childIsThrough || this.pid === 0 || this.reportsSteps || this.program === undefined) return;
    this.seal = undefined;
    this.program = { ...this.program, host: [], child: [], exec: [] };
  }

  private get hasSync(): boolean {
    return this.program?.child.some(step => step.op === 'sync') ?? false;
  }

  private commandName(): string {
    const [first] = this.program?.exec ?? [];
    const argv = first?.op === 'syscall' ? first.args[1] : undefined;
    if (typeof argv !== 'object' || argv.kind !== 'data') return '';
    const name = argv.pointers[0]?.to.text;
    return name === undefined ? '' : (JSON.parse(name) as string);
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const promise of [this.readiness, this.execution, this.exit, this.supervising]) promise.reject(this.failure);
  }

  private settle(code: number | null, signal: NodeJS.Signals | null): void {
    this.releaseChild();
    if (this.failure) return;
    if (signal === null && code === 0) {
      if (this.pid !== 0 && !this.synced && this.hasSync)
        this.fail(
          new MinidockError('child-died', "the container's first process was killed before its command began", {
            fix: 'see whether the kernel was out of memory: `dmesg | tail`',
          }),
        );
      this.readiness.resolve();
      this.supervising.resolve();
      // Of a child that was killed before it could take `go` the socket breaks, and has no end.
      this.execution.resolve();
      this.exit.resolve(this.pid === 0 ? 0 : 137);
      return;
    }
    const how = signal ? `killed by ${signal}` : `ended with status ${code}`;
    // One that bin/minidock started before Node could tell nobody why its execve failed (native/launch.c).
    const isNotStarted = code === 127 && this.pid === 0;
    const error = isNotStarted
      ? notStarted(shimPath())
      : new MinidockError('shim-died', `the container's supervisor was ${how}`);
    // The kernel ends the process together with its supervisor: this is the status for those who wait.
    if (this.pid !== 0) this.exit.resolve(137);
    this.fail(error);
  }
}

/**
 * Runs a program without clone: bridge set-up, device nodes of a layer, a lesson's single call. Resolves when its last
 * step is done; rejects with a `StepError`.
 */
export async function runHost(program: Program, options: ShimOptions = {}): Promise<void> {
  const shim = new Shim(options);
  shim.run(program);
  await shim.exited;
  await shim.ended;
}

/** Starts a shim for `program`. Attach and `cleansUp` go to `shim.client` after `supervised` and before `go()`. */
export function launch(program: Program, options: ShimOptions = {}): Shim {
  const shim = new Shim(options);
  shim.run(program);
  return shim;
}

const startFixes: Record<string, string> = {
  EACCES: 'see whether its file system is mounted noexec: `findmnt -T`',
  EAGAIN: 'the limit of processes is reached: see `ulimit -u` and the pids cgroup',
  ENOMEM: 'free some memory: `free -m`',
  EMFILE: 'too many files are open: see `ulimit -n`',
  ETXTBSY: 'something writes this file, as a build does: try again when it has ended',
};

/** Some errors Node throws, others it emits. */
function startShim(binary: string, stdio: NonNullable<Exclude<ShimOptions['stdio'], string>>): ChildProcess {
  try {
    return startProcess(binary, [], { stdio: [...stdio, 'pipe', 'pipe'], env: {}, cwd: '/', argv0: 'minidock-shim' });
  } catch (error) {
    throw errnoOf(error) === 'EMFILE' ? error : notStarted(binary, error as Error);
  }
}

function notStarted(binary: string, cause?: Error): MinidockError {
  const reason = cause === undefined ? 'its execve(2) failed' : (errnoOf(cause) ?? cause.message);
  const unknown = 'try again; if it stays so, see `free -m`, and whether something writes this file';
  const fix = cause === undefined ? unknown : (startFixes[reason] ?? fixOfShim());
  return new MinidockError('shim-not-started', `cannot start ${binary}: ${reason}`, { fix, cause });
}

/** Resolves when nothing more can come from a socket. */
function closed(socket: Socket): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise(resolve => socket.on('close', () => resolve()));
}

/** A process that is alive and executes neither the shim nor one of its copies (seal.ts has their names). */
function isAnother(pid: number | undefined): boolean {
  try {
    return !/^(?:(?:memfd:)?minidock-shim|\.shim-)/.test(path.basename(fs.readlinkSync(`/proc/${pid}/exe`)));
  } catch {
    return false;
  }
}

interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Callers that await it see the rejection. Without a caller an unhandled rejection would end Node.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
