import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'Who waits for whom', zh: '谁在等谁' },
  summary: {
    en: 'The command minidock run may go away. The supervisor stays: it is the parent of PID 1, holds the other ends of its pipes, keeps log and lock, and writes the exit record. Inside, PID 1 is the parent of all orphans. If the supervisor is killed, the kernel kills PID 1, and with PID 1 everything inside.',
    zh: '命令 minidock run 可以离开，监管进程留下来：它是 1 号进程的父进程，握着管道的另一端，保管日志和锁，写下退出记录。在里面，1 号进程是所有孤儿的父进程。监管进程若被杀死，内核就杀死 1 号进程，里面的一切也随之结束。',
  },
  body: row(
    column(
      box(
        'process',
        { en: '`minidock run`: may go away', zh: '`minidock run`：可以离开' },
        {
          border: 'dashed',
          lines: [{ en: 'and so may `attach`, `stop`, `wait`', zh: '`attach`、`stop`、`wait` 同样' }],
          name: 'client',
        },
      ),
      box(
        'host',
        { en: '`minidock-shim`: the supervisor', zh: '监管进程 `minidock-shim`' },
        {
          lines: [
            { cells: ['`wait4`', { en: 'the only one that can', zh: '只有它能等' }] },
            { cells: ['`kill`', { en: 'the pid is still its child', zh: 'PID 还是子进程的' }] },
            { cells: ['`poll`', { en: 'pipes or a pty, clients', zh: '管道或 pty，客户端' }] },
          ],
          name: 'shim',
        },
      ),
      box(
        'files',
        { en: 'what it leaves', zh: '它留下什么' },
        {
          lines: [
            { cells: ['`alive`', { en: 'a lock', zh: '一把锁' }] },
            { cells: ['`log`', { en: 'every byte', zh: '每一个字节' }] },
            { cells: ['`exit -> 7`', { en: 'the status', zh: '退出状态' }] },
          ],
          name: 'files',
        },
      ),
    ),
    box(
      'container',
      { en: 'PID namespace of the container', zh: '容器的 PID 命名空间' },
      {
        inside: column(
          box(
            'process',
            { en: 'PID 1: any program', zh: '1 号进程：任何程序' },
            {
              lines: [
                { en: 'no handler: the signal is dropped', zh: '没有处理函数就丢信号' },
                { en: 'orphans: it must wait for them', zh: '孤儿归它，它必须等' },
              ],
              name: 'first',
            },
          ),
          box(
            'process',
            { en: 'orphan', zh: '孤儿进程' },
            {
              lines: [{ text: { en: 'ended, not awaited: zombie', zh: '结束了没人等：僵尸' }, mark: 'danger' }],
              name: 'orphan',
            },
          ),
        ),
      },
    ),
  ),
  arrows: [
    arrow('client', 'shim', { en: 'socket', zh: '套接字' }, { ends: 'both' }),
    arrow('shim', 'first', { en: 'parent; PDEATHSIG', zh: '父进程；PDEATHSIG' }),
    arrow('shim', 'files', { en: 'writes', zh: '写下' }),
    arrow('first', 'orphan', { en: 'adopts', zh: '收养' }),
  ],
};
