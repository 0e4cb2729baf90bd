import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'Who opens the file', zh: '谁打开了文件' },
  summary: {
    en: 'The shell copies itself. Its copy opens the file complaints and gives it the number 2, before it becomes ls: ls writes to 2 as always, and never learns where that goes. The kernel shows all of it under /proc/PID: fd, cwd, exe, status.',
    zh: 'shell 复制自己。副本打开 complaints 文件，给它编号 2，然后才变成 ls：ls 照常往 2 里写，并不知道写到了哪里。这一切内核都在 /proc/PID 下列出来：fd、cwd、exe、status。',
  },
  body: column(
    row(
      box(
        'host',
        { en: 'shell `812`', zh: 'shell `812`' },
        {
          lines: [
            { en: 'reads the line', zh: '读入一行' },
            { text: { en: 'then `wait4`', zh: '然后 `wait4`' }, mark: 'dim' },
          ],
          name: 'shell',
        },
      ),
      box(
        'container',
        { en: 'its copy `4711`', zh: '副本 `4711`' },
        {
          lines: [
            { en: '`openat` complaints', zh: '`openat` complaints' },
            { en: '`dup3`: **now it is 2**', zh: '`dup3`：**现在它是 2**' },
          ],
          name: 'copy',
        },
      ),
      box(
        'process',
        { en: '`ls`, still `4711`', zh: '`ls`，还是 `4711`' },
        {
          lines: [
            { en: 'writes to 2', zh: '往 2 里写' },
            { text: { en: 'and knows no more', zh: '别的一无所知' }, mark: 'dim' },
          ],
          name: 'program',
        },
      ),
    ),
    box(
      'kernel',
      { en: 'The kernel’s report: `/proc/4711/`', zh: '内核的报告：`/proc/4711/`' },
      {
        lines: [
          { cells: ['`fd/2`', { en: 'complaints', zh: 'complaints' }] },
          { cells: ['`exe`', { en: 'ls', zh: 'ls' }] },
          { cells: ['`cwd`', { en: 'where you are', zh: '你所在的目录' }] },
          { cells: ['`status`', { en: 'name, state, parent', zh: '名字、状态、父进程' }] },
        ],
      },
    ),
  ),
  arrows: [arrow('shell', 'copy', '`clone`'), arrow('copy', 'program', '`execve`')],
};
