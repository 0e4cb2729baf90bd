import { descriptorPath, mountPoint, nameDescriptor } from '../../src/container/rootfs/mount-point.ts';
import type { Pieces } from '../../src/engine/compile/pieces.ts';
import { call, close, mount } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';
import { AT, MOVE_MOUNT, MS, OPEN_TREE } from '../../src/syscalls/uapi/flags.ts';

/**
 * Before clone: takes hold of every source, as a mount that is in no tree.
 * clone 之前：持有每个源，得到一个不在任何树里的挂载。
 */
export const openSources: Pieces['openSources'] = binds => {
  //> One open_tree(AT.AT_FDCWD, path, flags) a bind; `save: bind.held` keeps the descriptor for later steps.
  //> The flags: a copy of the mount, the mounts below it too, and closed at execve.
  //> 每个 bind 一次 open_tree(AT.AT_FDCWD, 路径, 标志)；`save: bind.held` 把描述符留给后面的步骤。
  //> 标志要说明：要挂载的副本，连同它下面的挂载，并在 execve 时关闭。
  return binds.map(bind =>
    call(
      'open_tree',
      [AT.AT_FDCWD, str(bind.source), OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.AT_RECURSIVE | OPEN_TREE.OPEN_TREE_CLOEXEC],
      {
        why: { en: 'hold the source while its path still means something', zh: '趁路径还有意义，先持有源' },
        save: bind.held,
      },
    ),
  );
  //<
};

/**
 * In the container, the host gone: every source gets its place, its propagation and, where asked for, `:ro`.
 * 在容器里，宿主机已经不在：给每个源安排位置，设置传播类型，需要时再设 `:ro`。
 */
export const placeBinds: Pieces['placeBinds'] = (binds, arch) =>
  binds.flatMap(bind => {
    // The mount point, held: `point.steps` make and open it, `point.held` is its descriptor.
    // 挂载点，已经打开并持有：`point.steps` 建好并打开它，`point.held` 是它的描述符。
    const point = mountPoint(bind, arch);
    // `/proc/self/fd/N` of the source: the step writes the number, then `path` may be given to mount(2).
    // 源的 `/proc/self/fd/N`：这个步骤写入编号，之后就能把 `path` 交给 mount(2)。
    const path = descriptorPath(bind.held);
    const name = nameDescriptor(bind.held, path, {
      why: { en: 'the only path to a held mount', zh: '由描述符持有的挂载只有这一个路径' },
    });
    //> Return the steps: those of the mount point; move_mount(bind.held, "", point.held, "", flags), both by their descriptors;
    //> close the mount point; `name`; then mount(null, path, null, bind.propagation, null, …);
    //> and, if bind.readonly, once more with the three flags that make a bind read-only.
    //> 返回这些步骤：挂载点的各步；move_mount(bind.held, "", point.held, "", 标志)，两边都用描述符；
    //> 关闭挂载点；`name`；再 mount(null, path, null, bind.propagation, null, …)；
    //> 如果 bind.readonly，再来一次，用让 bind 变成只读的那三个标志。
    return [
      ...point.steps,
      call(
        'move_mount',
        [
          bind.held,
          str(''),
          point.held,
          str(''),
          MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT.MOVE_MOUNT_T_EMPTY_PATH,
        ],
        { why: { en: 'the source gets its place', zh: '源就位' } },
      ),
      close(point.held, { why: { en: 'the mount point has its mount', zh: '挂载点已经有了挂载' } }),
      name,
      mount(null, path, null, bind.propagation, null, {
        why: { en: 'which later mounts show on the other side', zh: '以后的挂载，哪些能传到另一边' },
      }),
      ...(bind.readonly
        ? [
            mount(null, path, null, MS.MS_REMOUNT | MS.MS_BIND | MS.MS_RDONLY, null, {
              why: { en: 'read-only, which takes a call of its own', zh: '只读，要单独调用一次' },
            }),
          ]
        : []),
    ];
    //<
  });
