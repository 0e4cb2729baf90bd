import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'One process, two numbers', zh: '一个进程，两个编号' },
  summary: {
    en: 'The PID namespace of the host lists processes 1, 812, 4711 and 4712. The namespace of the container lies inside it: there 4711 is number 1 and 4712 is number 2. The host’s /proc shows the outer list; a /proc mounted in the container shows the inner one.',
    zh: '宿主机的 PID 命名空间里有 1、812、4711、4712 号进程。容器的命名空间嵌在其中：4711 在里面是 1 号，4712 是 2 号。宿主机的 /proc 显示外层名单；在容器里挂载的 /proc 显示内层名单。',
  },
  body: row(
    box(
      'host',
      { en: 'PID namespace of the host', zh: '宿主机的 PID 命名空间' },
      {
        lines: [{ cells: ['`1`', 'systemd'] }, { cells: ['`812`', 'bash'] }],
        inside: box(
          'container',
          { en: 'PID namespace of the container', zh: '容器的 PID 命名空间' },
          {
            lines: [
              { cells: ['`4711` = **`1`**', { en: 'sh, its init', zh: 'sh，它的 init' }] },
              { cells: ['`4712` = **`2`**', 'ps'] },
              { text: { en: 'cannot name what is outside', zh: '外面的进程，在里面连编号都没有' }, mark: 'dim' },
            ],
            name: 'inner',
          },
        ),
        name: 'outer',
      },
    ),
    column(
      box(
        'files',
        { en: '`/proc` of the host', zh: '宿主机的 `/proc`' },
        {
          lines: ['`1  812  4711  4712`'],
          name: 'host-proc',
        },
      ),
      box(
        'files',
        { en: '`/proc`, mounted anew inside', zh: '在里面新挂载的 `/proc`' },
        {
          lines: ['`1  2`', { text: { en: 'what `ps` should read', zh: '`ps` 该读的是它' }, mark: 'dim' }],
          name: 'inner-proc',
        },
      ),
    ),
  ),
  arrows: [
    arrow('host-proc', 'outer', { en: 'shows', zh: '显示' }),
    arrow('inner-proc', 'inner', { en: 'shows', zh: '显示' }),
  ],
};
