import { readlinkSync } from 'node:fs';
import type { ContainerRecord } from '../container/record.ts';
import { MinidockError } from '../errors.ts';
import { type Link, linksOf } from './links.ts';
import type { Point, Target } from './model.ts';
import { Surroundings } from './surroundings.ts';

/** A point, with what tcpdump needs to be there. */
export interface PlacedPoint extends Point {
  /** `/proc/PID/ns/net` of the container; the host's where missing. */
  readonly namespace?: string;
}

export interface Scene {
  readonly points: readonly PlacedPoint[];
  readonly surroundings: Surroundings;
}

const networkOf = (pid: number | 'self') => `/proc/${pid}/ns/net`;

/**
 * The points that packets of these running containers pass, from outside inwards: interfaces of the host that lead elsewhere and
 * lo, bridges, host's ends of the veth pairs, and the interfaces in the containers. They are what the kernel has, not what
 * records say: so networks that somebody has wired by hand are found as well.
 *
 * @throws {MinidockError} `no-network`
 */
export async function findPoints(containers: readonly ContainerRecord[]): Promise<Scene> {
  const here = readlinkSync(networkOf('self'));
  // A namespace that is asked twice tells the same: containers may share one.
  const namespaces = containers.map(({ state }) => networkOf(state.pid));
  const [host = [], ...inside] = await linksOf([undefined, ...namespaces]);
  const bridges = new Map<string, Point>();
  const [veths, insides]: [PlacedPoint[], PlacedPoint[]] = [[], []];
  const targets: Target[] = [];
  for (const [at, { name, network }] of containers.entries()) {
    const namespace = namespaces[at]!;
    const sharesHost = readlinkSync(namespace) === here;
    const links = sharesHost ? [] : inside[at]!.filter(link => link.name !== 'lo' && link.up);
    if (!sharesHost && links.length === 0) throw noNetwork(name);
    for (const link of links) {
      insides.push({
        role: 'container',
        interface: link.name,
        name: `${name}:${link.name}`,
        container: name,
        namespace,
      });
      const end = host.find(one => one.index === link.peer && one.peer === link.index);
      if (end === undefined) continue;
      veths.push({ role: 'veth', interface: end.name, name: end.name, container: name });
      if (end.master !== undefined)
        bridges.set(end.master, { role: 'bridge', interface: end.master, name: end.master });
    }
    targets.push({
      name,
      sharesHost,
      addresses: links.flatMap(link => link.addresses),
      macs: links.flatMap(({ mac }) => mac ?? []),
      ports: network.ports.map(({ protocol, hostPort, containerPort }) => ({
        protocol,
        host: hostPort,
        container: containerPort,
      })),
    });
  }
  const outer = host
    .filter(link => leadsOut(link, host))
    .map(({ name }): Point => ({ role: 'host', interface: name, name }));
  const points = unique([...outer, ...bridges.values(), ...veths, ...insides]);
  return {
    points,
    surroundings: new Surroundings(
      targets,
      host.flatMap(({ addresses }) => addresses),
      host.filter(({ name }) => bridges.has(name)).flatMap(({ networks }) => networks),
    ),
  };
}

/** Not a bridge's port, and no bridge that has nothing but ends of containers. */
function leadsOut({ name, up, kind, master, addresses }: Link, all: readonly Link[]): boolean {
  if (!up || master !== undefined || addresses.length === 0) return false;
  return kind !== 'bridge' || all.some(port => port.master === name && port.kind !== 'veth');
}

/** Containers that share a network namespace have their interfaces in common: the first one's stand for all. */
function unique(points: readonly PlacedPoint[]): PlacedPoint[] {
  const seen = new Set<string>();
  return points.filter(point => {
    const place = `${point.namespace === undefined ? '' : readlinkSync(point.namespace)} ${point.interface}`;
    return !seen.has(place) && seen.add(place);
  });
}

function noNetwork(name: string): MinidockError {
  return new MinidockError('no-network', `container ${name} has no network interface but lo: nothing passes there`, {
    fix: 'start one without `--network none`, or give it an interface: `ip link add … type veth peer name eth0 netns PID`',
  });
}

/**
 * Those of the points that were asked for, by name (`minidock0`, `web:eth0`), or by where they stand: `host`, `lo`, `bridge`,
 * `veth`, `container`. All where nothing was asked for.
 *
 * @throws {MinidockError} `no-such-point`
 */
export function choosePoints<P extends Point>(points: readonly P[], wanted: readonly string[]): P[] {
  const matches = (point: P, word: string) => [point.name, point.interface, point.role].includes(word);
  const unknown = wanted.find(word => !points.some(point => matches(point, word)));
  if (unknown !== undefined)
    throw new MinidockError('no-such-point', `no point "${unknown}" on the way of these packets`, {
      fix: `they pass ${points.map(({ name }) => name).join(', ')}; or give host, bridge, veth or container`,
    });
  return wanted.length === 0 ? [...points] : points.filter(point => wanted.some(word => matches(point, word)));
}
