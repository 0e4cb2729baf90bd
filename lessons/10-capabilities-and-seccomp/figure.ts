import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'Two guards, and what execve hands on', zh: '两道关卡，以及 execve 传下去的东西' },
  summary: {
    en: 'A call of the process first meets the seccomp filter, which sees its number and arguments and answers EPERM, ENOSYS or lets it pass; then the kernel’s code asks for a capability in the effective set. At execve new sets are computed: root gets the whole bounding set, another user only the ambient set, a set-uid program of root’s the bounding set unless no_new_privs is set.',
    zh: '进程的调用先遇到 seccomp 过滤器，它看编号和参数，返回 EPERM、ENOSYS，或者放行；接着内核代码再查有效集里有没有某项权能。execve 时重新计算各个集合：root 得到整个边界集；别的用户只得到环境集；属于 root 的 set-uid 程序得到边界集，除非设了 no_new_privs。',
  },
  body: column(
    row(
      box(
        'process',
        { en: 'process, uid 0', zh: '进程，uid 0' },
        { lines: ['`sethostname`', '`chown`'], name: 'process' },
      ),
      box(
        'kernel',
        { en: '1. filter', zh: '1. 过滤器' },
        {
          name: 'filter',
          lines: [
            { cells: ['`sethostname`', 'EPERM'], mark: 'danger' },
            { cells: ['`clone3`', 'ENOSYS'], mark: 'danger' },
            { cells: ['`chown`', { en: 'passes', zh: '放行' }], mark: 'good' },
          ],
        },
      ),
      box(
        'kernel',
        { en: '2. effective set', zh: '2. 有效集' },
        {
          name: 'sets',
          lines: [
            { cells: ['CAP_CHOWN', { en: 'there', zh: '有' }], mark: 'good' },
            { cells: ['CAP_SYS_ADMIN', { en: 'missing', zh: '没有' }], mark: 'danger' },
          ],
        },
      ),
    ),
    box(
      'container',
      { en: 'execve: new sets are computed', zh: 'execve：重新计算各个集合' },
      {
        lines: [
          {
            cells: [
              { en: 'user 0', zh: '用户 0' },
              { en: '→ the whole **bounding set**', zh: '→ 整个**边界集**' },
            ],
          },
          {
            cells: [
              { en: 'another user', zh: '别的用户' },
              { en: '→ the ambient set: empty', zh: '→ 环境集：空的' },
            ],
          },
          {
            cells: [
              { en: 'set-uid root', zh: 'set-uid root' },
              { en: '→ the whole **bounding set**', zh: '→ 整个**边界集**' },
            ],
          },
          {
            cells: [
              { en: '… under no_new_privs', zh: '……设了 no_new_privs' },
              { en: '→ nothing', zh: '→ 什么也没有' },
            ],
          },
        ],
      },
    ),
  ),
  arrows: [arrow('process', 'filter'), arrow('filter', 'sets')],
};
