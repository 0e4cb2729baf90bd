import type { Pieces } from '../../src/engine/compile/pieces.ts';
import { call } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';

/**
 * Child section: the new process gives itself a hostname. It is in its own UTS namespace already.
 * 子进程给自己设置主机名。此时它已经在自己的 UTS 命名空间里。
 */
export const utsNamespace: Pieces['utsNamespace'] = hostname => {
  //> Return a list with one step, which sethostname(2) is: the bytes of the name, and how many bytes they are.
  //> 返回只有一个步骤的列表：sethostname(2)，参数是名字的字节，以及字节数。
  //> A step is call(NAME, [ARGUMENT, …], { why: { en: '…', zh: '…' } }); str(text) makes the bytes, with a NUL at their end.
  //> 一个步骤写作 call(名字, [参数, …], { why: { en: '…', zh: '…' } })；str(文本) 生成字节，末尾带一个 NUL。
  const name = str(hostname);
  return [
    call('sethostname', [name, name.bytes.length - 1], {
      why: { en: 'set the name that `hostname` shows in here', zh: '设置 `hostname` 在这里显示的名字' },
    }),
  ];
  //<
};
