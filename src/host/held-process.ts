import fs from 'node:fs';
import { isAlive, type ProcessIdentity } from './process.ts';

/** The state of a process stands within the first bytes of its line, behind a name of at most 15 (proc_pid_stat(5)). */
const line = Buffer.alloc(64);
const code = (character: string) => character.charCodeAt(0);
const [bracket, zombie, dead] = [code(')'), code('Z'), code('X')];

/**
 * A process that is asked for again and again: a descriptor of its /proc/PID/stat stays with it (reads fail with ESRCH once it is
 * gone) when another process has its pid. One read in place of three calls; a zombie does not live, as for `isAlive`.
 */
export class HeldProcess {
  private constructor(private readonly fd: number) {}

  /** Undefined where the process is gone, or no descriptor is free. */
  static of(identity: ProcessIdentity): HeldProcess | undefined {
    let held: HeldProcess;
    try {
      held = new HeldProcess(fs.openSync(`/proc/${identity.pid}/stat`, 'r'));
    } catch {
      return undefined;
    }
    // Opened first: if the pid is still that process's, so is the descriptor.
    if (isAlive(identity)) return held;
    held.close();
    return undefined;
  }

  isAlive(): boolean {
    try {
      const length = fs.readSync(this.fd, line, 0, line.length, 0);
      const state = line[line.lastIndexOf(bracket, length) + 2];
      return state !== zombie && state !== dead;
    } catch {
      return false;
    }
  }

  close(): void {
    fs.closeSync(this.fd);
  }
}
