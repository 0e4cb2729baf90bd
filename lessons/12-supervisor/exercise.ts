import type { Pieces } from '../../src/engine/compile/pieces.ts';
import { call, close, expect, open } from '../../src/syscalls/calls.ts';
import { room } from '../../src/syscalls/data.ts';
import { slot } from '../../src/syscalls/step.ts';
import { O, PR, signals } from '../../src/syscalls/uapi/flags.ts';
import { todo } from '../../src/workshop/exercise/todo.ts';

/**
 * Ties a container's process to its supervisor: the kernel kills it when the supervisor dies. The steps go to four places: `host`
 * before clone, `parent` in the supervisor after clone, `first` in the child before anything else, `last` in the child when it is
 * the user that it stays.
 * 把容器进程和监管进程绑在一起：监管进程一死，内核就杀死它。步骤分在四处：`host` 在 clone 之前；`parent` 在 clone 之后的监管进程里；
 * `first` 在子进程里，先于一切；`last` 也在子进程里，那时它已经换成最终的用户。
 */
export const dieWithSupervisor: Pieces['dieWithSupervisor'] = () => {
  // Return { host, parent, first, last }, four lists of steps. prctl(2) has the signal: `PR` and `signals` have the numbers.
  // 返回 { host, parent, first, last }，四个步骤列表。信号由 prctl(2) 设置，数字在 `PR` 和 `signals` 里。
  // If the supervisor died before the signal was set, none comes any more. So the child looks at last: a file of /proc that was opened
  // before clone, the supervisor's command line. `read` it, and `expect` that it begins with the bytes of "minidock":
  // of a dead process it is empty.
  // 如果监管进程死在设置信号之前，信号就再也不会来了。所以子进程最后还要看一眼：clone 之前打开的 /proc 文件，里面是监管进程的命令行。
  // 用 `read` 读它，再用 `expect` 要求它以 "minidock" 这几个字节开头：进程死后它是空的。
  // open(path, O.O_RDONLY, { why, save }) keeps a descriptor in a `slot('name')`, room(16, 'label') is memory to read into,
  // expect(data, 0, bytes, { why }) stops the program where other bytes are there. Only the child needs the descriptor.
  // open(路径, O.O_RDONLY, { why, save }) 把描述符存进 `slot('名字')`；room(16, '标签') 是用来读入的内存；
  // expect(data, 0, 字节, { why }) 在字节不符时让程序停下。只有子进程需要这个描述符。
  return todo();
};
