import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'Born in two moves', zh: '分两步诞生' },
  summary: {
    en: 'Process 812 calls clone: process 4711 is a copy of it, which still runs the same code. Between clone and execve the copy prepares itself: there a container is made. Then it calls execve: another program, the same number. The kernel lists both in /proc; both are in the same namespaces.',
    zh: '812 号进程调用 clone，得到它的副本 4711 号，运行的还是同样的代码。在 clone 与 execve 之间，副本为自己做好准备：容器就是在这里造出来的。然后它调用 execve：换了程序，编号不变。内核在 /proc 里把两个都列出来；它们在同样的命名空间里。',
  },
  body: column(
    row(
      box(
        'host',
        { en: 'parent `812`', zh: '父进程 `812`' },
        {
          lines: [
            { en: 'our program', zh: '我们的程序' },
            { text: { en: 'then `wait4`', zh: '然后 `wait4`' }, mark: 'dim' },
          ],
          name: 'parent',
        },
      ),
      box(
        'container',
        { en: 'child `4711`', zh: '子进程 `4711`' },
        {
          lines: [
            { en: 'our program, copied', zh: '我们的程序，副本' },
            { en: '**a container is made here**', zh: '**容器就在这里造出来**' },
          ],
          name: 'copy',
        },
      ),
      box(
        'process',
        { en: 'child `4711`', zh: '子进程 `4711`' },
        {
          lines: [
            { en: '`sh`, a new program', zh: '`sh`，新的程序' },
            { text: { en: 'the same number', zh: '编号没有变' }, mark: 'dim' },
          ],
          name: 'program',
        },
      ),
    ),
    box(
      'kernel',
      { en: 'The kernel’s list: `/proc`', zh: '内核的名单：`/proc`' },
      {
        lines: [
          {
            cells: [
              '`/proc/812/`',
              { en: 'PPid `1`', zh: 'PPid `1`' },
              { en: 'one set of namespaces,', zh: '同一组命名空间，' },
            ],
          },
          {
            cells: [
              '`/proc/4711/`',
              { en: 'PPid `812`', zh: 'PPid `812`' },
              { en: 'the same: no flag asked for others', zh: '完全一样：没有标志要求新的' },
            ],
          },
        ],
      },
    ),
  ),
  arrows: [arrow('parent', 'copy', '`clone`'), arrow('copy', 'program', '`execve`')],
};
