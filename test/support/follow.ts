import type { SectionName } from '../../src/syscalls/step.ts';
import type { Architecture } from '../../src/syscalls/uapi/numbers.ts';
import { type DecodedProgram, type DecodedStep, decodeProgram } from './program.ts';
import { bytesOf, type Traced, type TracedCall } from './strace.ts';

/** One shim's life, checked call by call. */
export interface Followed {
  /** The programs that it read, in order: the sealing, then what it is for. */
  programs: DecodedProgram[];
  /** Calls beyond the program, by the reason for which they are allowed. */
  extra: Map<string, number>;
  childPid: number | undefined;
  ended: 'exit' | 'keeper' | 'failed';
}

const SHIM_FD = 3n;
const CHILD_FD = 4n;

/** The pids that executed the native shim. */
export function shimsIn(traced: Traced): number[] {
  return [...traced.processes].filter(([, calls]) => startOf(calls) >= 0).map(([pid]) => pid);
}

function startOf(calls: readonly TracedCall[]): number {
  return calls.findIndex(({ name, args, result }) => name === 'execve' && result === 0n && isShim(args[0] ?? ''));
}

const isShim = (arg: string) => (bytesOf(arg)?.toString() ?? arg).replaceAll('"', '').endsWith('/minidock-shim');

/**
 * Goes through all that a shim and its child did, from the shim's own execve on, and throws at the first call that neither
 * the program it read nor the list of exceptions below explains, or that the program has and the kernel never saw.
 */
export function follow(traced: Traced, pid: number, arch: Architecture): Followed {
  const calls = traced.processes.get(pid)!;
  const extra = new Map<string, number>();
  const cursor = new Cursor(`shim ${pid}`, calls, startOf(calls) + 1, extra);
  const seal = new Machine(cursor, arch);
  const sealed = seal.run('host', cursor);
  if (sealed.last?.result !== 0n || !/^execve(at)?$/.test(sealed.last.name))
    throw new Error(`${cursor.who}: its first program ends with ${show(sealed.last)}, not as a sealed copy`);
  const machine = new Machine(cursor, arch);
  const programs = [seal.program, machine.program];
  const { failed } = machine.run('host', cursor);
  if (machine.child) checkChild(traced, machine.child.pid, machine.child.machine, extra);
  const childPid = machine.child?.pid;
  if (failed || !machine.supervises) {
    cursor.take('exit_group', () => true, 'the shim ends');
    return { programs, extra, childPid, ended: failed ? 'failed' : 'exit' };
  }
  return { programs, extra, childPid, ended: superviseTo(cursor, machine) };
}

function checkChild(traced: Traced, pid: number, machine: Machine, extra: Map<string, number>): void {
  const cursor = new Cursor(`child ${pid}`, traced.processes.get(pid) ?? [], 0, extra);
  cursor.take('close', args => args[0] === SHIM_FD, "the child drops the supervisor's own descriptor");
  cursor.take('fcntl', args => args[0] === CHILD_FD && args[1] === 2n && args[2] === 1n, 'its own closes on execve');
  if (!machine.run('child', cursor).failed) machine.run('exec', cursor);
}

/** A process's calls, read one after another. */
class Cursor {
  constructor(
    readonly who: string,
    private readonly calls: readonly TracedCall[],
    private at: number,
    private readonly extra: Map<string, number>,
  ) {}

  peek(): TracedCall | undefined {
    return this.calls[this.at];
  }

  next(): TracedCall | undefined {
    return this.calls[this.at++];
  }

  /** A call that no step explains: it must be this one, and the reason is counted. */
  take(name: string, matches: (args: bigint[]) => boolean, reason: string): TracedCall {
    const call = this.next();
    if (call?.name !== name || !matches(numbersOf(call)))
      throw new Error(`${this.who}: ${show(call)} where only ${name} may stand: ${reason}`);
    this.extra.set(reason, (this.extra.get(reason) ?? 0) + 1);
    return call;
  }
}

