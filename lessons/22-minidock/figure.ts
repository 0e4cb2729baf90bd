import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'nginx on port 8080', zh: '8080 端口上的 nginx' },
  summary: {
    en: 'A client asks 203.0.113.1:8080. On the host a DNAT rule (lesson 15) rewrites the destination to 172.18.0.2:80; the bridge and the veth pair (13) bring it to eth0 of the container. The container is a process that a supervisor (12) has cloned: namespaces of its own (03–05), another root (06) on overlay layers (11), its own /proc and /dev (07), volumes (08), limits of memory (09), few capabilities and a seccomp filter (10).',
    zh: '客户机访问 203.0.113.1:8080。宿主机上的 DNAT 规则（第 15 课）把目的地改成 172.18.0.2:80；网桥和 veth 对（13）把它送到容器的 eth0。容器是监管进程（12）clone 出来的一个进程：有自己的命名空间（03–05），另一个根（06），建在 overlay 层（11）上，有自己的 /proc 和 /dev（07）、卷（08）、内存上限（09），只有少数权能，外加 seccomp 过滤器（10）。',
  },
  body: column(
    box('plain', { en: 'client', zh: '客户机' }, { lines: ['`GET http://203.0.113.1:8080/`'], name: 'client' }),
    box(
      'network',
      { en: 'host', zh: '宿主机' },
      {
        lines: [
          { cells: ['15', { en: 'DNAT to `172.18.0.2:80`', zh: 'DNAT 到 `172.18.0.2:80`' }], mark: 'changed' },
          { cells: ['13', { en: 'bridge, veth', zh: '网桥、veth' }] },
          { cells: ['12', { en: 'a supervisor: log, exit status', zh: '监管进程：日志、退出状态' }] },
        ],
        name: 'host',
      },
    ),
    box(
      'container',
      { en: 'container: `nginx`, PID 1', zh: '容器：`nginx`，1 号进程' },
      {
        name: 'container',
        inside: row(
          box(
            'kernel',
            { en: 'what it sees', zh: '它看到的' },
            {
              lines: [
                { cells: ['03–05', { en: 'namespaces', zh: '命名空间' }] },
                { cells: ['06 11', { en: 'another root, of layers', zh: '另一个根，由层组成' }] },
                { cells: ['07 08', { en: '/proc, /dev, volumes', zh: '/proc、/dev、卷' }] },
              ],
            },
          ),
          box(
            'danger',
            { en: 'what it may', zh: '它能做的' },
            {
              lines: [
                { cells: ['09', { en: 'cgroup: 64 MiB', zh: '控制组：64 MiB' }] },
                { cells: ['10', { en: 'capabilities, seccomp', zh: '权能、seccomp' }] },
              ],
            },
          ),
        ),
      },
    ),
  ),
  arrows: [
    arrow('client', 'host', undefined, { ends: 'both' }),
    arrow('host', 'container', { en: 'veth', zh: 'veth' }, { ends: 'both' }),
  ],
};
