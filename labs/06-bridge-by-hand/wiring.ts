import type { Finding } from '../../src/workshop/exercise/types.ts';
import { finding, running } from '../../src/workshop/lab/kit/finding.ts';
import { firewallOfBridges } from '../../src/workshop/lab/kit/firewall.ts';
import { answersPing, containerNetwork, ipv4Of, settledNetwork } from '../../src/workshop/lab/kit/network.ts';
import type { Place } from '../../src/workshop/lab/types.ts';

/** A container's eth0 is one end of a cable whose other end is a port of the bridge, and both are up. */
export async function cableTo(place: Place, name: string, bridge: string): Promise<Finding[]> {
  const { container, findings } = running(place, name, true);
  if (container === undefined) return findings;
  const { interfaces } = await settledNetwork(place, name, 'eth0');
  const eth0 = interfaces.find(one => one.name === 'eth0');
  const others = interfaces
    .map(one => one.name)
    .filter(one => one !== 'lo')
    .join(', ');
  if (eth0 === undefined)
    return [
      finding(
        false,
        { en: `${name} has an interface eth0`, zh: `${name} 有接口 eth0` },
        {
          en: `besides lo there is ${others || 'none'}: one end of the pair has to be moved there and called eth0`,
          zh: `除 lo 以外有：${others || '无'}；veth 的一端要移进去，并命名为 eth0`,
        },
      ),
    ];
  const { peer } = eth0;
  return [
    finding(
      peer?.bridge === bridge,
      {
        en: `the other end of its eth0 is ${peer?.name ?? 'not on the host'}, a port of ${peer?.bridge ?? 'no bridge'}`,
        zh: `它的 eth0 的另一端是 ${peer?.name ?? '（不在宿主机上）'}，接在 ${peer?.bridge ?? '（没有网桥）'} 上`,
      },
      {
        en: `\`ip link set … master ${bridge}\` makes it a port`,
        zh: `\`ip link set … master ${bridge}\` 把它变成网桥的端口`,
      },
    ),
    finding(
      eth0.state === 'up' && peer?.state === 'up',
      {
        en: `eth0 is ${eth0.state}, its other end ${peer?.state ?? 'missing'}`,
        zh: `eth0 为 ${eth0.state}，另一端为 ${peer?.state ?? '无'}`,
      },
      { en: 'a cable works when both of its ends are switched on', zh: '两端都启用，网线才通' },
    ),
  ];
}

/** An answer to an IP packet: ARP, which fills the table of neighbours, passes also where the host's firewall drops what a bridge carries. */
export async function pingOver(place: Place, bridge: string, from: string, to: string): Promise<Finding> {
  const answers = await answersPing(place, from, to);
  const { seesBridged, policy } = await firewallOfBridges();
  return finding(
    answers,
    { en: `${to} answers a ping of ${from}`, zh: `${from} ping ${to}，得到应答` },
    seesBridged
      ? {
          en: `the host’s firewall sees bridged packets (net.bridge.bridge-nf-call-iptables is 1, the policy of FORWARD ${policy}): \`${acceptance(bridge)}\` lets those of this bridge pass`,
          zh: `宿主机的防火墙也过问网桥上的包（net.bridge.bridge-nf-call-iptables 为 1，FORWARD 的默认策略是 ${policy}）：\`${acceptance(bridge)}\` 放行这个网桥的包`,
        }
      : {
          en: `ARP was answered, the ping is not: \`tcpdump -ni ${bridge}\` shows how far its packets come`,
          zh: `ARP 有应答，ping 却没有：\`tcpdump -ni ${bridge}\` 能看出包走到了哪里`,
        },
  );
}

const acceptance = (bridge: string) => `iptables -I FORWARD -i ${bridge} -o ${bridge} -j ACCEPT`;

/** A container's address and its way out. */
export async function addressOf(place: Place, name: string, address: string, gateway: string): Promise<Finding[]> {
  const { container, findings } = running(place, name, true);
  if (container === undefined) return findings;
  const { interfaces, routes } = await containerNetwork(place, name);
  const has = ipv4Of(interfaces.find(one => one.name === 'eth0'));
  const route = routes.find(one => one.target === 'default' && one.family === 4);
  return [
    finding(
      has.includes(`${address}/24`),
      { en: `eth0 of ${name} has ${address}/24`, zh: `${name} 的 eth0 有地址 ${address}/24` },
      has.length === 0
        ? { en: 'it has no address', zh: '它没有地址' }
        : { en: `it has ${has.join(', ')}`, zh: `它的地址是 ${has.join('、')}` },
    ),
    finding(
      route?.gateway === gateway,
      { en: `its default route leads to ${gateway}`, zh: `它的默认路由指向 ${gateway}` },
      route === undefined
        ? {
            en: 'it has no default route: whatever is not in its own network is unreachable',
            zh: '它没有默认路由：自己网络以外的地址都不可达',
          }
        : {
            en: `it leads to ${route.gateway ?? route.device ?? 'nowhere'}`,
            zh: `它指向 ${route.gateway ?? route.device ?? '（无）'}`,
          },
    ),
  ];
}