/** What the interpreter's memory must hold, step by step. */
class Machine {
  readonly program: DecodedProgram;
  child: { pid: number; machine: Machine } | undefined;
  private memory: Buffer;
  private saved = new Map<number, bigint>();
  /** Words that the kernel wrote, by offset: known from strace, or learnt at their first use and then the same for ever. */
  private words = new Map<number, bigint>();
  /** Offsets whose content is the kernel's or a store's. */
  private changed = new Set<number>();
  /** Where data lies in the shim; unknown where strace shows strings. */
  private base: bigint | undefined;

  constructor(cursor: Cursor, arch: Architecture) {
    const isControl = (args: bigint[]) => args[0] === SHIM_FD;
    const reason = 'the shim reads a program from its own descriptor';
    const head = cursor.take('read', isControl, reason);
    const size = head.content?.readUInt32LE(4) ?? 0;
    const chunks = [head.content!];
    const length = () => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    while (length() < size) chunks.push(cursor.take('read', isControl, reason).content!);
    this.program = decodeProgram(Buffer.concat(chunks), arch);
    this.memory = Buffer.from(this.program.data);
    const address = head.args[1] ?? '';
    if (address.startsWith('0x')) this.base = BigInt(address) + BigInt(this.program.dataAt);
  }

  get supervises(): boolean {
    return this.program.supervise.length > 0;
  }

  /** The descriptor of a role, where the program names one. */
  role(name: string): bigint | undefined {
    const entry = this.program.supervise.find(one => one.role === name);
    if (entry === undefined) return undefined;
    return entry.kind === 'word' ? this.words.get(Number(entry.value)) : this.saved.get(Number(entry.value));
  }

  /** Every step of a section, in order and without a gap; ends early where one fails, as the interpreter does. */
  run(section: SectionName, cursor: Cursor): { failed: boolean; last: TracedCall | undefined } {
    let last: TracedCall | undefined;
    for (const [index, step] of this.program.sections[section].entries()) {
      const where = `${cursor.who}, ${section} step ${index + 1}`;
      if (step.op === 'store') this.store(step);
      if (step.op === 'sync') {
        cursor.take('write', args => args[0] === CHILD_FD, 'sync tells the launcher, on the child’s own descriptor');
        cursor.take('read', args => args[0] === CHILD_FD, 'sync waits for its byte there');
      }
      if (step.op !== 'syscall') continue;
      last = cursor.next();
      this.check(step, last, where);
      const failed = last?.errno !== undefined && !step.tolerate.includes(last.errno);
      if (failed && section === 'exec') continue;
      if (section === 'exec' && last?.result === 0n) return { failed: false, last };
      if (failed) {
        if (section !== 'exit' && section !== 'reap')
          cursor.take('write', args => args[0] === SHIM_FD || args[0] === CHILD_FD, 'the failed step is reported');
        return { failed, last };
      }
      if (step.forks) {
        this.child = { pid: Number(last!.result), machine: this.copy() };
        cursor.take('close', args => args[0] === CHILD_FD, "the supervisor drops the child's own descriptor");
      }
    }
    if (section === 'exec')
      cursor.take('write', args => args[0] === CHILD_FD, 'where no execve succeeds, all of them are reported');
    return { failed: false, last };
  }

  private copy(): Machine {
    const other = Object.create(Machine.prototype) as Machine;
    Object.assign(other, this, {
      memory: Buffer.from(this.memory),
      saved: new Map(this.saved),
      words: new Map(this.words),
      changed: new Set(this.changed),
    });
    return other;
  }

  private check(step: DecodedStep, call: TracedCall | undefined, where: string): void {
    if (call === undefined || !sameCall(step.name, call.name))
      throw new Error(`${where} is ${step.name}, the kernel saw ${show(call)}`);
    for (const [i, shown] of call.args.entries()) {
      const arg = step.args[i];
      if (arg === undefined) throw new Error(`${where}: an argument too many in ${show(call)}`);
      const problem = this.base === undefined ? this.compareString(arg, shown) : this.compareNumber(arg, shown);
      if (problem) throw new Error(`${where}: argument ${i + 1} of ${show(call)}: ${problem}`);
    }
    if (step.save !== undefined) this.saved.set(step.save, call.result ?? -1n);
    this.learnPair(step, call);
  }

