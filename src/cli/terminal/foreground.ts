import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { DetachFilter } from '../../api/detach/filter.ts';
import type { Attachment, WindowSize } from '../../engine/nouns/streams.ts';
import { CommandLineError } from '../exit-codes.ts';
import type { Output } from '../print/output.ts';

/**
 * Signals that `run` forwards to a container without a terminal: as in Docker all that can be caught, but SIGCHLD, SIGPIPE and SIGURG;
 * and without those that say that this process is broken, and SIGPROF, which Node keeps to itself.
 */
const proxied = [
  ...(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGTERM', 'SIGCONT', 'SIGTSTP'] as const),
  ...(['SIGTTIN', 'SIGTTOU', 'SIGWINCH', 'SIGTRAP', 'SIGABRT', 'SIGSTKFLT', 'SIGXCPU', 'SIGXFSZ'] as const),
  ...(['SIGVTALRM', 'SIGIO', 'SIGPWR', 'SIGSYS'] as const),
];
/**
 * With a terminal, keys make signals inside the container, and `exec` forwards none. These signals end this process,
 * after the terminal is restored.
 */
const fatal = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;
type Signal = (typeof proxied)[number];

/** A container or exec that is about to be started, by what the engine can do with it. */
export interface ForegroundProcess {
  attach(): Promise<Attachment>;
  /** Resolves with the exit status of the run that comes. */
  wait(): Promise<number>;
  start(): Promise<void>;
  signal(number: number): Promise<void>;
  resize(size: WindowSize): Promise<void>;
}

export interface ForegroundOptions {
  readonly tty: boolean;
  readonly interactive: boolean;
  /** Without a terminal our signals are the process's. */
  readonly forwardsSignals: boolean;
  readonly detachKeys: readonly number[];
  /** The exit code after the detach keys; where it is no success, the user is told. */
  readonly detachCode: number;
  /** Lets go of the process once it has taken all input. */
  readonly leavesAfterInput?: boolean;
  readonly output: Output;
  /** Ours, unless a test hands in others. */
  readonly host?: Host;
}

/** The parts of this process that the foreground uses. */
export interface Host {
  readonly stdin: Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'pause' | 'resume'>;
  readonly signals: Pick<NodeJS.EventEmitter, 'on' | 'off'>;
  size(): { rows: number; columns: number } | undefined;
  exit(code: number): void;
  /** Sends a signal to this process. */
  raise(signal: NodeJS.Signals): void;
}

/** Docker's refusal of `-it` where standard input is a pipe. @throws {MinidockError} `not-a-tty`, exit code 1 */
export function requireTerminal(options: { tty: boolean; interactive: boolean }, isTerminal = () => isatty(0)): void {
  if (options.tty && options.interactive && !isTerminal()) {
    throw new CommandLineError('not-a-tty', 'the input device is not a TTY', { exitCode: 1, fix: 'leave out -t' });
  }
}

/**
 * Joins this process's input, output, signals and window size to a container until that exits or the user detaches.
 * The terminal is raw from before `start` on, and as it was when the promise settles or the process ends.
 *
 * @returns the container's exit code; `detachCode` after the detach keys
 */
export async function runInForeground(process: ForegroundProcess, options: ForegroundOptions): Promise<number> {
  const host = options.host ?? thisProcess();
  const undo: (() => void)[] = [];
  const restore = () => {
    for (const action of undo.splice(0).reverse()) action();
  };
  globalThis.process.on('exit', restore);
  try {
    if (options.tty && options.interactive && host.stdin.isTTY) {
      host.stdin.setRawMode(true);
      undo.push(() => host.stdin.setRawMode(false));
    }
    const attachment = await process.attach();
    const exited = process.wait();
    // A container that could not be started does not exit either: what `start` says is what the user is told.
    exited.catch(() => {});
    const listening = new Signals(process, attachment, options, host, restore);
    undo.push(() => listening.end());
    // While the process is being made there is time for it: so many handlers take half a millisecond.
    setImmediate(() => listening.begin());
    await process.start();
    listening.begin();
    listening.started = true;
    attachment.onOutput((stream, chunk) => {
      if (stream === 'stderr') options.output.err(chunk);
      else options.output.out(chunk);
    });
    if (options.tty) followWindow(process, host, undo);
    const detached = options.interactive ? forwardInput(attachment, options, host, undo) : new Promise<never>(() => {});
    return await Promise.race([exited, detached]);
  } finally {
    restore();
    globalThis.process.off('exit', restore);
  }
}

function followWindow(process: ForegroundProcess, host: Host, undo: (() => void)[]): void {
  const resize = () => {
    const size = host.size();
    // The process may have ended meanwhile.
    if (size !== undefined) process.resize(size).catch(() => {});
  };
  // The size may have changed since the container was started.
  resize();
  host.signals.on('SIGWINCH', resize);
  undo.push(() => host.signals.off('SIGWINCH', resize));
}

/** The kernel drops what PID 1 of a namespace has no handler for (pid_namespaces(7)): `sleep` is not ended by Ctrl-C. */
const ignoresInterrupts = `minidock: the container got Ctrl-C and runs on: its PID 1 has no handler for SIGINT (lesson 04)
  fix: 'minidock stop' it from another terminal; with -it a shell inside would take the key
`;

/** What the signals do that come to this process. Before the process is started: the same as without a handler. */
class Signals {
  started = false;
  readonly #listeners = new Map<Signal, () => void>();
  #interrupts = 0;
  #hasEnded = false;

  constructor(
    private readonly process: ForegroundProcess,
    private readonly attachment: Attachment,
    private readonly options: ForegroundOptions,
    private readonly host: Host,
    private readonly restore: () => void,
  ) {}

  /** Once, however often it is called, and not after the end. */
  begin(): void {
    if (this.#hasEnded || this.#listeners.size > 0) return;
    const { tty, forwardsSignals } = this.options;
    const forwards = forwardsSignals && !tty;
    for (const name of forwards ? proxied : fatal) {
      const take = forwards ? () => this.#forward(name) : () => this.#leave(name);
      const listener = () => (this.started ? take() : this.#raise(name, listener));
      this.#listeners.set(name, listener);
      this.host.signals.on(name, listener);
    }
  }

  end(): void {
    this.#hasEnded = true;
    for (const [name, listener] of this.#listeners) this.host.signals.off(name, listener);
  }

  #forward(name: Signal): void {
    if (name === 'SIGINT' && ++this.#interrupts === 2) this.options.output.err(ignoresInterrupts);
    this.process.signal(constants.signals[name]).catch(() => {});
  }

  #leave(name: Signal): void {
    this.restore();
    this.attachment.detach();
    this.host.exit(128 + constants.signals[name]);
  }

  /** It stops this process, ends it, or is nothing to it. */
  #raise(name: Signal, listener: () => void): void {
    const { signals, raise } = this.host;
    if (this.options.tty) this.restore();
    signals.off(name, listener);
    raise(name);
    signals.on(name, listener);
  }
}

/** Resolves once the detach keys were typed, or with 0 where the process is let go of after its input. */
function forwardInput(
  attachment: Attachment,
  options: ForegroundOptions,
  { stdin }: Host,
  undo: (() => void)[],
): Promise<number> {
  return new Promise(resolve => {
    let taken = Promise.resolve();
    const filter = options.tty ? new DetachFilter(options.detachKeys) : undefined;
    const onData = (chunk: Buffer) => {
      const { pass, detach } = filter?.feed(chunk) ?? { pass: chunk, detach: false };
      if (pass.length > 0) {
        // Where the process does not read, reading our input stops, so that it does not fill our memory.
        stdin.pause();
        taken = attachment.write(pass).then(() => void stdin.resume());
      }
      if (!detach) return;
      attachment.detach();
      if (options.detachCode !== 0) options.output.err('read escape sequence\n');
      resolve(options.detachCode);
    };
    // A terminal that hung up reads as EIO.
    const onEnd = () => {
      attachment.endInput();
      if (!options.leavesAfterInput) return;
      void taken.then(() => {
        attachment.detach();
        resolve(0);
      });
    };
    stdin.on('data', onData);
    stdin.on('end', onEnd);
    stdin.on('error', onEnd);
    stdin.resume();
    undo.push(() => {
      stdin.off('data', onData);
      stdin.off('end', onEnd);
      stdin.pause();
    });
  });
}

/** Of the terminal that standard output is; undefined where it is none. */
export function terminalSize(): { rows: number; columns: number } | undefined {
  if (!isatty(1)) return undefined;
  const [columns, rows] = process.stdout.getWindowSize();
  return { rows, columns };
}

function thisProcess(): Host {
  return {
    // Opening it costs 8 ms: only for those who read it.
    get stdin() {
      return process.stdin;
    },
    signals: process,
    size: terminalSize,
    exit: code => process.exit(code),
    raise: signal => process.kill(process.pid, signal),
  };
}
