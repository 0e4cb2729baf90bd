import type { Pieces } from '../../src/engine/compile/pieces.ts';
import { call, expect } from '../../src/syscalls/calls.ts';
import { room, str } from '../../src/syscalls/data.ts';
import { todo } from '../../src/workshop/exercise/todo.ts';

/**
 * Child section: goes into the working directory, asks the kernel where that is, and looks at the answer.
 * 子进程段：进入工作目录，再问内核这究竟是哪里，并检查它给的结果。
 */
export const enterWorkingDirectory: Pieces['enterWorkingDirectory'] = cwd => {
  // Three steps: chdir(2) into `cwd`; getcwd(2), whose answer the kernel writes into bytes of yours; and an `expect` on their first byte.
  // 三个步骤：用 chdir(2) 进入 `cwd`；getcwd(2)，内核把结果写进你的字节里；再用 `expect` 检查第一个字节。
  // room(4096, 'a name') is room for an answer. getcwd takes it, and its size.
  // room(4096, '名字') 是放结果的地方。getcwd 要它，还要它的大小。
  // A directory that is not below the root has a path that begins with "(unreachable)", any other with "/". expect(data, at, value, why)
  // ends the program unless the bytes of `value` stand there.
  // 不在根之下的目录，路径以 "(unreachable)" 开头；其余都以 "/" 开头。expect(数据, 位置, 值, why)：那里不是这些字节，程序就终止。
  return todo();
};