  /** The register holds the immediate, the address of the data, the saved result or the word: nothing else. */
  private compareNumber({ kind, value }: DecodedStep['args'][0], shown: string): string | undefined {
    if (!/^(0x[0-9a-f]+|\d+)$/.test(shown)) return undefined;
    const seen = BigInt(shown);
    let expected: bigint | undefined = value;
    if (kind === 'data') expected = this.base! + value;
    if (kind === 'saved') expected = this.saved.get(Number(value));
    if (kind === 'word') {
      expected = this.words.get(Number(value)) ?? seen;
      this.words.set(Number(value), expected);
    }
    if (expected === undefined) return 'the program uses a result before there is one';
    return BigInt.asUintN(64, expected) === seen
      ? undefined
      : `0x${BigInt.asUintN(64, expected).toString(16)} expected`;
  }

  /** The address leads to the program's own bytes, unless a step or the kernel was to change them. */
  private compareString({ kind, value }: DecodedStep['args'][0], shown: string): string | undefined {
    const at = Number(value);
    const bytes = bytesOf(shown);
    if (kind !== 'data') return undefined;
    if (shown.startsWith('["')) return this.compareList(at, shown);
    if (bytes === undefined || this.changed.has(at)) return undefined;
    // What the kernel fills is zero in the program.
    const own = this.memory.subarray(at, at + bytes.length);
    if (own.every(byte => byte === 0)) return undefined;
    return own.equals(bytes) ? undefined : `${JSON.stringify(own.toString())} expected`;
  }

  private compareList(at: number, shown: string): string | undefined {
    for (const [i, one] of shown.slice(1, -1).split(', ').entries()) {
      const to = this.program.pointers.get(at + i * 8);
      const bytes = bytesOf(one);
      if (to === undefined || bytes === undefined) return `no string ${i} in the program`;
      const own = this.memory.subarray(to, this.memory.indexOf(0, to));
      if (!own.equals(bytes)) return `${JSON.stringify(own.toString())} expected`;
    }
    return undefined;
  }

  private learnPair(step: DecodedStep, call: TracedCall): void {
    const at = step.name === 'pipe2' ? 0 : step.name === 'socketpair' ? 3 : undefined;
    const pair = at === undefined ? undefined : /^\[(\d+), (\d+)\]$/.exec(call.args[at] ?? '');
    if (!pair) return;
    const offset = Number(step.args[at!]!.value);
    this.words.set(offset, BigInt(pair[1]!));
    this.words.set(offset + 4, BigInt(pair[2]!));
  }

  private store(step: DecodedStep): void {
    const [from, into] = step.args;
    const at = Number(into!.value);
    const value = from!.kind === 'saved' ? this.saved.get(Number(from!.value)) : this.words.get(Number(from!.value));
    if (value === undefined) {
      // A number that the kernel wrote and no call has shown: the path that it becomes a part of cannot be foretold.
      this.changed.add(this.startOf(at));
      return;
    }
    if (step.width === 3) this.memory.write(`${value}\0`, at, 'latin1');
    else if (step.width === 1) this.memory.writeUInt32LE(Number(BigInt.asUintN(32, value)), at);
    else this.memory.writeBigUInt64LE(BigInt.asUintN(64, value), at);
  }

  /** Data begins at multiples of eight; a path with a number in it at most nine bytes before that. */
  private startOf(at: number): number {
    return (at - 9) & ~7;
  }
}

const alternatives: Record<string, string> = { umount2: 'umount' };
const sameCall = (name: string | undefined, seen: string) => name === seen || alternatives[name ?? ''] === seen;

