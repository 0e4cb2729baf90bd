import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { endProcesses } from '../support/cleanup.ts';
import { eventually } from '../support/eventually.ts';
import { findProgram } from '../support/requires.ts';

/** A host whose `/` is shared, as systemd makes it, where this one's may be private and hide mounts that leak. */
export interface SharedHost {
  /** A process in its mount namespace, to look at its mounts. */
  pid: number;
  /** The command that runs another one there, in the same working directory. */
  enter(command: readonly string[], folder: string): string[];
  end(): void;
}

/** Makes a mount namespace whose mounts are shared with each other and not with this one's. It ends with this process, if not before. */
export async function sharedHost(): Promise<SharedHost> {
  // Private first: a mount that is shared here already would stay so with this namespace.
  const make = 'mount --make-rshared / && exec sleep infinity';
  const namespace = ['--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private', 'sh', '-c', make];
  const holder = spawn(findProgram('setpriv') ?? 'setpriv', namespace, { stdio: 'ignore' });
  holder.unref();
  const pid = holder.pid ?? 0;
  await eventually(() => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
  return {
    pid,
    end: () => endProcesses([pid]),
    enter: (command, folder) => {
      const inFolder = ['sh', '-c', 'cd "$0" && exec "$@"', folder, ...command];
      return [findProgram('nsenter') ?? 'nsenter', '--target', String(pid), '--mount', ...inFolder];
    },
  };
}
