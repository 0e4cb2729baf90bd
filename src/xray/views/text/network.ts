import type { Language, Text } from '../../../syscalls/text/language.ts';
import type { Xray } from '../../model.ts';
import type { Bridge, Interface, NetworkSeen, RouteSeen, Rules, Sockets } from '../../network-model.ts';
import type { Line, Section } from './layout.ts';
import { head } from './processes.ts';

/** Network, rules and sockets. */
export function networkSections(xray: Xray, language: Language): Section[] {
  const { network, rules, sockets, container } = xray;
  const inside = network?.host ? '' : `nsenter -t ${container.pid} -n `;
  const found: Section[] = [];
  if (network !== undefined) found.push(...wires(network, inside, language));
  if (rules !== undefined && (rules.rules.length > 0 || container.pid !== undefined))
    found.push({
      title: { en: 'Firewall and NAT', zh: '防火墙与 NAT' },
      about: {
        en: 'Rules of the host that its packets can meet, with packets and bytes so far.',
        zh: '宿主机上它的数据包可能遇到的规则，以及至今的包数和字节数。',
      },
      commands: ['iptables -nvL', 'iptables -t nat -nvL', 'iptables-save -c'],
      lines: ruleLines(rules, network?.host ?? false, language),
    });
  if (sockets !== undefined)
    found.push({
      title: { en: 'Sockets that listen', zh: '监听的套接字' },
      commands: [`${container.pid === undefined ? '' : `nsenter -t ${container.pid} -n `}ss -lntup`],
      lines: socketLines(sockets, language),
    });
  return found;
}

function wires(network: NetworkSeen, inside: string, language: Language): Section[] {
  const { interfaces, routes, neighbours, bridges, host } = network;
  const sections: Section[] = [
    {
      title: { en: 'Interfaces', zh: '网络接口' },
      about: host
        ? {
            en: "It is in the network of the host: these are the host's.",
            zh: '它处于宿主机的网络：这些都是宿主机的。',
          }
        : {
            en: 'A veth pair is a cable: each end names the index of the other.',
            zh: 'veth 对就是一根网线：每一端都记着另一端的序号。',
          },
      commands: [`${inside}ip -d address`],
      lines: interfaceLines(interfaces, language),
    },
  ];
  const cabled = interfaces.filter(({ peer }) => peer !== undefined);
  if (cabled.length > 0)
    sections.push({
      title: { en: 'Cables', zh: '网线' },
      commands: cabled.map(({ peer }) => `ip -d link show ${peer!.name}`),
      lines: cabled.flatMap(one => cableLines(one, language)),
    });
  for (const bridge of bridges)
    sections.push({
      title: {
        en: `Bridge ${bridge.name}${bridge.network === undefined ? '' : ` of network ${bridge.network}`}`,
        zh: `网桥 ${bridge.name}${bridge.network === undefined ? '' : `，属于网络 ${bridge.network}`}`,
      },
      about: {
        en: 'A switch: it learns behind which port a MAC address is.',
        zh: '交换机：它会记住每个 MAC 地址在哪个端口后面。',
      },
      commands: [`ip -d address show ${bridge.name}`, `bridge fdb show br ${bridge.name}`],
      lines: bridgeLines(bridge, language),
    });
  sections.push(
    {
      title: { en: 'Routes', zh: '路由' },
      commands: [`${inside}ip route`, `${inside}ip route show table local`],
      lines: routes.length === 0 ? [nothing[language]] : routeLines(routes, language),
    },
    {
      title: { en: 'Neighbours (ARP)', zh: '邻居（ARP）' },
      commands: [`${inside}ip neigh`],
      lines:
        neighbours.length === 0
          ? [nothing[language]]
          : neighbours.map(({ address, device, mac, state }) => ({ cells: [address, device, mac ?? '–', state] })),
    },
  );
  return sections;
}

const nothing: Text = { en: 'none', zh: '无' };

function interfaceLines(interfaces: readonly Interface[], language: Language): Line[] {
  return [
    head({ en: 'NAME,INDEX,OTHER END,STATE,MAC,ADDRESSES', zh: '名称,序号,另一端,状态,MAC,地址' }, language),
    ...interfaces.map(({ name, index, link, state, mac, addresses }) => ({
      cells: [name, String(index), String(link ?? '–'), state, mac ?? '–', addresses.join(' ') || '–'],
    })),
  ];
}

function cableLines({ name, index, peer }: Interface, language: Language): Line[] {
  const { bridge, port } = peer!;
  const at = (who: string, number: number) => `${who} (${language === 'en' ? 'index' : '序号'} ${number})`;
  const plugged =
    bridge === undefined
      ? ''
      : language === 'en'
        ? ` ── port${port?.number === undefined ? '' : ` ${port.number}`} of ${bridge}`
        : ` ── ${bridge} 的${port?.number === undefined ? '' : ` ${port.number} 号`}端口`;
  const details = [
    ...(port === undefined ? [] : [port.state, `hairpin ${port.hairpin ? 'on' : 'off'}`]),
    ...(peer!.mac === undefined ? [] : [`MAC ${peer!.mac}`]),
  ];
  return [
    `${at(name, index)} ══ veth ══ ${at(peer!.name, peer!.index)}${plugged}`,
    ...(details.length > 0 ? [`  ${details.join(', ')}`] : []),
  ];
}

