import { spawn } from 'node:child_process';
import { programOnPath } from '../../host/programs.ts';
import type { Change } from './changes.ts';

/** A command for a second terminal that shows what the last call changed. */
export function lookFrom(pid: number, changes: readonly Change[]): string {
  const facts = new Set(changes.filter(({ who }) => who === 'child').map(({ fact }) => fact));
  if (facts.has('process') || facts.has('namespaces')) return `sudo ls -l /proc/${pid}/ns`;
  if (facts.has('hostname')) return `sudo nsenter -t ${pid} -u hostname`;
  if (facts.has('network')) return `sudo nsenter -t ${pid} -n ip addr`;
  if (facts.has('mounts') || facts.has('propagation')) return `sudo cat /proc/${pid}/mountinfo`;
  if (facts.has('root')) return `sudo ls /proc/${pid}/root/`;
  if (facts.has('directory')) return `sudo readlink /proc/${pid}/cwd`;
  if (facts.has('rights')) return `grep -E '^(Cap|NoNew|Sec|Uid)' /proc/${pid}/status`;
  if (facts.has('cgroups')) return `cat /proc/${pid}/cgroup`;
  return `cat /proc/${pid}/status`;
}

/** The learner's shell on this terminal, beside the paused process, whose pid it knows as $PID. Resolves when it ends. */
export async function shellBeside(pid: number): Promise<void> {
  const shell = programOnPath('bash') ?? programOnPath('sh') ?? '/bin/sh';
  const isBash = shell.endsWith('bash');
  const child = spawn(shell, isBash ? ['--norc', '--noprofile', '-i'] : ['-i'], {
    stdio: 'inherit',
    env: { ...process.env, PID: String(pid), PS1: `(beside ${pid}) \\$ ` },
  });
  await new Promise<void>(resolve => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
}
