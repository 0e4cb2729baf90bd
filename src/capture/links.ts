import { MinidockError } from '../errors.ts';
import { systemPath, systemProgram } from '../host/programs.ts';
import { startInNetwork } from './in-network.ts';

/** A network interface, as `ip` shows it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** The index of the other end, where it is a veth pair's that lies in another namespace. */
  readonly peer?: number;
  readonly up: boolean;
  /** The bridge that it is a port of. */
  readonly master?: string;
  readonly mac?: string;
  readonly kind?: string;
  readonly addresses: readonly string[];
}

/** The interfaces of a network namespace, with their addresses: what the kernel says, whoever has made them. */
export async function linksOf(namespace?: string): Promise<Link[]> {
  const [links, addresses] = await Promise.all([
    ip(namespace, ['-d', '-o', 'link', 'show']),
    ip(namespace, ['-o', 'addr', 'show']),
  ]);
  return parseLinks(links, addresses);
}

/** `12: veth1@if2: <UP> … master minidock0 …\    link/ether 02:… \    veth …`, and `2: eth0    inet 172.18.0.2/16 …`. */
export function parseLinks(links: string, addresses: string): Link[] {
  const found = new Map<string, string[]>();
  for (const [, name, address] of addresses.matchAll(/^\d+: (\S+)\s+inet6? ([^/\s]+)/gm))
    found.set(name!, [...(found.get(name!) ?? []), address!]);
  return links.split('\n').flatMap(line => {
    const [head = '', ...rest] = line.split('\\');
    const [, index, name, at, flags] = /^(\d+): ([^:@\s]+)(?:@(\S+))?: <([^>]*)>/.exec(head) ?? [];
    if (index === undefined || name === undefined) return [];
    const peer = /^if(\d+)$/.exec(at ?? '')?.[1];
    const master = / master (\S+)/.exec(head)?.[1];
    const mac = /link\/ether ((?:[0-9a-f]{2}:){5}[0-9a-f]{2})/.exec(line)?.[1];
    const kind = rest[1]?.trim().split(' ')[0];
    return [
      {
        index: Number(index),
        name,
        up: (flags ?? '').split(',').includes('UP'),
        addresses: found.get(name) ?? [],
        ...(peer !== undefined && { peer: Number(peer) }),
        ...(master !== undefined && { master }),
        ...(mac !== undefined && { mac }),
        ...(kind && { kind }),
      },
    ];
  });
}

async function ip(namespace: string | undefined, words: readonly string[]): Promise<string> {
  const program = systemProgram('ip');
  if (program === undefined)
    throw new MinidockError('no-ip', 'ip is not installed, which shows the interfaces of a network namespace', {
      fix: `apt-get install iproute2, or dnf install iproute; it is looked for in ${systemPath}`,
    });
  const shim = startInNetwork(namespace, [program, ...words]);
  const { stdout, stderr } = shim.process;
  let [shown, complaint] = ['', ''];
  stdout!.setEncoding('utf8').on('data', text => {
    shown += text;
  });
  stderr!.setEncoding('utf8').on('data', text => {
    complaint += text;
  });
  await new Promise(resolve => shim.process.once('close', resolve));
  await shim.exited.catch(error => {
    throw complaint === '' ? error : new MinidockError('network-failed', `ip ${words.join(' ')}: ${complaint.trim()}`);
  });
  return shown;
}
