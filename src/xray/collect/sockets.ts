import fs from 'node:fs';
import { readProc } from '../../host/proc.ts';
import { ipOf } from '../../network/netlink/decode.ts';
import type { ListeningSocket } from '../network-model.ts';

const protocols = ['tcp', 'tcp6', 'udp', 'udp6'] as const;
const TCP_LISTEN = '0A';
/** An unconnected UDP socket is shown as closed. */
const TCP_CLOSE = '07';

interface Socket extends Pick<ListeningSocket, 'address' | 'port'> {
  readonly inode: string;
}

/**
 * The sockets that wait for others in the network namespace of a process, each with the process of `members` that holds it.
 *
 * @param onlyMembers leaves out those of other processes: in the host's namespace there are many
 */
export function listeningSockets(
  pid: number | 'self',
  members: readonly number[],
  onlyMembers: boolean,
): ListeningSocket[] {
  if (onlyMembers && members.length === 0) return [];
  const holders = socketHolders(members);
  return protocols.flatMap(protocol =>
    listeningIn(readProc(`/proc/${pid}/net/${protocol}`) ?? '').flatMap(({ inode, ...socket }) => {
      const holder = holders.get(inode);
      if (holder === undefined && onlyMembers) return [];
      const command = holder === undefined ? undefined : readProc(`/proc/${holder}/comm`)?.trim();
      return {
        protocol,
        ...socket,
        ...(holder !== undefined && { pid: holder }),
        ...(command !== undefined && { command }),
      };
    }),
  );
}

/** The rows of a /proc/PID/net/{tcp,tcp6,udp,udp6} (proc_pid_net(5)) that wait. */
export function listeningIn(content: string): Socket[] {
  return content
    .split('\n')
    .slice(1)
    .map(line => line.trim().split(/\s+/))
    .filter(fields => fields.length >= 10 && [TCP_LISTEN, TCP_CLOSE].includes(fields[3]!))
    .map(fields => {
      const [address, port] = fields[1]!.split(':') as [string, string];
      return { address: addressIn(address), port: Number.parseInt(port, 16), inode: fields[9]! };
    });
}

/** Words of 32 bits in the byte order of the machine, here little-endian. */
function addressIn(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return ipOf(bytes);
}

/** The eldest process that has each socket, by inode: children that it forked for a moment have it, too. */
function socketHolders(pids: readonly number[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const pid of pids.toSorted((a, b) => b - a))
    for (const fd of entries(`/proc/${pid}/fd`)) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`)) ?? [];
      if (inode !== undefined) found.set(inode, pid);
    }
  return found;
}

/** A process may end meanwhile. */
function entries(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    return [];
  }
}

function linkOf(file: string): string {
  try {
    return fs.readlinkSync(file);
  } catch {
    return '';
  }
}
