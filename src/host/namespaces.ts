import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { promisify } from 'node:util';
import { MinidockError } from '../errors.ts';
import { systemPath, systemProgram } from './programs.ts';

/**
 * Namespaces of a process, by kind: `{ uts: 'uts:[4026531838]', … }`. Two namespaces are the same if and only if their
 * inodes are.
 */
export function namespacesOf(pid: number | 'self'): Record<string, string> {
  const directory = `/proc/${pid}/ns`;
  const kinds = fs.readdirSync(directory).filter(name => !name.endsWith('_for_children'));
  return Object.fromEntries(kinds.sort().map(kind => [kind, fs.readlinkSync(`${directory}/${kind}`)]));
}

/** The hostname as a process sees it: asked inside its UTS namespace. */
export async function hostnameOf(pid: number): Promise<string> {
  if (namespacesOf(pid).uts === namespacesOf('self').uts) return os.hostname();
  const nsenter = systemProgram('nsenter');
  if (nsenter === undefined)
    throw new MinidockError('no-nsenter', 'nsenter is not installed', { fix: 'install util-linux' });
  const command = ['--target', String(pid), '--uts', 'uname', '-n'];
  const { stdout } = await promisify(execFile)(nsenter, command, { env: { PATH: systemPath } });
  return stdout.trim();
}
