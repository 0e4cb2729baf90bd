import type { Pieces } from '../../src/engine/compile/pieces.ts';
import { call } from '../../src/syscalls/calls.ts';
import { str, strings } from '../../src/syscalls/data.ts';

/** Where a command is looked for when the process has no PATH. 进程没有 PATH 时在这些目录里找命令。 */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Exec section: the process becomes its command. Each step is one execve(2); the first that succeeds wins, and there
 * is nobody left to do the others.
 * exec 段：进程变成它的命令。每一步是一次 execve(2)；第一个成功的就是结果，后面的步骤已经没有人来做了。
 */
export const execute: Pieces['execute'] = ({ args, env }) => {
  //> Return one execve for each place where the command may be. `args` is the command and its arguments, `env` the list of NAME=value.
  //> 命令可能在哪些位置，就为每个位置返回一个 execve。`args` 是命令和参数，`env` 是 NAME=value 的列表。
  //> A command with a slash is a path: it is taken as it is. Any other is looked for in each directory of PATH, in order: the PATH
  //> in `env`, for it is the process's own.
  //> 带斜杠的命令就是路径，照原样使用。其他命令要按顺序到 PATH 的每个目录里去找：用 `env` 里的 PATH，因为那才是这个进程自己的。
  //> One step: call('execve', [str(file), strings(args), strings(env)], { why: { en: '…', zh: '…' } }).
  //> 一个步骤：call('execve', [str(文件), strings(args), strings(env)], { why: { en: '…', zh: '…' } })。
  const [command = ''] = args;
  const path = env.find(one => one.startsWith('PATH='))?.slice('PATH='.length) ?? defaultPath;
  const files = command.includes('/') ? [command] : path.split(':').map(directory => `${directory}/${command}`);
  return files.map(file =>
    call('execve', [str(file), strings(args), strings(env)], {
      why: { en: 'execute the command, if it is here', zh: '如果命令在这里，就执行它' },
    }),
  );
  //<
};
