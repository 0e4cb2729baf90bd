import { box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

const through = { en: 'shows through', zh: '透出来' };
const hidden = { en: 'hidden', zh: '被藏住' };

export const figure: Figure = {
  title: { en: 'Looked at from above', zh: '从上往下看' },
  summary: {
    en: 'Three read-only layers lie below one writable directory, upper. The container looks from above: of each name it sees the topmost. Layer 1 has /etc/motd, /etc/old and /data with a and b. Layer 2 has another /etc/motd and a whiteout for /etc/old. Layer 3 has an opaque /data with c. upper has what this container changed: a whiteout for /etc/motd and the new file /etc/new. What is left to see: /etc/new and /data/c. Other containers share the three layers and have an upper of their own.',
    zh: '三个只读层上面是一个可写目录 upper。容器从上往下看，每个名字只看到最上面的那个。第 1 层有 /etc/motd、/etc/old，以及装着 a 和 b 的 /data。第 2 层有另一个 /etc/motd，还有 /etc/old 的 whiteout。第 3 层有不透明的 /data，里面是 c。upper 里是这个容器的改动：/etc/motd 的 whiteout 和新文件 /etc/new。最后看得见的是 /etc/new 和 /data/c。别的容器共用这三层，但各有自己的 upper。',
  },
  body: row(
    column(
      box(
        'container',
        { en: 'upper: this container alone', zh: 'upper：只属于这个容器' },
        {
          border: 'heavy',
          lines: [
            { cells: ['`/etc/motd`', { en: 'whiteout `c 0:0`', zh: 'whiteout `c 0:0`' }] },
            { cells: ['`/etc/new`', through], mark: 'good' },
          ],
        },
      ),
      box(
        'files',
        { en: 'layer 3, read-only', zh: '第 3 层，只读' },
        {
          lines: [
            { cells: ['`/data`', { en: 'opaque', zh: '不透明' }] },
            { cells: ['`/data/c`', through], mark: 'good' },
          ],
        },
      ),
      box(
        'files',
        { en: 'layer 2, read-only', zh: '第 2 层，只读' },
        {
          lines: [
            { cells: ['`/etc/motd`', hidden], mark: 'dim' },
            { cells: ['`/etc/old`', { en: 'whiteout `c 0:0`', zh: 'whiteout `c 0:0`' }] },
          ],
        },
      ),
      box(
        'files',
        { en: 'layer 1, read-only', zh: '第 1 层，只读' },
        {
          lines: [
            { cells: ['`/etc/motd`', hidden], mark: 'dim' },
            { cells: ['`/etc/old`', hidden], mark: 'dim' },
            { cells: ['`/data/a` `/data/b`', hidden], mark: 'dim' },
            { cells: ['`/bin/sh`', through], mark: 'good' },
          ],
        },
      ),
    ),
    column(
      box(
        'process',
        { en: 'what the container sees', zh: '容器看到的' },
        { lines: ['`/etc/new`', '`/data/c`', '`/bin/sh`'] },
      ),
      box(
        'plain',
        { en: 'another container', zh: '另一个容器' },
        {
          border: 'dashed',
          lines: [
            { en: 'the same three layers,', zh: '同样的三层，' },
            { en: 'an upper of its own', zh: '自己的 upper' },
          ],
        },
      ),
    ),
  ),
};
