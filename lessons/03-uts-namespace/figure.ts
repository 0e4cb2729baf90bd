import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'One kernel, two hostnames', zh: '一个内核，两个主机名' },
  summary: {
    en: 'Process 812 is in the UTS namespace of the host, whose hostname is laptop. It calls clone with CLONE_NEWUTS; its child 4711 is in a new UTS namespace and calls sethostname: that one is called container. The links /proc/812/ns/uts and /proc/4711/ns/uts have different inode numbers.',
    zh: '812 号进程在宿主机的 UTS 命名空间里，主机名是 laptop。它带着 CLONE_NEWUTS 调用 clone；子进程 4711 在新的 UTS 命名空间里，调用 sethostname，把那一个叫作 container。/proc/812/ns/uts 与 /proc/4711/ns/uts 的 inode 号不同。',
  },
  body: column(
    row(
      box(
        'host',
        { en: 'UTS namespace of the host', zh: '宿主机的 UTS 命名空间' },
        {
          lines: [{ cells: ['hostname', '**`laptop`**'] }],
          inside: box('process', '`812` bash', { lines: ['`clone`'], name: 'bash' }),
        },
      ),
      box(
        'container',
        { en: 'a new UTS namespace', zh: '新的 UTS 命名空间' },
        {
          lines: [{ cells: ['hostname', '**`container`**'] }],
          inside: box('process', '`4711` sh', { lines: ['`sethostname`'], name: 'sh' }),
        },
      ),
    ),
    box(
      'kernel',
      { en: 'The proof: two inode numbers', zh: '证据：两个 inode 号' },
      {
        lines: [
          { cells: ['`/proc/812/ns/uts`', '`uts:[4026531838]`'] },
          { cells: ['`/proc/4711/ns/uts`', '`uts:[4026532281]`'] },
        ],
      },
    ),
  ),
  arrows: [arrow('bash', 'sh', '`CLONE_NEWUTS`')],
};
