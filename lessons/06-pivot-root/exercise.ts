import type { Pieces } from '../../src/engine/compile/pieces.ts';
import { call } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';
import { MNT } from '../../src/syscalls/uapi/flags.ts';
import { todo } from '../../src/workshop/exercise/todo.ts';

/**
 * Child section: `root`, a mount point, becomes "/", and of the host's tree nothing is left.
 * 子进程段：挂载点 `root` 成为 "/"，宿主机的目录树什么也不剩。
 */
export const pivotRoot: Pieces['pivotRoot'] = root => {
  // Return the steps: into the new root; pivot_root(2), which puts the old root where its second argument says; umount2(2) of the old
  // one, which is still in use and so must be detached. End in "/", so that nobody stands in the old tree.
  // 返回这些步骤：进入新的根；pivot_root(2)，旧的根会放到第二个参数所说的地方；用 umount2(2) 卸下旧的根，它还在使用，所以要用 detach。最后站在 "/" 里，这样就没有人还站在旧的目录树里。
  // No directory for the old root is needed: man 2 pivot_root, “pivot_root(".", ".")”.
  // 不需要为旧的根准备目录：见 man 2 pivot_root 里的“pivot_root(".", ".")”。
  return todo();
};