function bridgeLines({ addresses, mac, ports, macs, otherMacs, alias, state }: Bridge, language: Language): Line[] {
  const words = (en: string, zh: string) => (language === 'en' ? en : zh);
  const rows: string[][] = [
    [words('address', '地址'), addresses.join(' ') || '–'],
    ['MAC', mac ?? '–'],
    [words('state', '状态'), state],
    [words('ports', '端口'), `${ports.length}: ${ports.join(' ')}`],
  ];
  if (alias !== undefined) rows.push([words('alias', '别名'), alias]);
  for (const entry of macs)
    rows.push([
      entry.mac,
      entry.local
        ? words(`${entry.port} itself`, `${entry.port} 自己的`)
        : words(`learned behind ${entry.port}`, `在 ${entry.port} 后面学到`),
    ]);
  if (otherMacs > 0)
    rows.push([words(`${otherMacs} more`, `另外 ${otherMacs} 个`), words('behind other ports', '在别的端口后面')]);
  return rows.map(cells => ({ cells }));
}

/** IPv4 first; the local table is the kernel's own and is counted only. */
function routeLines(routes: readonly RouteSeen[], language: Language): Line[] {
  const main = routes.filter(({ table }) => table !== 'local');
  const local = routes.length - main.length;
  return [
    ...main.map(({ target, gateway, device, source, scope }) => ({
      cells: [
        target,
        [
          ...(gateway === undefined ? [] : [`via ${gateway}`]),
          ...(device === undefined ? [] : [`dev ${device}`]),
          ...(scope === 'global' ? [] : [`scope ${scope}`]),
          ...(source === undefined ? [] : [`src ${source}`]),
        ].join(' '),
      ],
    })),
    ...(local > 0
      ? [
          language === 'en'
            ? `and ${local} of the table local, for its own addresses`
            : `local 表里还有 ${local} 条，针对自己的地址`,
        ]
      : []),
  ];
}

/** The way of a packet through the tables. */
const order = ['raw', 'mangle', 'nat', 'filter', 'security'];

function ruleLines({ rules, policies, forwarding, unreadable }: Rules, isHost: boolean, language: Language): Line[] {
  const words = (en: string, zh: string) => (language === 'en' ? en : zh);
  if (unreadable !== undefined)
    return [words(`${unreadable} is not installed or failed`, `${unreadable} 没有安装，或执行失败`)];
  if (rules.length === 0)
    return [
      isHost
        ? words("none for it alone: it lives by the host's", '没有专门针对它的：适用宿主机的规则')
        : words('none concerns it', '没有与它有关的'),
    ];
  const lines: Line[] = [`net.ipv4.ip_forward = ${forwarding ? 1 : 0}`];
  let last = '';
  const sorted = rules.toSorted((a, b) => a.family - b.family || order.indexOf(a.table) - order.indexOf(b.table));
  for (const { family, table, chain, packets, bytes, rule } of sorted) {
    const title = `${family === 6 ? 'IPv6 ' : ''}${table} ${chain}`;
    if (title !== last) {
      const policy = policies.find(one => one.family === family && one.table === table && one.chain === chain);
      lines.push(
        `${title}${policy === undefined ? '' : ` (policy ${policy.policy}, ${policy.packets} ${words('packets', '个包')})`}`,
      );
    }
    last = title;
    lines.push({ cells: [`  ${packets}`, String(bytes), rule] });
  }
  return lines;
}

function socketLines({ listening, published, held }: Sockets, language: Language): Line[] {
  const words = (en: string, zh: string) => (language === 'en' ? en : zh);
  const at = (address: string, port: number) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
  const rows: Line[] = listening.map(({ protocol, address, port, pid, command }) => ({
    cells: [
      protocol,
      at(address, port),
      pid === undefined ? words('held by another process', '由别的进程持有') : `${command ?? '?'} (PID ${pid})`,
    ],
  }));
  const lines: Line[] = rows.length > 0 ? rows : [words('none listens', '没有监听的')];
  if (published.length > 0) lines.push(words('Published: NAT rules that lead here', '已发布：通向这里的 NAT 规则'));
  for (const { protocol, hostAddress, hostPort, address, port, packets } of published)
    lines.push({
      cells: [
        `  ${protocol}`,
        `${at(hostAddress, hostPort)} → ${at(address, port)}`,
        words(`${packets} ${packets === 1 ? 'connection' : 'connections'}`, `${packets} 个连接`),
      ],
    });
  if (held.length > 0)
    lines.push(
      words(
        'Held on the host by its supervisor, so that nobody else takes them; IPv6 is relayed from there',
        '监督进程在宿主机上持有，别人无法占用；IPv6 由此转接',
      ),
    );
  for (const { protocol, address, port } of held) lines.push({ cells: [`  ${protocol}`, at(address, port)] });
  return lines;
}
