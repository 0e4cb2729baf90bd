import { readProc } from '../../host/proc.ts';
import { type Connection, parseConntrack } from './conntrack.ts';

/** The kernel's table of connections, where it shows it (CONFIG_NF_CONNTRACK_PROCFS); undefined elsewhere. */
export function readConnections(concerns: (address: string) => boolean): Connection[] | undefined {
  const text = readProc('/proc/net/nf_conntrack');
  if (text === undefined) return undefined;
  return parseConntrack(text).filter(({ original, reply }) =>
    [original.source, original.destination, reply.source, reply.destination].some(({ address }) => concerns(address)),
  );
}
