import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'Two sides of one process', zh: '同一个进程的两面' },
  summary: {
    en: 'The map “0 1000 1” connects user 0 of the new user namespace with user 1000 of the first one. For files and processes of the host the process is user 1000 without capabilities. UTS and mount namespaces that were made inside belong to the new user namespace, and over them it is root with all capabilities. The host’s own namespaces belong to the first user namespace: there its capabilities do not count. A user who is not in the map, as the host’s root, is shown as 65534.',
    zh: '映射“0 1000 1”把新用户命名空间的 0 号用户和最初那个的 1000 号连在一起。对宿主机的文件和进程来说，这个进程是用户 1000，没有权能。在里面创建的 UTS 和挂载命名空间属于新的用户命名空间，它在其中是拥有全部权能的 root。宿主机自己的命名空间属于最初的用户命名空间，它的权能在那里不算数。不在映射里的用户，比如宿主机的 root，显示为 65534。',
  },
  body: column(
    row(
      box(
        'host',
        { en: 'first user namespace', zh: '最初的用户命名空间' },
        {
          lines: [
            { cells: ['0', { en: 'root', zh: 'root' }] },
            { cells: ['**1000**', { en: '**an ordinary user**', zh: '**普通用户**' }], mark: 'changed' },
          ],
          name: 'first',
        },
      ),
      box(
        'container',
        { en: 'new user namespace', zh: '新的用户命名空间' },
        {
          lines: [
            { cells: ['**0**', { en: '**root**, CapEff full', zh: '**root**，CapEff 全满' }], mark: 'changed' },
            { cells: ['65534', { en: 'everybody else', zh: '其他所有人' }], mark: 'dim' },
          ],
          name: 'new',
        },
      ),
    ),
    row(
      box(
        'files',
        { en: 'belongs to the first', zh: '属于最初的' },
        {
          lines: [
            { text: { en: '`/etc/shadow`: refused', zh: '`/etc/shadow`：拒绝' }, mark: 'danger' },
            { text: { en: 'the host’s hostname: EPERM', zh: '宿主机的主机名：EPERM' }, mark: 'danger' },
          ],
          name: 'theirs',
        },
      ),
      box(
        'kernel',
        { en: 'made inside, belongs to the new', zh: '在里面创建，属于新的' },
        {
          lines: [
            { text: { en: 'UTS: sethostname', zh: 'UTS：sethostname' }, mark: 'good' },
            { text: { en: 'mounts: tmpfs on /mnt', zh: '挂载：/mnt 上的 tmpfs' }, mark: 'good' },
          ],
          name: 'ours',
        },
      ),
    ),
  ),
  arrows: [
    arrow('first', 'new', '`0 1000 1`', { ends: 'both' }),
    arrow('first', 'theirs', { en: 'owns', zh: '拥有' }),
    arrow('new', 'ours', { en: 'owns', zh: '拥有' }),
  ],
};
