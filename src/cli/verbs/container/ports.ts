import type { ContainerRecord } from '../../../container/record.ts';

/** A port of a running container, as `ps` knows it: published where it has a port of the host. */
export interface ListedPort {
  readonly containerPort: number;
  readonly protocol: string;
  readonly hostIp?: string;
  readonly hostPort?: number;
}

/** What a container exposes and what of it is published; none where it does not run, or has no network of its own. */
export function portsOf({ config, network, state }: ContainerRecord): ListedPort[] {
  if (state.status !== 'running' || network.mode !== 'bridge') return [];
  const published = new Set(network.ports.map(port => `${port.containerPort}/${port.protocol}`));
  const exposed = Object.keys(config.ExposedPorts ?? {})
    .map(name => (name.includes('/') ? name : `${name}/tcp`))
    .filter(name => !published.has(name));
  const unpublished = exposed.map(name => {
    const [port = '', protocol = 'tcp'] = name.split('/');
    return { containerPort: Number(port), protocol };
  });
  return [...network.ports, ...unpublished];
}

/**
 * `0.0.0.0:8080->80/tcp, 443/tcp`. As in Docker's client a range is shown in short where its ports have the same numbers inside and
 * on the host, or are not published: `0.0.0.0:80-82->80-82/tcp, 90-91/tcp`; ports with another number stand last.
 */
export function showPorts(ports: readonly ListedPort[]): string {
  const groups = new Map<string, { first: number; last: number }>();
  const shown: string[] = [];
  const renumbered: string[] = [];
  for (const { containerPort, hostIp = '', hostPort, protocol } of [...ports].sort(byPort)) {
    if (hostPort !== undefined && hostPort !== containerPort) {
      renumbered.push(`${hostIp}:${hostPort}->${containerPort}/${protocol}`);
      continue;
    }
    const key = `${hostPort === undefined ? '' : hostIp}/${protocol}`;
    const group = groups.get(key);
    if (group !== undefined && containerPort === group.last + 1) group.last = containerPort;
    else {
      if (group !== undefined) shown.push(showGroup(key, group));
      groups.set(key, { first: containerPort, last: containerPort });
    }
  }
  for (const [key, group] of groups) shown.push(showGroup(key, group));
  return [...shown, ...renumbered].join(', ');
}

const byPort = (a: ListedPort, b: ListedPort) =>
  a.containerPort - b.containerPort ||
  compare(a.hostIp ?? '', b.hostIp ?? '') ||
  (a.hostPort ?? 0) - (b.hostPort ?? 0) ||
  compare(a.protocol, b.protocol);

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function showGroup(key: string, { first, last }: { first: number; last: number }): string {
  const slash = key.lastIndexOf('/');
  const [ip, protocol] = [key.slice(0, slash), key.slice(slash + 1)];
  const range = first === last ? `${first}` : `${first}-${last}`;
  return `${ip === '' ? range : `${ip}:${range}->${range}`}/${protocol}`;
}
