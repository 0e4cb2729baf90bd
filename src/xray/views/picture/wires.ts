import type { Text } from '../../../syscalls/text/language.ts';
import type {
  Bridge,
  Interface,
  ListeningSocket,
  NetworkSeen,
  PublishedPort,
  Rules,
  Sockets,
} from '../../network-model.ts';
import { capped, more, type Panel, type Row } from './panel.ts';

/** A text in the language of the picture. */
export type Say = (text: Text) => string;

/** A socket that listens, or that a port is published for though nobody does. */
export type Target = Pick<ListeningSocket, 'address' | 'port' | 'pid' | 'command'> & {
  readonly protocol: string;
  readonly listens: boolean;
};

export function interfacePanel(
  { name, index, link, mac, addresses, state }: Interface,
  { routes, neighbours }: NetworkSeen,
  say: Say,
): Panel {
  const gateway = routes.find(one => one.device === name && one.target === 'default')?.gateway;
  const arp = neighbours.filter(one => one.device === name && one.mac !== undefined).slice(0, 2);
  return {
    tone: 'network',
    title: name,
    note: ends(index, link),
    rows: [
      { left: [{ text: addresses.join(' ') || say({ en: 'no address', zh: '没有地址' }), code: true }] },
      { left: [{ text: mac ?? '', code: true, size: 15 }], right: state },
      ...(gateway === undefined ? [] : [say({ en: `default via ${gateway}`, zh: `默认路由 ${gateway}` })]),
      ...arp.map((entry): Row => ({ left: ['ARP', { text: entry.address, code: true, size: 15 }], right: entry.mac! })),
    ],
  };
}

/** `#2 → #17`: ifindex and iflink. */
function ends(index: number, link: number | undefined): string {
  return link === undefined || link === index ? `#${index}` : `#${index} → #${link}`;
}

export function bridgePanel(
  { name, network, addresses, mac, ports, macs }: Bridge,
  { peer }: Interface,
  say: Say,
): Panel {
  const learned = macs.filter(entry => !entry.local && entry.port === peer!.name).map(entry => entry.mac);
  return {
    tone: 'network',
    title: say({ en: `bridge ${name}`, zh: `网桥 ${name}` }),
    note: [
      ...(network === undefined ? [] : [say({ en: `network ${network}`, zh: `网络 ${network}` })]),
      say({ en: `${ports.length} ${ports.length === 1 ? 'port' : 'ports'}`, zh: `${ports.length} 个端口` }),
    ].join(', '),
    rows: [
      { left: [{ text: addresses.join(' '), code: true }] },
      { left: [{ text: mac ?? '', code: true, size: 15 }] },
      {
        left: [
          say({
            en: `port ${peer!.port?.number ?? '?'} has learned`,
            zh: `${peer!.port?.number ?? '?'} 号端口学到`,
          }),
        ],
        right: learned.length > 0 ? learned.join(' ') : '–',
      },
    ],
  };
}

/** What the firewall does beside publishing. */
export function firewallPanel({ rules, policies, forwarding }: Rules, most: number, say: Say): Panel | undefined {
  const policy = policies.find(({ table, chain, family }) => table === 'filter' && chain === 'FORWARD' && family === 4);
  const masked = rules.filter(
    ({ rule, family }) =>
      family === 4 && /-j MASQUERADE/.test(rule) && /^-s [1-9]/.test(rule) && !/ctstate|^-s 127/.test(rule),
  );
  const rows = masked.map(
    ({ rule, packets }): Row => ({
      left: ['MASQUERADE', { text: /-s (\S+)/.exec(rule)![1]!, code: true, size: 15 }],
      right: `× ${packets}`,
    }),
  );
  if (policy !== undefined)
    rows.push({ left: [say({ en: 'policy of FORWARD', zh: 'FORWARD 的策略' })], right: policy.policy });
  if (rows.length === 0) return undefined;
  rows.push({ left: ['net.ipv4.ip_forward'], right: forwarding ? '1' : '0' });
  return {
    tone: 'danger',
    title: say({ en: 'on its way out', zh: '出去的路上' }),
    note: say({ en: `${rules.length} rules concern it`, zh: `${rules.length} 条规则与它有关` }),
    rows: capped(rows, most, more(say)),
  };
}

export function peerLabel({ peer }: Interface): { name: string; note: string } {
  return { name: peer!.name, note: ends(peer!.index, peer!.link) };
}

export function publishedRow(
  { hostAddress, hostPort, protocol, packets }: PublishedPort,
  { held }: Sockets,
  say: Say,
): Row {
  const relayed = held.some(one => one.port === hostPort && one.protocol === `${protocol}6`);
  const any = hostAddress === '0.0.0.0' || hostAddress === '::';
  const address = any ? say({ en: 'any address', zh: '任何地址' }) : hostAddress;
  return {
    left: [
      { text: `${hostPort}/${protocol}`, strong: true, code: true },
      { text: relayed ? say({ en: `${address}, IPv6 by relay`, zh: `${address}，IPv6 经转接` }) : address, dim: true },
    ],
    right: `× ${packets}`,
  };
}

/** Ports that no rule publishes: the relay alone serves them, and where to it only knows itself. */
export function relayedRows({ held, published }: Sockets, say: Say): Row[] {
  const alone = held.filter(
    ({ protocol, port }) => /6$/.test(protocol) && !published.some(one => one.hostPort === port),
  );
  return alone.map(({ protocol, port, address }) => ({
    left: [
      { text: `${port}/${protocol.replace('6', '')}`, strong: true, code: true },
      { text: address === '::' ? say({ en: 'any IPv6 address', zh: '任何 IPv6 地址' }) : address, dim: true },
    ],
    right: say({ en: 'relay', zh: '转接' }),
  }));
}

export function socketRow({ protocol, address, port, command, pid, listens }: Target, say: Say): Row {
  const any = address === '0.0.0.0' || address === '::';
  const unknown: Text = listens
    ? { en: 'another process', zh: '别的进程' }
    : { en: 'nobody listens', zh: '没有进程监听' };
  const who = command ?? say(unknown);
  return {
    left: [
      { text: `${port}/${protocol.replace('6', '')}`, strong: true, code: true },
      { text: any ? '' : address, dim: true },
    ],
    right: pid === undefined ? who : `${who} (${pid})`,
  };
}
