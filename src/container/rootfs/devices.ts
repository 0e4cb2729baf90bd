import { call } from '../../syscalls/calls.ts';
import { str } from '../../syscalls/data.ts';
import type { Step } from '../../syscalls/step.ts';
import { AT, S } from '../../syscalls/uapi/flags.ts';

/** Nodes that every program expects (OCI config-linux.md, "Default Devices"): name, major, minor. */
const nodes = [
  ['null', 1, 3],
  ['zero', 1, 5],
  ['full', 1, 7],
  ['random', 1, 8],
  ['urandom', 1, 9],
  ['tty', 5, 0],
] as const;

const links = [
  ['/proc/self/fd', 'fd'],
  ['/proc/self/fd/0', 'stdin'],
  ['/proc/self/fd/1', 'stdout'],
  ['/proc/self/fd/2', 'stderr'],
  ['/proc/kcore', 'core'],
  ['pts/ptmx', 'ptmx'],
] as const;

const about = {
  lesson: 'proc-sys-dev' as const,
  group: 'devices',
  groupWhy: {
    en: 'the devices that every program expects, and links to the open files of a process',
    zh: '每个程序都需要的设备，以及指向进程已打开文件的链接',
  },
};

/** Child section, in the container's fresh /dev: the few device nodes it gets. Which may be opened, the cgroup says. */
export function deviceNodes(): Step[] {
  return [
    ...nodes.map(([name, major, minor]) =>
      call('mknodat', [AT.AT_FDCWD, str(`/dev/${name}`), S.S_IFCHR | 0o666, (major << 8) | minor], {
        ...about,
        why: {
          en: 'every program expects this device; disks and memory of the host get none',
          zh: '每个程序都需要这个设备；宿主机的磁盘和内存则没有设备节点',
        },
      }),
    ),
    ...links.map(([target, name]) =>
      call('symlinkat', [str(target), AT.AT_FDCWD, str(`/dev/${name}`)], {
        ...about,
        why: {
          en: 'programs expect this link into /proc or to the pseudo-terminals',
          zh: '程序需要这个链接，它指向 /proc 或伪终端',
        },
      }),
    ),
  ];
}
