import { isIP } from 'node:net';
import type { PortMapping } from '../../../network/ports/ports.ts';

/**
 * `-p`: `80`, `8080:80`, `127.0.0.1:8080:80`, `127.0.0.1::80`, each with `/udp`, and ranges of equal length
 * `8000-8002:80-82`. A range is many mappings.
 *
 * @throws {Error} the reason, in Docker's words
 */
export function readPublish(given: string): readonly PortMapping[] {
  const [ports = '', protocol = 'tcp', ...extra] = given.split('/');
  if (extra.length > 0 || (protocol !== 'tcp' && protocol !== 'udp')) {
    throw new Error(`invalid proto: ${[protocol, ...extra].join('/')}`);
  }
  const container = ports.slice(ports.lastIndexOf(':') + 1);
  const before = ports.slice(0, Math.max(0, ports.lastIndexOf(':')));
  const host = before.slice(before.lastIndexOf(':') + 1);
  const hostIp = before.slice(0, Math.max(0, before.lastIndexOf(':'))).replace(/^\[(.*)\]$/, '$1');
  if (container === '') throw new Error(`no port specified: ${given}`);
  if (hostIp !== '' && isIP(hostIp) === 0) throw new Error(`invalid IP address: ${hostIp}`);

  const containerPorts = readRange(container, 'containerPort');
  const hostPorts = host === '' ? undefined : readRange(host, 'hostPort');
  if (hostPorts !== undefined && hostPorts.length !== containerPorts.length) {
    throw new Error(`invalid ranges specified for container and host Ports: ${container} and ${host}`);
  }
  return containerPorts.map((containerPort, at) => ({
    ...(hostIp === '' ? {} : { hostIp }),
    ...(hostPorts === undefined ? {} : { hostPort: hostPorts[at]! }),
    containerPort,
    protocol,
  }));
}

/** `--expose`: `80`, `53/udp`, `8000-8002`; as `80/tcp` each. @throws {Error} the reason, in Docker's words */
export function readExpose(given: string): readonly string[] {
  if (given.includes(':')) throw new Error(`invalid port format for --expose: ${given}`);
  const [ports = '', protocol = 'tcp', ...extra] = given.split('/');
  if (extra.length > 0 || !['tcp', 'udp', 'sctp'].includes(protocol.toLowerCase()))
    throw new Error(`invalid proto: ${[protocol, ...extra].join('/')}`);
  return readRange(ports, 'port').map(port => `${port}/${protocol.toLowerCase()}`);
}

function readRange(given: string, what: string): readonly number[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(given);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || first < 1 || last > 65535) throw new Error(`invalid ${what}: ${given} (ports are 1 to 65535)`);
  if (last < first) throw new Error(`invalid ${what}: ${given} (the range runs backwards)`);
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}
