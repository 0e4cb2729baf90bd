import { MinidockError } from '../../errors.ts';
import type { NamespaceOptions } from '../options/namespaces.ts';

/** The settings of the IPC namespace. All settings below `net.` and `fs.mqueue.` belong to a namespace as well. */
const ofIpc = new Set([
  ...['kernel.msgmax', 'kernel.msgmnb', 'kernel.msgmni', 'kernel.sem'],
  ...['kernel.shmall', 'kernel.shmmax', 'kernel.shmmni', 'kernel.shm_rmid_forced'],
]);

/**
 * `net.ipv4.ip_forward=1`. Only settings of a namespace are accepted: others would hold for the whole host.
 *
 * @throws {Error} in Docker's words
 */
export function readSysctl(given: string): [name: string, value: string] {
  const at = given.indexOf('=');
  const name = given.slice(0, Math.max(at, 0));
  if (!/^(net|fs\.mqueue)\.[\w.:@/-]+$/.test(name) && !ofIpc.has(name))
    throw new Error(`sysctl '${given}' is not allowed`);
  return [name, given.slice(at + 1)];
}

/** @throws {MinidockError} `invalid-sysctl` for a setting of a namespace that is the host's */
export function checkSysctls(
  { sysctls = {}, ipcMode, utsMode, domainname }: NamespaceOptions,
  network: string,
): Record<string, string> {
  for (const [name, value] of Object.entries(sysctls)) {
    read(`${name}=${value}`);
    if (name.startsWith('net.') && network === 'host') throw notAllowed(name, 'allowed in host network namespace');
    if (!name.startsWith('net.') && ipcMode === 'host') throw notAllowed(name, 'allowed in the hosts ipc namespace');
  }
  if (domainname && utsMode === 'host')
    throw new MinidockError('invalid-namespace', 'conflicting options: domainname and the UTS mode');
  return { ...sysctls, ...(domainname && { 'kernel.domainname': domainname }) };
}

function read(setting: string): void {
  try {
    readSysctl(setting);
  } catch (error) {
    throw new MinidockError('invalid-sysctl', (error as Error).message, {
      fix: 'a container can set what belongs to its own namespaces: net.…, fs.mqueue.…, kernel.msg… and kernel.shm…',
    });
  }
}

const notAllowed = (name: string, where: string) =>
  new MinidockError('invalid-sysctl', `sysctl ${JSON.stringify(name)} not ${where}`, {
    fix: 'set it on the host, or give the container a namespace of its own',
  });