/** What a supervisor does beyond the program, between its host section and its end. The program says which descriptors. */
const supervisorCalls: Record<string, { reason: string; on?: readonly string[] }> = {
  rt_sigprocmask: { reason: 'SIGCHLD and SIGPIPE are read, not delivered' },
  signalfd4: { reason: 'SIGCHLD is read here' },
  ppoll: { reason: 'waits for whatever comes first' },
  wait4: { reason: 'the status of the child' },
  clock_gettime: { reason: 'the time of lines in the log, and how long to wait for clients' },
  lseek: { reason: 'where the log ends, of a record that the disk had no room for', on: ['log'] },
  ftruncate: { reason: 'the beginning of a record is taken back', on: ['log'] },
  read: { reason: 'signals, output of the process', on: ['signal', 'stdout', 'stderr', 'pty'] },
  write: {
    reason: 'the pid, to the launcher; input, to the process; lines, to the log',
    on: ['control', 'stdin', 'pty', 'log'],
  },
  recvmsg: { reason: 'the terminal that the child made', on: ['console'] },
  ioctl: {
    reason: 'the size of the window; how much the output of a process holds at its end',
    on: ['pty', 'stdout', 'stderr'],
  },
  fcntl: {
    reason: 'nothing may block but ppoll',
    on: ['stdin', 'stdout', 'stderr', 'console', 'pty', 'listen', 'control'],
  },
  accept4: { reason: 'a client of the control socket', on: ['listen'] },
  recvfrom: { reason: 'what a client asks for', on: ['control', 'client'] },
  sendto: { reason: 'what a client is told', on: ['control', 'client'] },
  shutdown: { reason: 'a client has been told all', on: ['control', 'client'] },
  kill: { reason: 'a client’s signal for the process' },
  close: {
    reason: 'a stream that ended, a client that left',
    on: ['stdin', 'stdout', 'stderr', 'console', 'pty', 'client', 'control'],
  },
};

function superviseTo(cursor: Cursor, machine: Machine): Followed['ended'] {
  const roles = new Map<bigint, string>([[SHIM_FD, 'control']]);
  for (const role of ['stdin', 'stdout', 'stderr', 'console', 'log', 'listen']) {
    const fd = machine.role(role);
    if (fd !== undefined) roles.set(fd, role);
  }
  const exit = machine.program.sections.exit.find(step => step.op === 'syscall');
  let exitDone = exit === undefined;
  for (;;) {
    const call = cursor.peek();
    if (call === undefined) throw new Error(`${cursor.who}: its supervisor vanished`);
    if (!exitDone && call.name === exit!.name) {
      machine.run('exit', cursor);
      exitDone = true;
      continue;
    }
    if (call.name === 'exit_group') {
      if (!exitDone) throw new Error(`${cursor.who}: it ended without its exit section`);
      return 'exit';
    }
    const allowed = supervisorCalls[call.name];
    if (allowed === undefined) {
      if (!exitDone || machine.program.sections.reap[0]?.name !== call.name)
        throw new Error(`${cursor.who}: ${show(call)} by the supervisor, which no rule allows`);
      return machine.run('reap', cursor).failed ? endOf(cursor) : 'keeper';
    }
    const { args, result } = cursor.take(call.name, () => true, allowed.reason);
    const fd = numbersOf({ ...call, args })[0];
    if (call.name === 'signalfd4') roles.set(result!, 'signal');
    if (call.name === 'accept4' && result! >= 0n) roles.set(result!, 'client');
    if (allowed.on === undefined || fd === undefined) continue;
    // The terminal's number is in a message that strace does not show as a register: the next unknown one is it.
    if (!roles.has(fd) && allowed.on.includes('pty') && machine.role('console') !== undefined) roles.set(fd, 'pty');
    const role = roles.get(fd);
    if (role === undefined || !allowed.on.includes(role))
      throw new Error(`${cursor.who}: ${show(call)} on ${role ?? 'a descriptor of nobody'}`);
  }
}

function endOf(cursor: Cursor): 'exit' {
  cursor.take('exit_group', () => true, 'the shim ends');
  return 'exit';
}

/** Registers as signed 64-bit numbers; what is no number counts as -1. */
function numbersOf({ args }: TracedCall): bigint[] {
  return args.map(arg => (/^(0x[0-9a-f]+|-?\d+)$/.test(arg) ? BigInt.asIntN(64, BigInt(arg)) : -1n));
}

function show(call: TracedCall | undefined): string {
  if (call === undefined) return 'nothing';
  const text = `${call.name}(${call.args.map(arg => bytesOf(arg)?.toString() ?? arg).join(', ')})`;
  const answer = call.errno ?? call.result ?? '?';
  return `${text.length > 200 ? `${text.slice(0, 200)}…` : text} = ${answer}`;
}
