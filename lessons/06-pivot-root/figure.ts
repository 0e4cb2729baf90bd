import { arrow, box, column, type Figure, note, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'The old root leaves', zh: '旧的根离开' },
  summary: {
    en: 'Before: the host’s tree is at /, the overlay on /rootfs. After pivot_root(".", ".") both are at /: the overlay as the new root, and the host’s tree on top of it, where /.. still leads to it. After umount2(".", MNT_DETACH) only the overlay is left. The overlay shows the image below, read-only and shared by all containers, and what this container changed above.',
    zh: '之前：宿主机的树在 /，overlay 在 /rootfs。pivot_root(".", ".") 之后两个都在 /：overlay 是新的根，宿主机的树压在它上面，/.. 仍能走到那里。umount2(".", MNT_DETACH) 之后只剩 overlay。overlay 把两层合成一棵树：下层是镜像，只读，由所有容器共用；上层是这个容器自己的改动。',
  },
  body: column(
    row(
      box(
        'plain',
        { en: 'before', zh: '之前' },
        {
          inside: column(
            box('host', { en: 'host', zh: '宿主机' }, { lines: [{ en: 'at `/`', zh: '在 `/`' }] }),
            box('container', 'overlay', { lines: [{ en: 'at `/rootfs`', zh: '在 `/rootfs`' }] }),
          ),
          name: 'before',
        },
      ),
      box(
        'plain',
        { en: 'in between', zh: '中间' },
        {
          inside: column(
            box(
              'danger',
              { en: 'host', zh: '宿主机' },
              {
                lines: [{ en: 'on top: `/..`', zh: '上层：`/..`' }],
                border: 'double',
              },
            ),
            box('container', 'overlay', { lines: [{ en: 'at `/`', zh: '在 `/`' }] }),
          ),
          name: 'between',
        },
      ),
      box(
        'plain',
        { en: 'after', zh: '之后' },
        {
          inside: column(
            note({ text: { en: 'no way back', zh: '没有回去的路' }, mark: 'dim' }),
            box('container', 'overlay', { lines: [{ en: 'at `/`', zh: '在 `/`' }] }),
          ),
          name: 'after',
        },
      ),
    ),
    box(
      'container',
      { en: 'overlay: two folders, one tree', zh: 'overlay：两个目录，一棵树' },
      {
        inside: column(
          box('files', '`upper`', {
            lines: [{ en: 'what this container wrote', zh: '这个容器写下的' }],
          }),
          box('plain', '`lower`', {
            lines: [{ en: 'the image: read-only, the same for all containers', zh: '镜像：只读，所有容器共用' }],
            border: 'dashed',
          }),
        ),
      },
    ),
  ),
  arrows: [arrow('before', 'between', '`pivot_root`'), arrow('between', 'after', '`umount2`')],
};
