import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'Two cables and a switch', zh: '两根网线，一台交换机' },
  summary: {
    en: 'Three network namespaces. In each of two containers there is one interface, eth0, with number 2: 172.18.0.2 and 172.18.0.3. Each is connected with an interface of the host, number 4 and number 3, and both of these are ports of the bridge minidock0, which has the address 172.18.0.1. The bridge’s table says which MAC is behind which port.',
    zh: '三个网络命名空间。两个容器里各有一个编号为 2 的接口 eth0：172.18.0.2 和 172.18.0.3。它们各自连着宿主机上的一个接口，编号 4 和编号 3，这两个都是网桥 minidock0 的端口，网桥的地址是 172.18.0.1。网桥的表写着哪个 MAC 在哪个端口后面。',
  },
  body: column(
    row(
      box(
        'container',
        { en: 'container', zh: '容器' },
        { lines: [{ cells: ['`2: eth0@if4`', '172.18.0.2'] }, { cells: ['MAC', '`…:00:02`'] }], name: 'one' },
      ),
      box(
        'container',
        { en: 'its neighbour', zh: '它的邻居' },
        { lines: [{ cells: ['`2: eth0@if3`', '172.18.0.3'] }, { cells: ['MAC', '`…:00:03`'] }], name: 'two' },
      ),
    ),
    box(
      'host',
      { en: 'host', zh: '宿主机' },
      {
        inside: column(
          row(
            box('network', '`4: vethc0ffee0@if2`', {
              lines: [{ en: 'a port of the bridge', zh: '网桥的端口' }],
              name: 'portOne',
            }),
            box('network', '`3: vethdecaf00@if2`', {
              lines: [{ en: 'a port of the bridge', zh: '网桥的端口' }],
              name: 'portTwo',
            }),
          ),
          box(
            'network',
            { en: '`2: minidock0`, the bridge', zh: '`2: minidock0`，网桥' },
            {
              lines: [
                { cells: [{ en: 'the host’s own address', zh: '宿主机自己的地址' }, '172.18.0.1'] },
                { cells: ['`…:00:02`', { en: 'behind vethc0ffee0', zh: '在 vethc0ffee0 后面' }] },
                { cells: ['`…:00:03`', { en: 'behind vethdecaf00', zh: '在 vethdecaf00 后面' }] },
              ],
            },
          ),
        ),
      },
    ),
  ),
  arrows: [
    arrow('one', 'portOne', { en: 'veth pair', zh: 'veth 对' }, { ends: 'both' }),
    arrow('two', 'portTwo', { en: 'veth pair', zh: 'veth 对' }, { ends: 'both' }),
  ],
};
