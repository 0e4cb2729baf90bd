import { box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'Whose network is it?', zh: '用的是谁的网络？' },
  summary: {
    en: 'Three network namespaces. The host’s holds its interfaces, and a container in the mode host is in it as well. A new one of the mode bridge has lo and eth0; a second container in the mode container:X is in the same one. A new one of the mode none has lo only. Each has a 127.0.0.1 of its own.',
    zh: '三个网络命名空间。宿主机的那个有它的各个接口，host 模式的容器也在里面。bridge 模式的新命名空间有 lo 和 eth0；container:X 模式的第二个容器在同一个里面。none 模式的新命名空间只有 lo。每个都有自己的 127.0.0.1。',
  },
  body: row(
    box(
      'host',
      { en: 'network of the host', zh: '宿主机的网络' },
      {
        lines: ['`lo` 127.0.0.1', '`eth0`', '`minidock0`'],
        inside: box('process', '`--network host`', { lines: [{ en: 'no flag, no step', zh: '无标志，无步骤' }] }),
      },
    ),
    box(
      'container',
      { en: 'a new network', zh: '新的网络' },
      {
        lines: ['`lo` 127.0.0.1', { en: '`eth0`, a cable to the bridge', zh: '`eth0`，网线通到网桥' }],
        inside: column(
          box('process', '`--network bridge`', { lines: ['`CLONE_NEWNET`'] }),
          box('process', '`--network container:X`', { lines: ['`setns`'] }),
        ),
      },
    ),
    box(
      'container',
      { en: 'another new network', zh: '另一个新的网络' },
      { lines: ['`lo` 127.0.0.1'], inside: box('process', '`--network none`', { lines: ['`CLONE_NEWNET`'] }) },
    ),
  ),
};
