import fs from 'node:fs';
import { finding, running } from '../../src/workshop/lab/kit/finding.ts';
import { forgetInterface } from '../../src/workshop/lab/kit/firewall.ts';
import { containerNetwork, hostNetwork, ipv4Of, isSwitchedOn } from '../../src/workshop/lab/kit/network.ts';
import { ensureContainer, ensureImage, removeAll } from '../../src/workshop/lab/kit/plant.ts';
import type { Lab, Values } from '../../src/workshop/lab/types.ts';
import { addressOf, cableTo, pingOver } from './wiring.ts';

const image = 'lab06';

interface Own extends Values {
  readonly bridge: string;
  readonly gateway: string;
  readonly subnet: string;
  readonly left: string;
  readonly leftip: string;
  readonly right: string;
  readonly rightip: string;
  readonly other: string;
}

export const lab: Lab<Own> = {
  id: '06-bridge-by-hand',
  minutes: 45,
  version: 1,
  needs: ['veth-and-bridge'],
  programs: ['busybox', 'ip', 'iptables'],

  values(random) {
    const [bridge, left, right, other] = random.words(4);
    const network = random.network();
    return {
      bridge,
      left,
      right,
      other,
      gateway: `${network}.1`,
      subnet: `${network}.0/24`,
      leftip: `${network}.${random.integer(2, 120)}`,
      rightip: `${network}.${random.integer(121, 250)}`,
    };
  },

  async plant(place, { left, right, other }) {
    await ensureImage(place, image);
    for (const name of [left, right])
      await ensureContainer(place, name, '--network', 'none', image, 'sleep', '1000000');
    await ensureContainer(place, other, image, 'sleep', '1000000');
  },

  tasks: [
    {
      points: 15,
      ask: ({ bridge, gateway }) => ({
        en: `A bridge \`${bridge}\` with the address \`${gateway}/24\`, switched on`,
        zh: `网桥 \`${bridge}\`，地址 \`${gateway}/24\`，已启用`,
      }),
      async check(_place, { bridge, gateway }) {
        const found = (await hostNetwork()).interfaces.find(one => one.name === bridge);
        const kind = finding(
          found?.kind === 'bridge',
          { en: `${bridge} is a bridge`, zh: `${bridge} 是网桥` },
          found === undefined
            ? { en: 'the host has no interface of this name', zh: '宿主机没有叫这个名字的接口' }
            : { en: `it is of type ${found.kind ?? 'none'}`, zh: `它的类型是 ${found.kind ?? '（无）'}` },
        );
        if (found === undefined) return [kind];
        const has = ipv4Of(found);
        return [
          kind,
          finding(
            has.includes(`${gateway}/24`),
            { en: `it has the address ${gateway}/24`, zh: `它有地址 ${gateway}/24` },
            { en: `it has ${has.join(', ') || 'none'}`, zh: `它的地址：${has.join('、') || '无'}` },
          ),
          finding(
            isSwitchedOn(bridge),
            { en: 'it is switched on', zh: '它已启用' },
            { en: 'it is not: a new interface is down', zh: '还没有：新建的接口是关闭的' },
          ),
        ];
      },
      hints: [
        () => ({
          en: '`ip link add NAME type bridge`; ip-link(8), ip-address(8).',
          zh: '`ip link add NAME type bridge`；见 ip-link(8)、ip-address(8)。',
        }),
        () => ({
          en: 'Three commands: `ip link add`, `ip addr add`, `ip link set … up`.',
          zh: '三条命令：`ip link add`、`ip addr add`、`ip link set … up`。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ bridge, left }) => ({
        en: `A cable from \`${bridge}\` to \`${left}\`, where its end is called \`eth0\`; both ends are up`,
        zh: `一根从 \`${bridge}\` 到 \`${left}\` 的网线，容器这一端叫 \`eth0\`；两端都启用`,
      }),
      check: (place, { bridge, left }) => cableTo(place, left, bridge),
      hints: [
        () => ({
          en: 'A veth pair is a cable: `ip link add A type veth peer name B`.',
          zh: 'veth 对就是网线：`ip link add A type veth peer name B`。',
        }),
        ({ left }) => ({
          en: `\`ip link set B netns PID\` moves an end to the namespace of a process: the PID of \`${left}\` on the host.`,
          zh: `\`ip link set B netns PID\` 把一端移进某个进程的命名空间：\`${left}\` 在宿主机上的 PID。`,
        }),
        () => ({
          en: '`nsenter -t PID -n ip link` runs the host’s `ip` in the container’s network.',
          zh: '`nsenter -t PID -n ip link` 在容器的网络里运行宿主机的 `ip`。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ left, leftip, gateway }) => ({
        en: `\`${left}\` has the address \`${leftip}/24\` and a default route to \`${gateway}\``,
        zh: `\`${left}\` 有地址 \`${leftip}/24\`，默认路由指向 \`${gateway}\``,
      }),
      check: (place, { left, leftip, gateway }) => addressOf(place, left, leftip, gateway),
      hints: [
        () => ({
          en: '`nsenter -t PID -n ip addr add …`, then `ip route add default via …` in the same way.',
          zh: '`nsenter -t PID -n ip addr add …`，再用同样的办法 `ip route add default via …`。',
        }),
      ],
    },
    {
      points: 25,
      ask: ({ left, right, rightip }) => ({
        en: `The same for \`${right}\` with \`${rightip}/24\`; and \`${left}\` has reached it`,
        zh: `\`${right}\` 也同样接上，地址 \`${rightip}/24\`；并且 \`${left}\` 已经联系过它`,
      }),
      async check(place, { bridge, left, right, rightip, gateway }) {
        const findings = [
          ...(await cableTo(place, right, bridge)),
          ...(await addressOf(place, right, rightip, gateway)),
        ];
        if (!findings.every(({ ok }) => ok) || place.container(left)?.state !== 'running') return findings;
        const { interfaces } = await containerNetwork(place, right);
        const mac = interfaces.find(one => one.name === 'eth0')?.mac;
        const entry = (await containerNetwork(place, left)).neighbours.find(({ address }) => address === rightip);
        const isLearned = mac !== undefined && entry?.mac === mac;
        return [
          ...findings,
          finding(
            isLearned,
            {
              en: `${left} has learned by ARP that ${rightip} is at ${mac ?? '?'}`,
              zh: `${left} 已经通过 ARP 学到 ${rightip} 在 ${mac ?? '?'}`,
            },
            entry === undefined
              ? { en: 'it has never asked for it: send something there', zh: '它从来没有询问过：往那里发点东西' }
              : {
                  en: `it has asked, and the entry is ${entry.state}: nobody has answered`,
                  zh: `它问过，但这一项是 ${entry.state}：没有谁回答`,
                },
          ),
          // Whoever has sent nothing does not get it done by the check.
          ...(isLearned ? [await pingOver(place, bridge, left, rightip)] : []),
        ];
      },
      hints: [
        ({ left, rightip }) => ({
          en: `\`minidock exec ${left} ping -c 1 ${rightip}\``,
          zh: `\`minidock exec ${left} ping -c 1 ${rightip}\``,
        }),
        () => ({
          en: 'A MAC address and no answer? The rules of iptables do not see ARP, only IP. `iptables -nvL FORWARD` counts in its first line what the policy has dropped.',
          zh: '学到了 MAC 地址，却没有应答？iptables 的规则看不到 ARP，只看 IP。`iptables -nvL FORWARD` 的第一行统计着默认策略丢弃了多少包。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ other }) => ({
        en: `The interface of the host that is the other end of eth0 of \`${other}\``,
        zh: `\`${other}\` 的 eth0 的另一端，是宿主机的哪个接口`,
      }),
      answer: { en: 'INTERFACE', zh: '接口' },
      async check(place, { other }, answer) {
        const { container, findings } = running(place, other, true);
        if (container === undefined) return findings;
        const eth0 = (await containerNetwork(place, other)).interfaces.find(one => one.name === 'eth0');
        const index = fs.existsSync(`/sys/class/net/${answer}/ifindex`)
          ? Number(fs.readFileSync(`/sys/class/net/${answer}/ifindex`, 'utf8'))
          : undefined;
        return [
          finding(
            index !== undefined && index === eth0?.link && answer === eth0.peer?.name,
            {
              en: `iflink of its eth0 is ${eth0?.link}, ifindex of ${answer} ${index ?? 'unknown'}`,
              zh: `它的 eth0 的 iflink 是 ${eth0?.link}，${answer} 的 ifindex 是 ${index ?? '（无）'}`,
            },
            { en: 'the two must be the same number', zh: '这两个数应当相同' },
          ),
        ];
      },
      hints: [
        () => ({
          en: 'An interface’s own number is `/sys/class/net/NAME/ifindex`, that of its other end `iflink`.',
          zh: '接口自己的编号在 `/sys/class/net/NAME/ifindex`，另一端的编号在 `iflink`。',
        }),
        ({ other }) => ({
          en: `\`minidock exec ${other} cat /sys/class/net/eth0/iflink\`, then look for that number on the host with \`ip link\`.`,
          zh: `先 \`minidock exec ${other} cat /sys/class/net/eth0/iflink\`，再在宿主机上用 \`ip link\` 找这个编号。`,
        }),
      ],
    },
  ],

  async clean(place, { left, right, other, bridge }) {
    await removeAll(place, { containers: [left, right, other], images: [image] });
    if (fs.existsSync(`/sys/class/net/${bridge}/bridge`)) await place.run('ip', 'link', 'del', bridge);
    await forgetInterface(bridge);
  },
};
