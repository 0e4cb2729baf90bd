import type { ListedPort } from '../../../api/shapes/container/ports.ts';

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
