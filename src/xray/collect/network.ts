import {
  type Address,
  type Answer,
  addressesIn,
  answersIn,
  type Link,
  linksIn,
  type Neighbour,
  neighboursIn,
  type Route,
  routesIn,
} from '../../network/netlink/decode.ts';
import { type Asked, askKernel, type Dump, type Question, sequenceOf } from '../../network/netlink/dump.ts';
import type { Bridge, Interface, NeighbourSeen, NetworkSeen, Peer, RouteSeen } from '../network-model.ts';
import { inodeOf } from './namespaces.ts';

const atHost: readonly Dump[] = ['links', 'addresses', 'fdb'];
const within: readonly Dump[] = ['links', 'addresses', 'routes', 'neighbours'];

/** What netlink says of one network namespace. */
export interface Side {
  readonly links: readonly Link[];
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  readonly fdb: readonly Neighbour[];
}

/** Begins to ask in the container's namespace and in ours; one process does both. */
export function askNetwork(pid: number, isHost: boolean): Asked {
  return askKernel(questions(pid, isHost));
}

const questions = (pid: number, isHost: boolean): Question[] =>
  isHost ? [{ dumps: within }] : [{ dumps: atHost }, { namespace: `/proc/${pid}/ns/net`, dumps: within }];

/** What the answers say of the container. */
export function networkSeen(answers: Buffer, namespace: string, isHost: boolean): NetworkSeen {
  const all = answersIn(answers);
  const [host, inside] = isHost
    ? [undefined, sideOf(all, 0, within)]
    : [sideOf(all, 0, atHost), sideOf(all, 1, within)];
  return { inode: inodeOf(namespace), host: isHost, ...putTogether(inside, host) };
}

function sideOf(all: readonly Answer[], question: number, dumps: readonly Dump[]): Side {
  const of = (dump: Dump) => {
    const sequence = sequenceOf(question, dumps.indexOf(dump));
    return dumps.includes(dump) ? all.filter(answer => answer.sequence === sequence) : [];
  };
  return {
    links: linksIn(of('links')),
    addresses: addressesIn(of('addresses')),
    routes: routesIn(of('routes')),
    neighbours: neighboursIn(of('neighbours')),
    fdb: neighboursIn(of('fdb')),
  };
}

/** Matches the two ends of each cable and follows it to its bridge. */
export function putTogether(inside: Side, host: Side | undefined): Omit<NetworkSeen, 'inode' | 'host'> {
  const interfaces = inside.links.map((link): Interface => {
    const peer = host && peerOf(link, host);
    return {
      name: link.name,
      index: link.index,
      ...(link.link !== undefined && { link: link.link }),
      ...(link.kind !== undefined && { kind: link.kind }),
      ...(link.mac !== undefined && { mac: link.mac }),
      mtu: link.mtu,
      state: link.state,
      addresses: addressesAt(inside, link.index),
      ...(peer && { peer }),
    };
  });
  const bridged = new Set(interfaces.flatMap(({ peer }) => peer?.bridge ?? []));
  return {
    interfaces,
    routes: inside.routes.map(route => routeSeen(route, inside)),
    neighbours: inside.neighbours
      .filter(({ state, address }) => state !== 'noarp' && address !== undefined)
      .map(entry => neighbourSeen(entry, inside)),
    bridges: [...bridged].map(name => bridgeSeen(host!, name, interfaces)),
  };
}

/** Both ends of a veth pair name the index of the other, each in the other's namespace. */
function peerOf(link: Link, host: Side): Peer | undefined {
  const other = host.links.find(one => one.index === link.link && one.link === link.index && one.kind === link.kind);
  if (link.kind !== 'veth' || other === undefined) return undefined;
  const bridge = other.master === undefined ? undefined : nameAt(host, other.master);
  return {
    name: other.name,
    index: other.index,
    ...(other.link !== undefined && { link: other.link }),
    ...(other.mac !== undefined && { mac: other.mac }),
    state: other.state,
    ...(bridge !== undefined && { bridge }),
    ...(other.port && { port: other.port }),
  };
}

function bridgeSeen(host: Side, name: string, interfaces: readonly Interface[]): Bridge {
  const bridge = host.links.find(link => link.name === name)!;
  const ours = new Set(interfaces.flatMap(({ peer }) => (peer?.bridge === name ? peer.index : [])));
  const known = host.fdb.filter(({ master, mac }) => master === bridge.index && mac !== undefined);
  // What a bridge has itself stands in its table once for each VLAN, and multicast groups beside addresses.
  const single = known.filter(
    (entry, i) =>
      !isMulticast(entry.mac!) && known.findIndex(one => one.mac === entry.mac && one.index === entry.index) === i,
  );
  const here = single.filter(({ index }) => ours.has(index));
  return {
    name,
    index: bridge.index,
    ...(bridge.mac !== undefined && { mac: bridge.mac }),
    state: bridge.state,
    ...(bridge.alias !== undefined && { alias: bridge.alias }),
    addresses: addressesAt(host, bridge.index),
    ports: host.links.filter(({ master }) => master === bridge.index).map(link => link.name),
    macs: here.map(({ mac, index, state }) => ({
      mac: mac!,
      port: nameAt(host, index) ?? String(index),
      local: state === 'permanent',
      state,
    })),
    otherMacs: single.length - here.length,
  };
}

/** The first bit of the first byte (IEEE 802). */
const isMulticast = (mac: string) => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;

const nameAt = ({ links }: Side, index: number) => links.find(link => link.index === index)?.name;
const addressesAt = ({ addresses }: Side, index: number) =>
  addresses.filter(one => one.index === index).map(({ address }) => address);

const tables: Readonly<Record<number, string>> = { 253: 'default', 254: 'main', 255: 'local' };

function routeSeen({ index, table, ...route }: Route, side: Side): RouteSeen {
  const device = index === undefined ? undefined : nameAt(side, index);
  return { ...route, ...(device !== undefined && { device }), table: tables[table] ?? String(table) };
}

function neighbourSeen({ address, mac, index, state }: Neighbour, side: Side): NeighbourSeen {
  return { address: address!, ...(mac !== undefined && { mac }), device: nameAt(side, index) ?? String(index), state };
}
