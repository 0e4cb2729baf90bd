import fs from 'node:fs';
import type { Readable } from 'node:stream';
import { hostnameOf } from '../../../host/namespaces.ts';
import { readProc } from '../../../host/proc.ts';
import { statusField } from '../../../host/process.ts';
import { ExecError, StepError } from '../../../syscalls/failure.ts';
import type { Program, Step } from '../../../syscalls/step.ts';
import { type Moment, momentOf } from '../../play/evidence.ts';
import { READY } from '../../play/stage.ts';
import { innerScratch, type Outer } from './outer.ts';

/** The most that is kept of what it prints. */
const MOST = 64 << 10;

/** What came of a program in the outer container. */
export type Outcome =
  | {
      readonly kind: 'ran';
      readonly process: Moment;
      readonly outer: Moment;
      readonly pids: readonly number[];
      readonly statBefore: readonly string[];
    }
  | { readonly kind: 'refused'; readonly step: Step; readonly call: string; readonly errno: string }
  | { readonly kind: 'not-executed'; readonly message: string }
  | { readonly kind: 'stuck' }
  | { readonly kind: 'ended'; readonly status: number; readonly output: readonly string[] };

/**
 * Performs a program in the outer container and, while its process stands still, asks the kernel about it. Rejects where
 * that is no fault of the program's.
 */
export async function perform(outer: Outer, program: Program, patience: number): Promise<Outcome> {
  const shim = outer.shim({});
  const printed = new Printed(patience, shim.process.stdout!, shim.process.stderr!);
  shim.run(program);
  let statBefore: string[] = [];
  const steps = async () => {
    await shim.ready;
    await shim.supervised;
    statBefore = statOf(outer.hostPid(shim.pid));
    shim.go();
    await shim.executed;
    return true;
  };
  try {
    if (!(await within(patience, steps()))) return { kind: 'stuck' };
  } catch (error) {
    if (error instanceof StepError) return refusal(error);
    if (error instanceof ExecError) return { kind: 'not-executed', message: error.message };
    throw error;
  }
  const status = await Promise.race([printed.ready(), shim.exited]);
  const pid = outer.hostPid(shim.pid);
  if (status !== undefined || pid === undefined || !fs.existsSync(`/proc/${pid}`))
    return { kind: 'ended', status: status ?? 0, output: printed.lines };
  const moment = async (of: number, output: readonly string[]) =>
    momentOf(of, { hostname: await hostnameOf(of), output, scratch: innerScratch });
  return {
    kind: 'ran',
    process: await moment(pid, printed.lines),
    outer: await moment(outer.pid, []),
    statBefore,
    pids: statusField(pid, 'NSpid').split(' ').slice(1).map(Number),
  };
}

/** The fields of /proc/PID/stat, by their numbers in the man page. The second, the command, may hold blanks and brackets. */
function statOf(pid: number | undefined): string[] {
  const stat = pid === undefined ? undefined : readProc(`/proc/${pid}/stat`);
  if (stat === undefined) return [];
  const end = stat.lastIndexOf(')');
  return [
    '',
    String(pid),
    stat.slice(stat.indexOf('(') + 1, end),
    ...stat
      .slice(end + 2)
      .trim()
      .split(' '),
  ];
}

/** What a promise resolves with; undefined where it takes longer. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function refusal({ step, errno }: StepError): Outcome {
  return { kind: 'refused', step, call: step.op === 'syscall' ? step.name : step.op, errno };
}

/** What a process printed so far. */
class Printed {
  private text = '';
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly patience: number,
    ...streams: readonly Readable[]
  ) {
    for (const stream of streams)
      stream.on('data', (chunk: Buffer) => {
        if (this.text.length < MOST) this.text += chunk.toString('utf8');
        if (this.isReady) for (const resolve of this.waiting.splice(0)) resolve();
      });
  }

  private get isReady(): boolean {
    return this.text.includes(READY) || this.text.length >= MOST;
  }

  /** Resolves once the process has said that it stands still, or has had time enough for that. */
  ready(): Promise<undefined> {
    return new Promise(resolve => {
      const timer = setTimeout(finish, this.patience);
      function finish(): void {
        clearTimeout(timer);
        resolve(undefined);
      }
      if (this.isReady) finish();
      else this.waiting.push(finish);
    });
  }

  get lines(): string[] {
    const [before = ''] = this.text.split(READY);
    return before.split('\n').filter(line => line !== '');
  }
}
