import { isIP } from 'node:net';
import type { PortMapping } from './ports.ts';

/**
 * `-p`: `80`, `8080:80`, `127.0.0.1:8080:80`, `[::1]::80`, each with `/udp`; ranges of equal length `8000-8002:80-82`, which are
 * many mappings; and `8000-8002:80`, the first free port of a range. `published=8080,target=80,protocol=udp` says the same at
 * length. Host port 0 is one that the engine picks.
 *
 * @throws {Error} the reason, in Docker's words
 */
export function readPublish(given: string): readonly PortMapping[] {
  const [ports = '', protocol = 'tcp', ...extra] = (given.includes('=') ? inShort(given) : given).split('/');
  const proto = protocol.toLowerCase();
  if (extra.length > 0 || (proto !== 'tcp' && proto !== 'udp')) {
    throw new Error(`invalid proto: ${[protocol, ...extra].join('/')}`);
  }
  const container = ports.slice(ports.lastIndexOf(':') + 1);
  const before = ports.slice(0, Math.max(0, ports.lastIndexOf(':')));
  const host = before.slice(before.lastIndexOf(':') + 1);
  const hostIp = readHostIp(before.slice(0, Math.max(0, before.lastIndexOf(':'))));
  if (container === '') throw new Error(`no port specified: ${given}<empty>`);

  const containerPorts = readRange(container, 'containerPort');
  const hostPorts = host === '' ? undefined : readRange(host, 'hostPort', 0);
  const common = { ...(hostIp === '' ? {} : { hostIp }), protocol: proto } as const;
  if (hostPorts !== undefined && containerPorts.length === 1 && hostPorts.length > 1) {
    const [hostPort, lastHostPort] = [hostPorts[0]!, hostPorts.at(-1)!];
    return [{ ...common, hostPort, lastHostPort, containerPort: containerPorts[0]! }];
  }
  if (hostPorts !== undefined && hostPorts.length !== containerPorts.length) {
    throw new Error(`invalid ranges specified for container and host Ports: ${container} and ${host}`);
  }
  return containerPorts.map((containerPort, at) => ({
    ...common,
    ...(hostPorts === undefined ? {} : { hostPort: hostPorts[at]! }),
    containerPort,
  }));
}

/** An IPv6 address is written in brackets; an IPv4 address may be. */
function readHostIp(given: string): string {
  const [, bracketed] = /^\[(.*)\]$/.exec(given) ?? [];
  const address = bracketed ?? given;
  if (address !== '' && isIP(address) === 0) throw new Error(`invalid IP address: ${address}`);
  if (bracketed === undefined && address.includes(':'))
    throw new Error(`invalid IP address: ${address} (write it in brackets: [${address}])`);
  return address;
}

/** `published=8080,target=80,protocol=udp` as `8080:80/udp`. */
function inShort(given: string): string {
  const values = new Map<string, string>();
  for (const field of given.split(',')) {
    const [, key = '', value = ''] = /^([^=]*)=(.*)$/.exec(field) ?? [];
    if (!['published', 'target', 'protocol', 'mode'].includes(key)) throw new Error(`invalid field ${field}`);
    values.set(key, value);
  }
  if (!values.get('target')) throw new Error(`no port specified: ${given}`);
  const published = values.has('published') ? `${values.get('published')}:` : '';
  return `${published}${values.get('target')}/${values.get('protocol') ?? 'tcp'}`;
}

/** `--expose`: `80`, `53/udp`, `8000-8002`; as `80/tcp` each. @throws {Error} the reason, in Docker's words */
export function readExpose(given: string): readonly string[] {
  if (given.includes(':')) throw new Error(`invalid port format for --expose: ${given}`);
  const [ports = '', said = '', ...extra] = given.split('/');
  const protocol = said.toLowerCase() || 'tcp';
  if (extra.length > 0 || !['tcp', 'udp', 'sctp'].includes(protocol))
    throw new Error(`invalid proto: ${[said, ...extra].join('/')}`);
  return readRange(ports, 'port').map(port => `${port}/${protocol}`);
}

function readRange(given: string, what: string, least = 1): readonly number[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(given);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || first < least || last > 65535)
    throw new Error(`invalid ${what}: ${given} (ports are 1 to 65535)`);
  if (last < first) throw new Error(`invalid ${what}: ${given} (the range runs backwards)`);
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}
