import { box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'Windows into the kernel', zh: '通向内核的窗口' },
  summary: {
    en: 'The container mounts the kernel’s file systems anew. /proc, /dev/mqueue, /sys and /sys/fs/cgroup show the PID, IPC, network and cgroup namespace of the process that mounts them. /dev, /dev/pts and /dev/shm are its own by being mounted. What belongs to no namespace is masked, like /proc/interrupts, or read-only, like /proc/sys; device numbers are the same everywhere.',
    zh: '容器把内核的文件系统重新挂载一遍。/proc、/dev/mqueue、/sys、/sys/fs/cgroup 显示挂载者的 PID、IPC、网络、cgroup 命名空间。/dev、/dev/pts、/dev/shm 只要重新挂载就是自己的。不属于任何命名空间的内容，要么像 /proc/interrupts 那样遮住，要么像 /proc/sys 那样只读；设备号到处都一样。',
  },
  body: box(
    'container',
    { en: 'what the container mounts', zh: '容器挂载了什么' },
    {
      inside: column(
        row(
          box(
            'kernel',
            { en: 'shows a namespace of its mounter', zh: '显示挂载者的命名空间' },
            {
              lines: [
                { cells: ['`/proc`', { en: '→ PID namespace', zh: '→ PID 命名空间' }] },
                { cells: ['`/dev/mqueue`', { en: '→ IPC namespace', zh: '→ IPC 命名空间' }] },
                { cells: ['`/sys` (net)', { en: '→ network namespace', zh: '→ 网络命名空间' }] },
                { cells: ['`/sys/fs/cgroup`', { en: '→ cgroup namespace', zh: '→ cgroup 命名空间' }] },
              ],
            },
          ),
          box(
            'files',
            { en: 'is its own by being mounted', zh: '挂载了就是自己的' },
            {
              lines: [
                { cells: ['`/dev`', { en: 'tmpfs with six nodes', zh: 'tmpfs，六个节点' }] },
                { cells: ['`/dev/pts`', { en: 'terminals from 0', zh: '从 0 编号的终端' }] },
                { cells: ['`/dev/shm`', { en: 'tmpfs for shm_open', zh: 'tmpfs，供 shm_open 用' }] },
              ],
            },
          ),
        ),
        row(
          box(
            'danger',
            { en: 'no namespace: masked', zh: '没有命名空间：遮住' },
            {
              lines: [
                { cells: ['`/proc/interrupts`', '← `/dev/null`'] },
                { cells: ['`/sys/firmware`', { en: '← empty tmpfs', zh: '← 空的 tmpfs' }] },
              ],
            },
          ),
          box(
            'danger',
            { en: 'no namespace: read-only', zh: '没有命名空间：只读' },
            {
              lines: [
                { cells: ['`/proc/sys`', { en: 'root: EROFS', zh: 'root 也是 EROFS' }] },
                { cells: ['`/sys`', { en: 'devices of the machine', zh: '整台机器的设备' }] },
              ],
            },
          ),
          box(
            'danger',
            { en: 'no namespace: a number', zh: '没有命名空间：号码' },
            {
              lines: [
                { cells: ['`mknod`', { en: 'allowed', zh: '可以' }] },
                { cells: ['`open`', { en: 'cgroup, MS_NODEV', zh: '看 cgroup、MS_NODEV' }] },
              ],
            },
          ),
        ),
      ),
    },
  ),
};
