import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'The way of a packet to a published port', zh: '包去往发布端口的路' },
  summary: {
    en: 'A client, 203.0.113.9, sends a packet to 203.0.113.1:8080. On the host it passes PREROUTING, where DNAT gives it the destination 172.18.0.2:80, then the routing decision, where ip_forward must be 1, then FORWARD, which must accept it, then POSTROUTING. It leaves by the bridge to the server in the container, which sees 203.0.113.9. Packets of the host itself begin at OUTPUT, where the same DNAT rule is asked, and get the bridge’s address as their sender.',
    zh: '客户机 203.0.113.9 发一个包给 203.0.113.1:8080。在宿主机上，它先经过 PREROUTING，DNAT 把目的地改成 172.18.0.2:80；然后是路由判断，ip_forward 必须为 1；再经过必须放行它的 FORWARD，最后是 POSTROUTING。它从网桥出去，到达容器里的服务器，服务器看到的是 203.0.113.9。宿主机自己的包从 OUTPUT 开始，那里查的是同一条 DNAT 规则，源地址换成网桥的地址。',
  },
  body: column(
    box(
      'plain',
      { en: 'client `203.0.113.9`', zh: '客户机 `203.0.113.9`' },
      { lines: [{ cells: [{ en: 'sends to', zh: '发往' }, '`203.0.113.1:8080`'] }], name: 'client' },
    ),
    box(
      'host',
      { en: 'host', zh: '宿主机' },
      {
        inside: column(
          row(
            box('kernel', 'PREROUTING', {
              lines: [
                { text: { en: '**DNAT**: to `172.18.0.2:80`', zh: '**DNAT**：改成 `172.18.0.2:80`' }, mark: 'changed' },
                { text: { en: 'counts connections', zh: '数的是连接' }, mark: 'dim' },
              ],
              name: 'pre',
            }),
            box('kernel', 'OUTPUT', {
              lines: [
                { en: 'of the host itself:', zh: '宿主机自己发出的：' },
                { en: 'the same **DNAT**', zh: '同一条 **DNAT**' },
              ],
              name: 'output',
            }),
          ),
          box('kernel', 'FORWARD', {
            lines: [
              { cells: ['`ip_forward` = 1', { en: 'or lost without a word', zh: '否则不声不响地丢掉' }] },
              { cells: ['ACCEPT', { en: 'or what the policy says', zh: '否则由默认策略决定' }] },
            ],
            name: 'forward',
          }),
          box('kernel', 'POSTROUTING', {
            lines: [
              { en: '**MASQUERADE** for localhost and hairpin', zh: '为 localhost 和 hairpin 做 **MASQUERADE**' },
            ],
            name: 'post',
          }),
        ),
      },
    ),
    box(
      'container',
      { en: 'container `172.18.0.2`', zh: '容器 `172.18.0.2`' },
      { lines: [{ en: 'the server sees `203.0.113.9`', zh: '服务器看到的是 `203.0.113.9`' }], name: 'server' },
    ),
  ),
  arrows: [
    arrow('client', 'pre'),
    arrow('pre', 'forward', { en: 'forwarded', zh: '转发' }),
    arrow('forward', 'post'),
    arrow('post', 'server', { en: 'by the bridge', zh: '经过网桥' }),
  ],
};
