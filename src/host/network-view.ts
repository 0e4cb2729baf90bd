import fs from 'node:fs';

/** The network namespace of a process, as /proc/PID/net shows it (proc_pid_net(5)). */
export interface NetworkView {
  /** Names of its interfaces. */
  readonly links: readonly string[];
  /** IPv4 addresses of interfaces that are up, those of the loopback left out. */
  readonly addresses: readonly string[];
  /** IPv4 routes: `default via 172.18.0.1`, `172.18.0.0/16 eth0`. */
  readonly routes: readonly string[];
}

/** Throws ENOENT or ESRCH where the process is gone. */
export function networkOf(pid: number): NetworkView {
  const read = (name: string) => fs.readFileSync(`/proc/${pid}/net/${name}`, 'utf8').split('\n');
  return {
    links: read('dev')
      .slice(2)
      .map(line => line.split(':')[0]!.trim())
      .filter(name => name !== ''),
    addresses: addressesIn(read('fib_trie')),
    routes: read('route').slice(1).filter(Boolean).map(printRoute),
  };
}

/** Each local address is a leaf `|-- 172.18.0.2` with `/32 host LOCAL` below it, once in the trie of each table. */
function addressesIn(lines: readonly string[]): string[] {
  const found = new Set<string>();
  for (const [i, line] of lines.entries()) {
    const address = /\/32 host LOCAL/.test(line) && /\|-- ([\d.]+)/.exec(lines[i - 1] ?? '')?.[1];
    if (address && !address.startsWith('127.')) found.add(address);
  }
  return [...found];
}

/** A line of /proc/net/route; its addresses are hexadecimal in the byte order of the machine, here little-endian. */
function printRoute(line: string): string {
  const [link, target, gateway, , , , , mask] = line.split('\t') as [string, string, string, ...string[]];
  const bits = [...BigInt(`0x${mask?.trim() ?? '0'}`).toString(2)].filter(bit => bit === '1').length;
  const via = /^0+$/.test(gateway) ? link : `via ${dotted(gateway)}`;
  return bits === 0 ? `default ${via}` : `${dotted(target)}/${bits} ${via}`;
}

function dotted(hex: string): string {
  return Buffer.from(hex, 'hex').reverse().join('.');
}
