import type { Pieces } from '../../src/engine/compile/pieces.ts';
import { mount } from '../../src/syscalls/calls.ts';
import { MS } from '../../src/syscalls/uapi/flags.ts';
import { todo } from '../../src/workshop/exercise/todo.ts';

/**
 * Child section, first in the new mount namespace: cuts its mounts loose from those of the host.
 * 子进程段，在新的挂载命名空间里首先做：切断它的挂载与宿主机挂载之间的联系。
 */
export const mountNamespace: Pieces['mountNamespace'] = () => {
  // Return one step: mount(2), which changes how mounts propagate when it gets no source and no type.
  // 返回一个步骤：mount(2)。不给源和类型时，它改变的是挂载如何传播。
  // mount(source, target, type, flags, data, { why }): null where there is nothing. From here on no mount made in here may
  // appear on the host, and none of the host in here; on any mount of the tree.
  // mount(源, 目标, 类型, 标志, 数据, { why })：没有的写 null。从这里起，这里做的挂载不得出现在宿主机上，宿主机的也不得出现在这里；整棵树上的每个挂载都如此。
  return todo();
};
