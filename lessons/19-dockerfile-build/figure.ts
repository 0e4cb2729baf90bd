import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'One step: image, instruction, image', zh: '一步：镜像、指令、镜像' },
  summary: {
    en: 'A step begins with the image below and with a key: a digest of that image, of the words of the instruction and of the files that COPY names. If the cache has an image under the key, it is taken. If not: RUN starts a container, whose upper directory becomes a layer; COPY writes the tar of a layer straight from the build context, without a container; ENV changes a line of the config and makes no layer. Layer and config together are the next image, which the next step begins with.',
    zh: '每一步从下面的镜像和一个键开始：键是由那个镜像、指令的文字和 COPY 所指的文件算出的摘要。缓存里这个键下面有镜像，就拿来用。没有的话：RUN 启动一个容器，它的 upper 目录成为层；COPY 不启动容器，直接由构建上下文写出层的 tar；ENV 只改 config 的一行，不产生层。层和 config 合起来就是下一个镜像，下一步由它开始。',
  },
  body: column(
    row(
      box(
        'files',
        { en: 'image below', zh: '下面的镜像' },
        { lines: [{ en: 'layers and config', zh: '各层和 config' }], name: 'below' },
      ),
      box(
        'kernel',
        { en: 'key: a digest', zh: '键：一个摘要' },
        {
          lines: [
            { en: 'image below + words', zh: '下面的镜像 + 指令文字' },
            { en: '+ files that COPY names', zh: '+ COPY 所指的文件' },
            { text: { en: 'no times, no network', zh: '不含时间，不含网络' }, mark: 'dim' },
          ],
          name: 'key',
        },
      ),
    ),
    row(
      box(
        'container',
        { en: '`RUN`: a container', zh: '`RUN`：一个容器' },
        {
          lines: [
            { cells: ['`lower`', { en: 'the layers', zh: '已有的层' }] },
            { cells: ['`upper`', { en: '**what it writes**', zh: '**它写下的**' }], mark: 'changed' },
            { text: { en: 'cd, export, daemons: gone', zh: 'cd、export、后台进程：消失' }, mark: 'dim' },
          ],
          name: 'run',
        },
      ),
      box(
        'host',
        { en: '`COPY`: no container', zh: '`COPY`：没有容器' },
        { lines: [{ en: 'tar of the context', zh: '由上下文直接写 tar' }], name: 'copy' },
      ),
      box(
        'plain',
        { en: '`ENV`, `CMD`: no files', zh: '`ENV`、`CMD`：没有文件' },
        { lines: [{ en: 'a line of JSON', zh: '一行 JSON' }], name: 'env' },
      ),
    ),
    box(
      'files',
      { en: 'image of this step: the next one begins here', zh: '这一步的镜像：下一步由此开始' },
      {
        border: 'heavy',
        lines: [
          {
            cells: [
              { en: 'layer', zh: '层' },
              { en: 'tar, `.wh.NAME` for what was removed', zh: 'tar，删除写成 `.wh.名字`' },
            ],
          },
          { cells: ['config', { en: 'Env, WorkingDir, history, diff IDs', zh: 'Env、WorkingDir、history、diff ID' }] },
        ],
        name: 'next',
      },
    ),
  ),
  arrows: [
    arrow('below', 'run'),
    arrow('key', 'env', { en: 'not in the cache', zh: '缓存里没有' }),
    arrow('run', 'next', { en: 'layer', zh: '层' }),
    arrow('copy', 'next', { en: 'layer', zh: '层' }),
    arrow('env', 'next', 'config'),
  ],
};
