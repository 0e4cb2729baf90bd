import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'One directory in two trees', zh: '一个目录，两棵树' },
  summary: {
    en: 'Before clone the engine opens the source, a directory of the host, with open_tree: a descriptor of a mount that is in no tree. Then the container’s root changes and the host is gone. There the mount point is opened name by name, without following links, and move_mount attaches the one descriptor to the other. Both trees now show the same inodes. On the way by the path instead, a link in a volume decides where the mount point is.',
    zh: 'clone 之前，引擎用 open_tree 打开源，也就是宿主机的一个目录，得到一个描述符，它代表不在任何树里的挂载。然后容器换根，宿主机消失。在那里逐个打开挂载点路径里的名字，不跟随链接，再由 move_mount 把一个描述符接到另一个上。两棵树从此显示同样的 inode。如果改走路径，挂载点在哪里就由卷里的链接说了算。',
  },
  body: column(
    row(
      box(
        'host',
        { en: 'tree of the host', zh: '宿主机的树' },
        {
          name: 'host',
          lines: [
            '`/var/lib/minidock/volumes/vol/_data`',
            { en: 'written: inode 4262246', zh: 'written：inode 4262246' },
          ],
        },
      ),
      box(
        'container',
        { en: 'tree of the container', zh: '容器的树' },
        { name: 'container', lines: ['`/data`', { en: 'written: inode 4262246', zh: 'written：inode 4262246' }] },
      ),
    ),
    row(
      box(
        'process',
        { en: '1. before clone: the source', zh: '1. clone 之前：源' },
        {
          name: 'source',
          lines: ['`open_tree(…, OPEN_TREE_CLONE)`', { en: 'a mount in no tree', zh: '不在任何树里的挂载' }],
        },
      ),
      box(
        'process',
        { en: '2. host gone: the mount point', zh: '2. 宿主机消失后：挂载点' },
        {
          name: 'point',
          lines: ['`openat(…, O_PATH|O_NOFOLLOW)`', { en: 'each name by itself', zh: '逐个名字打开' }],
        },
      ),
    ),
    box(
      'kernel',
      { en: '3. one descriptor on the other', zh: '3. 一个描述符接到另一个上' },
      { name: 'move', lines: ['`move_mount(source, "", point, "")`'] },
    ),
    box(
      'danger',
      { en: 'by the path instead', zh: '如果改走路径' },
      {
        border: 'double',
        lines: [
          '`/data/p/new`',
          { en: '`p` is a link in the volume: it may lead anywhere', zh: '`p` 是卷里的链接：可以指向任何地方' },
        ],
      },
    ),
  ),
  arrows: [arrow('host', 'source'), arrow('container', 'point'), arrow('source', 'move'), arrow('point', 'move')],
};
