import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'The same group in two versions', zh: '同一个组，两个版本' },
  summary: {
    en: 'In cgroup version 1 each controller has a tree of its own: the group box is a directory below memory, with memory.limit_in_bytes, and another below pids, with pids.max, and the process joins both. In version 2 there is one tree: one directory with memory.max and pids.max, which its parent must allow in cgroup.subtree_control. The process writes 0 to cgroup.procs before execve. At the memory limit the kernel kills, at the limit of processes fork fails with EAGAIN.',
    zh: '在 cgroup 第 1 版里，每个控制器一棵树：组 box 在 memory 下面是一个目录，里面有 memory.limit_in_bytes；在 pids 下面是另一个目录，里面有 pids.max；进程两边都要加入。第 2 版只有一棵树：一个目录里既有 memory.max 又有 pids.max，前提是上级在 cgroup.subtree_control 里允许。进程在 execve 之前往 cgroup.procs 里写 0。内存到上限，内核就杀；进程数到上限，fork 返回 EAGAIN。',
  },
  body: column(
    box(
      'process',
      { en: 'child, before execve', zh: '子进程，execve 之前' },
      { lines: ['`write(cgroup.procs, "0")`'], name: 'child' },
    ),
    row(
      box(
        'kernel',
        { en: 'version 1: a tree for each controller', zh: '第 1 版：每个控制器一棵树' },
        {
          name: 'one',
          inside: column(
            box('files', '`memory/box/`', {
              lines: ['`cgroup.procs`', '`memory.limit_in_bytes`', '`memory.oom_control`'],
            }),
            box('files', '`pids/box/`', { lines: ['`cgroup.procs`', '`pids.max`'] }),
          ),
        },
      ),
      box(
        'kernel',
        { en: 'version 2: one tree', zh: '第 2 版：只有一棵树' },
        {
          name: 'two',
          lines: ['`cgroup.subtree_control`', '`+memory +pids`'],
          inside: box('files', '`box/`', {
            lines: ['`cgroup.procs`', '`memory.max`', '`memory.events`', '`pids.max`'],
          }),
        },
      ),
    ),
    box(
      'danger',
      { en: 'at the limit', zh: '到了上限' },
      {
        lines: [
          { cells: ['memory', { en: 'SIGKILL: status 137, oom_kill 1', zh: 'SIGKILL：状态 137，oom_kill 1' }] },
          { cells: ['pids', { en: 'fork: EAGAIN', zh: 'fork：EAGAIN' }] },
          { cells: ['cpu', { en: 'waits', zh: '等待' }] },
        ],
      },
    ),
  ),
  arrows: [arrow('child', 'one'), arrow('child', 'two')],
};
