import fs from 'node:fs';
import { readProc } from './proc.ts';

/** A bound socket of this network namespace, from /proc/net/{tcp,tcp6,udp,udp6} (proc_pid_net(5)). */
export interface BoundSocket {
  readonly port: number;
  readonly inode: string;
  readonly listening: boolean;
}

const TCP_LISTEN = '0A';
/** An unconnected UDP socket is shown as closed. */
const TCP_CLOSE = '07';

export function parseSockets(content: string): BoundSocket[] {
  return content
    .split('\n')
    .slice(1)
    .map(line => line.trim().split(/\s+/))
    .filter(fields => fields.length >= 10)
    .map(fields => ({
      port: Number.parseInt(fields[1]!.split(':').at(-1)!, 16),
      inode: fields[9]!,
      listening: fields[3] === TCP_LISTEN || fields[3] === TCP_CLOSE,
    }));
}

/** Also those of IPv6: a socket on [::] takes the port of IPv4 with it. */
export function boundSockets(protocol: 'tcp' | 'udp'): BoundSocket[] {
  return [protocol, `${protocol}6`].flatMap(name => parseSockets(readProc(`/proc/net/${name}`) ?? ''));
}

/** The process that holds a port. */
export interface Holder {
  pid: number;
  command: string;
  /** Short id, where a container of minidock holds it: its supervisor bears it in its name. */
  container?: string;
}

/**
 * The process that serves the port, where that can be found out. Used for error messages only, because it looks through
 * all processes.
 */
export function listenerOn(port: { hostPort: number; protocol: 'tcp' | 'udp' }): Holder | undefined {
  const inodes = boundSockets(port.protocol)
    .filter(socket => socket.listening && socket.port === port.hostPort)
    .map(socket => `socket:[${socket.inode}]`);
  if (inodes.length === 0) return undefined;
  for (const name of fs.readdirSync('/proc').filter(entry => /^\d+$/.test(entry))) {
    if (!holdsOne(name, inodes)) continue;
    const [, container] = /^minidock-shim[ \0]([0-9a-f]{12})/.exec(readProc(`/proc/${name}/cmdline`) ?? '') ?? [];
    return { pid: Number(name), command: readProc(`/proc/${name}/comm`)?.trim() ?? '?', container };
  }
  return undefined;
}

/** A process may end meanwhile, or may not be readable for us. */
function holdsOne(pid: string, inodes: readonly string[]): boolean {
  try {
    return fs.readdirSync(`/proc/${pid}/fd`).some(fd => {
      try {
        return inodes.includes(fs.readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}
