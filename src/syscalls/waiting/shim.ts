import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import { PatientSocket } from './socket.ts';

/** The environment's word for a shim that waits, as native/launch.c writes it: our pid, its pid, our ends of its sockets. */
const variable = 'MINIDOCK_SHIM';

/** How often its end is looked for at once before there is a pause, which is doubled each time, in milliseconds. */
const LOOKS = 20;
const LONGEST_MS = 50;

let waiting: WaitingShim | undefined;

/** Takes the shim that bin/minidock started beside this process out of the environment, which children inherit. */
export function findWaitingShim(environment: NodeJS.ProcessEnv): void {
  const [owner, pid, ...sockets] = environment[variable]?.split(':').map(Number) ?? [];
  if (owner === undefined) return;
  delete environment[variable];
  if (owner === process.pid) waiting = new WaitingShim(pid!, sockets as [number, number]);
}

/** The shim that waits, for the first who asks. */
export function takeWaitingShim(): WaitingShim | undefined {
  const taken = waiting;
  waiting = undefined;
  return taken;
}

/** Ends it, where nobody will ask. */
export function dismissWaitingShim(): void {
  for (const socket of takeWaitingShim()?.sockets ?? []) socket.destroy();
}

/**
 * A child of this process that Node did not start: what `spawn` would return for it. How it ended shows in proc(5), where it
 * stays until we end, since nobody waits for it (wait(2)).
 */
export class WaitingShim extends EventEmitter {
  /** Ours of its descriptors 3 and 4. */
  readonly sockets: readonly [shim: PatientSocket, child: PatientSocket];
  readonly stdio: ChildProcess['stdio'];
  #isAwaited = true;

  constructor(
    readonly pid: number,
    [shim, child]: readonly [shim: number, child: number],
  ) {
    super();
    this.sockets = [new PatientSocket(shim), new PatientSocket(child)];
    this.stdio = [null, null, null, ...this.sockets] as unknown as ChildProcess['stdio'];
    let left = this.sockets.length;
    for (const socket of this.sockets)
      socket.on('close', () => {
        if (--left === 0) this.#awaitEnd(0);
      });
  }

  kill(signal: NodeJS.Signals): boolean {
    return process.kill(this.pid, signal);
  }

  /** Its end keeps this process no longer. */
  unref(): void {
    this.#isAwaited = false;
  }

  /** The kernel closes the sockets of a process that ends before it says so: a fraction of a millisecond, most times. */
  #awaitEnd(looks: number): void {
    const status = waitStatusOf(this.pid);
    if (status === undefined) {
      const again = () => this.#awaitEnd(looks + 1);
      const pause = Math.min(2 ** (looks - LOOKS), LONGEST_MS);
      const timer = looks < LOOKS ? setImmediate(again) : setTimeout(again, pause);
      if (!this.#isAwaited) timer.unref();
      return;
    }
    const number = status & 0x7f;
    const [signal] = number ? Object.entries(os.constants.signals).find(([, one]) => one === number)! : [null];
    this.emit('exit', signal === null ? status >> 8 : null, signal);
  }
}

/**
 * How a child of ours ended that nobody waits for, as wait(2) encodes it (proc_pid_stat(5), field 52); undefined while it runs,
 * or as another program.
 */
function waitStatusOf(pid: number): number | undefined {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name may hold spaces and brackets.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? Number(fields[48] ?? 0) : undefined;
}
