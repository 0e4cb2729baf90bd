import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'The requests of a pull', zh: '一次拉取的各个请求' },
  summary: {
    en: 'The engine asks three servers. The registry refuses the first request for a manifest with 401 and a realm; with a token it sends the index and the manifest for this platform; for a blob it answers 307. The token server, the realm, gives a token for the scope repository:…:pull. The storage, another host, sends the blobs, whole or by Range, and never sees the token. The engine compares the sha256 of everything that comes with the digest by which it was asked for, and only then keeps it.',
    zh: '引擎向三台服务器请求。仓库对第一个 manifest 请求返回 401 和 realm；带上 token 之后，它发送 index 和本平台的 manifest；对 blob 则返回 307。token 服务器，也就是 realm，为 scope repository:…:pull 发放 token。存储服务器是另一台主机，发送 blob，可以整个发送，也可以按 Range 发送，它从来看不到 token。对收到的每样东西，引擎都用 sha256 与所请求的摘要比较，相符才保留。',
  },
  body: column(
    row(
      box(
        'host',
        { en: 'registry', zh: '镜像仓库' },
        {
          lines: [
            { cells: ['`manifests/latest`', { en: '401, realm', zh: '401，realm' }] },
            { cells: ['`manifests/latest`', { en: 'the index', zh: 'index' }] },
            { cells: ['`manifests/sha256:…`', { en: 'one platform', zh: '一个平台' }] },
            { cells: ['`blobs/sha256:…`', { en: '307, elsewhere', zh: '307，在别处' }] },
          ],
          name: 'registry',
        },
      ),
      box(
        'plain',
        { en: 'token server (realm)', zh: 'token 服务器（realm）' },
        {
          lines: [
            { en: '`scope=repository:…:pull`', zh: '`scope=repository:…:pull`' },
            { en: 'gives a token', zh: '发放 token' },
          ],
          name: 'tokens',
        },
      ),
    ),
    row(
      box(
        'kernel',
        { en: 'the engine: `pull`', zh: '引擎：`pull`' },
        {
          lines: [
            { en: 'chooses the **platform**', zh: '选择**平台**' },
            { text: { en: 'sha256 of all that comes', zh: '对收到的一切计算 sha256' }, mark: 'changed' },
            { en: 'then gives it a name', zh: '相符才给它名字' },
          ],
          name: 'engine',
        },
      ),
      box(
        'files',
        { en: 'storage', zh: '存储服务器' },
        {
          lines: [
            { cells: ['`GET`', { en: '200, all of it', zh: '200，全部' }] },
            { cells: ['`Range`', { en: '206, the rest', zh: '206，其余部分' }] },
            { text: { en: 'never sees the token', zh: '从来看不到 token' }, mark: 'dim' },
          ],
          name: 'storage',
        },
      ),
    ),
  ),
  arrows: [
    arrow('registry', 'engine', { en: 'with a token', zh: '带 token' }, { ends: 'both' }),
    arrow('engine', 'storage', { en: 'without', zh: '不带' }, { ends: 'both' }),
  ],
};
