import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

const digest = { en: 'digest', zh: '摘要' };

export const figure: Figure = {
  title: { en: 'Who names whom', zh: '谁写着谁的名字' },
  summary: {
    en: 'An arrow means: has the digest of. A name, nginx:alpine, leads to an index, which has the digests of manifests, one a platform. A manifest has the digest of the config, which is the image ID, and the digests of the layers’ blobs, packed. The config has the diff IDs, the digests of the same layers unpacked. An unpacked layer is stored under its chain ID, made of the chain ID below it and its diff ID.',
    zh: '箭头表示“写着对方的摘要”。名字 nginx:alpine 指向一个 index，index 写着各份 manifest 的摘要，每个平台一份。manifest 写着 config 的摘要（也就是镜像 ID），以及压缩后的层 blob 的摘要。config 写着 diff ID，即同样的层解压之后的摘要。解包后的层存放在它的链 ID 之下，链 ID 由下面的链 ID 和自己的 diff ID 得出。',
  },
  body: column(
    row(
      box('plain', '`nginx:alpine`', {
        lines: [{ en: 'a name: may move', zh: '名字：可以改指别处' }],
        name: 'name',
      }),
      box('files', 'index', {
        lines: [{ cells: ['`linux/amd64`', digest] }, { cells: ['`linux/arm64`', digest] }],
        name: 'index',
      }),
    ),
    box('files', 'manifest', {
      lines: [
        { cells: ['config', { en: 'digest = **image ID**', zh: '摘要 = **镜像 ID**' }], mark: 'changed' },
        {
          cells: [
            { en: 'layers', zh: '各层' },
            { en: 'digest of each blob, **packed**', zh: '每个 blob **压缩后**的摘要' },
          ],
        },
      ],
      name: 'manifest',
    }),
    row(
      box('files', 'config', {
        lines: [
          { en: 'what to run, and how', zh: '运行什么、怎么运行' },
          { en: '**diff IDs**: layers **unpacked**', zh: '**diff ID**：**解压后**的层' },
        ],
        name: 'config',
      }),
      box(
        'files',
        { en: 'blobs of the layers', zh: '各层的 blob' },
        {
          lines: ['`layer1.tar.gz`', '`layer2.tar.gz`'],
          name: 'blobs',
        },
      ),
    ),
    box(
      'kernel',
      { en: 'unpacked, for overlayfs', zh: '解包后，供 overlayfs 使用' },
      {
        lines: [
          { cells: ['`layers/CHAIN1`', { en: 'CHAIN1 = diff ID 1', zh: 'CHAIN1 = diff ID 1' }] },
          { cells: ['`layers/CHAIN2`', 'CHAIN2 = sha256(`CHAIN1 DIFF2`)'] },
        ],
        name: 'layers',
      },
    ),
  ),
  arrows: [
    arrow('name', 'index'),
    arrow('index', 'manifest', { en: 'by platform', zh: '按平台' }),
    arrow('manifest', 'config'),
    arrow('manifest', 'blobs'),
    arrow('config', 'layers', { en: 'checked', zh: '核对' }),
  ],
};
