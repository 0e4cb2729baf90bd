import type { Pieces } from '../../src/engine/compile/pieces.ts';
import { call, mount } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';
import { AT, MS, S } from '../../src/syscalls/uapi/flags.ts';

/** What every program expects in /dev: name, major, minor. / 每个程序都指望 /dev 里有这些：名字、主号、次号。 */
const nodes = [
  ['null', 1, 3],
  ['zero', 1, 5],
  ['full', 1, 7],
  ['random', 1, 8],
  ['urandom', 1, 9],
  ['tty', 5, 0],
] as const;

/** Links beside them: target, name. / 旁边的链接：目标、名字。 */
const links = [
  ['/proc/self/fd', 'fd'],
  ['/proc/self/fd/0', 'stdin'],
  ['/proc/self/fd/1', 'stdout'],
  ['/proc/self/fd/2', 'stderr'],
  ['/proc/kcore', 'core'],
  ['pts/ptmx', 'ptmx'],
] as const;

/** Fills the container's empty /dev. / 填好容器里空的 /dev。 */
export const deviceNodes: Pieces['deviceNodes'] = () => {
  //> Everyone may read and write these devices. mknod(2) says what stands in the mode besides the rights,
  //> and how major and minor become one number. mknodat and symlinkat want a directory first: AT.AT_FDCWD.
  //> 人人可读写这些设备。mode 里除了权限还要写什么，主次号怎样合成一个数：见 mknod(2)。
  //> mknodat 和 symlinkat 的第一个参数是目录：AT.AT_FDCWD。
  return [
    ...nodes.map(([name, major, minor]) =>
      call('mknodat', [AT.AT_FDCWD, str(`/dev/${name}`), S.S_IFCHR | 0o666, (major << 8) | minor], {
        why: { en: 'a device that every program expects', zh: '每个程序都指望有的设备' },
      }),
    ),
    ...links.map(([target, name]) =>
      call('symlinkat', [str(target), AT.AT_FDCWD, str(`/dev/${name}`)], {
        why: { en: 'a name that leads to what the process has open', zh: '通向进程自己所打开文件的名字' },
      }),
    ),
  ];
  //<
};

/** After these steps nobody writes below `paths`. / 这些步骤之后，谁也不能在 `paths` 下面写。 */
export const readonlyPaths: Pieces['readonlyPaths'] = (paths, facts) => {
  const present = paths.filter(path => facts.hidden[path] !== undefined);
  //> A bind makes a path a mount of its own; a second mount(2) with MS_REMOUNT sets its flags, all of them.
  //> /proc is mounted with MS_NOSUID, MS_NODEV and MS_NOEXEC. For what this kernel lacks: `tolerate: ['ENOENT']`.
  //> bind 让一个路径成为独立的挂载；再来一次带 MS_REMOUNT 的 mount(2) 设它的标志，而且是全部标志。
  //> /proc 挂载时带着 MS_NOSUID、MS_NODEV、MS_NOEXEC。内核没有的路径：`tolerate: ['ENOENT']`。
  return present.flatMap(path => [
    mount(path, path, null, MS.MS_BIND | MS.MS_REC, null, {
      why: {
        en: 'bound onto itself, the path is a mount that can have flags',
        zh: '绑定到自己身上，这个路径就成了可以有自己标志的挂载',
      },
      tolerate: ['ENOENT'],
    }),
    mount(
      path,
      path,
      null,
      MS.MS_BIND | MS.MS_REMOUNT | MS.MS_RDONLY | MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC,
      null,
      {
        why: {
          en: 'read-only; a remount sets all flags, so those of /proc are named again',
          zh: '设为只读；重新挂载会设全部标志，所以 /proc 原有的要再写一遍',
        },
        tolerate: ['ENOENT'],
      },
    ),
  ]);
  //<
};
