import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'A list of calls, through one door', zh: '一列调用，过同一扇门' },
  summary: {
    en: 'TypeScript composes a list of steps: getpid, uname, sethostname, execve. The list goes as bytes to the shim, a small interpreter in C, which performs exactly these calls. Each goes through one door into the kernel: a number and up to six words in, one word back. strace stands at the door and writes down what really came through.',
    zh: 'TypeScript 编出一列步骤：getpid、uname、sethostname、execve。这列步骤以字节的形式交给 shim，一个用 C 写的小解释器，由它逐个执行。每个调用都经过同一扇门进入内核：进去的是一个编号和最多六个机器字，出来的是一个机器字。strace 站在门口，记下真正经过的调用。',
  },
  body: row(
    box('process', 'TypeScript', {
      lines: [
        '`getpid`',
        '`uname`',
        '`sethostname`',
        '`execve`',
        { text: { en: 'a list: data', zh: '一列数据' }, mark: 'dim' },
      ],
      name: 'list',
    }),
    box(
      'container',
      { en: 'shim, in C', zh: 'shim（C）' },
      {
        lines: [
          { en: 'performs the list,', zh: '照单执行，' },
          { en: 'one by one,', zh: '一个接一个，' },
          { en: 'and nothing else', zh: '不多也不少' },
        ],
        name: 'shim',
      },
    ),
    column(
      box(
        'kernel',
        { en: 'kernel', zh: '内核' },
        {
          lines: [
            {
              cells: [
                { en: 'in', zh: '进' },
                { en: 'a number, six words', zh: '编号和六个机器字' },
              ],
            },
            {
              cells: [
                { en: 'out', zh: '出' },
                { en: 'one word: `0`, `7`, `−EPERM`', zh: '一个机器字：`0`、`7`、`−EPERM`' },
              ],
            },
          ],
          name: 'kernel',
        },
      ),
      box('files', '`strace`', {
        lines: [{ en: 'writes down what came through', zh: '记下真正经过的调用' }],
        border: 'dashed',
      }),
    ),
  ),
  arrows: [
    arrow('list', 'shim', { en: 'bytes', zh: '字节' }),
    arrow('shim', 'kernel', { en: 'syscall', zh: '系统调用' }, { ends: 'both', tone: 'kernel' }),
  ],
};
