import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

const hears = { en: 'a packet socket hears', zh: '抓包套接字收到' };

export const figure: Figure = {
  title: { en: 'One packet at three places', zh: '在三个地方看同一个包' },
  summary: {
    en: 'The client’s SYN comes in at wan0, where a packet socket hears it before any rule: from 203.0.113.9 to 203.0.113.1:8080, ttl 64. PREROUTING gives it another destination, routing takes one from its ttl, and FORWARD may drop it. At the bridge and in the container it is heard again: from 203.0.113.9 to 172.18.0.2:80, ttl 63. What stays the same is its sequence number, its IP id and its content: by these it is known to be one packet. A packet socket is asked on the way in before the rules, and on the way out after them.',
    zh: '客户机的 SYN 从 wan0 进来，抓包套接字在任何规则之前就收到它：203.0.113.9 发往 203.0.113.1:8080，TTL 64。PREROUTING 改掉目的地址，路由把 TTL 减一，FORWARD 可能丢弃它。在网桥和容器里又收到它：203.0.113.9 发往 172.18.0.2:80，TTL 63。不变的是序列号、IP id 和内容：由此认出是同一个包。进来的包，先经过抓包套接字，再经过规则；出去的包则相反。',
  },
  body: column(
    box(
      'network',
      { en: 'at wan0: before all rules', zh: '在 wan0：在所有规则之前' },
      {
        lines: [
          { cells: [hears, '`203.0.113.9` → `203.0.113.1:8080`'] },
          { cells: ['', { en: 'ttl 64, seq 1234', zh: 'TTL 64，seq 1234' }] },
        ],
        name: 'outer',
      },
    ),
    row(
      box('kernel', 'PREROUTING', {
        lines: [{ en: '**DNAT**: to `172.18.0.2:80`', zh: '**DNAT**：改成 `172.18.0.2:80`' }],
        name: 'pre',
      }),
      box(
        'kernel',
        { en: 'routing, FORWARD', zh: '路由，FORWARD' },
        { lines: [{ en: 'ttl − 1; may drop it', zh: 'TTL 减 1；可能丢弃' }], name: 'forward' },
      ),
      box('kernel', 'POSTROUTING', {
        lines: [{ en: '**SNAT**, for what leaves', zh: '出去的包：**SNAT**' }],
        name: 'post',
      }),
    ),
    box(
      'network',
      { en: 'at minidock0: after the rules', zh: '在 minidock0：在规则之后' },
      {
        lines: [
          { cells: [hears, '`203.0.113.9` → `172.18.0.2:80`'], mark: 'changed' },
          { cells: ['', { en: 'ttl 63, seq 1234', zh: 'TTL 63，seq 1234' }] },
        ],
        name: 'bridge',
      },
    ),
    box(
      'container',
      { en: 'at eth0 of the container', zh: '在容器的 eth0' },
      { lines: [{ cells: [hears, { en: 'the same as at the bridge', zh: '与网桥上相同' }] }], name: 'inner' },
    ),
  ),
  arrows: [
    arrow('outer', 'pre'),
    arrow('pre', 'forward'),
    arrow('forward', 'post'),
    arrow('post', 'bridge'),
    arrow('bridge', 'inner', { en: 'by the veth pair', zh: '经过 veth' }),
  ],
};
