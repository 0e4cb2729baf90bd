import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'A copy that stays connected, until it is cut', zh: '副本仍然连着，直到切断' },
  summary: {
    en: 'A new mount namespace starts with a copy of the host’s mount table. Where / is shared, the two copies are peers: a tmpfs mounted in one appears in the other. After mount with MS_REC and MS_PRIVATE nothing passes any more: the tmpfs is in the container’s table alone. The files of the disk are the same for both.',
    zh: '新的挂载命名空间从宿主机挂载表的副本开始。如果 / 是 shared，两个副本就互为对等：在一边挂载的 tmpfs 也会出现在另一边。用 MS_REC 和 MS_PRIVATE 挂载之后，什么也传不过去：tmpfs 只在容器的表里。磁盘上的文件两边是同样的。',
  },
  body: column(
    row(
      box(
        'host',
        { en: 'host: mount table', zh: '宿主机的挂载表' },
        {
          lines: [
            { cells: ['`/`', '`ext4`', '`shared:1`'] },
            { cells: ['`/room`', '`tmpfs`', { en: '✗ it came over', zh: '✗ 传过来了' }], mark: 'danger' },
          ],
          name: 'host',
        },
      ),
      box(
        'container',
        { en: 'container: a copy', zh: '容器的副本' },
        {
          lines: [
            { cells: ['`/`', '`ext4`', '`shared:1`'] },
            { cells: ['`/room`', '`tmpfs`', { en: 'mounted here', zh: '在这里挂载' }] },
          ],
          name: 'container',
        },
      ),
    ),
    row(
      box(
        'host',
        { en: 'host: mount table', zh: '宿主机的挂载表' },
        {
          lines: [{ cells: ['`/`', '`ext4`', '`shared:1`'] }],
          name: 'host-after',
        },
      ),
      box(
        'container',
        { en: 'container: cut off', zh: '容器的副本，已切断' },
        {
          lines: [
            { cells: ['`/`', '`ext4`', 'private'] },
            { cells: ['`/room`', '`tmpfs`', { en: '✓ only here', zh: '✓ 只在这里' }], mark: 'good' },
          ],
          name: 'container-after',
        },
      ),
    ),
    box(
      'files',
      { en: 'the disk', zh: '磁盘' },
      {
        lines: [
          {
            en: 'Tables are copied, files are not: `/etc/passwd` is the same on both sides.',
            zh: '复制的是表，不是文件：`/etc/passwd` 在两边是同一个。',
          },
        ],
      },
    ),
  ),
  arrows: [
    arrow('host-after', 'container-after', { en: '✗ cut', zh: '✗ 断' }, { ends: 'cut' }),
    arrow('host', 'container', { en: 'peers', zh: '对等' }, { ends: 'both', tone: 'danger' }),
    arrow('container', 'container-after', '`MS_REC|MS_PRIVATE`', { tone: 'container' }),
  ],
};
