import type { Pieces } from '../../src/engine/compile/pieces.ts';
import { exchange, openNetlink } from '../../src/network/netlink/netlink.ts';
import { setUp } from '../../src/network/netlink/rtnetlink.ts';
import { close } from '../../src/syscalls/calls.ts';
import { slot } from '../../src/syscalls/step.ts';

/**
 * `--network none`: a network namespace with nothing but its own loopback. `host` is performed before clone, `parent` after
 * it in the parent, `child` in the new process, which is in its new network namespace already.
 * `--network none`：只有自己的回环接口的网络命名空间。`host` 在 clone 之前执行，`parent` 在之后的父进程里执行，`child` 在新进程里执行，
 * 它此时已经在新的网络命名空间里。
 */
export const loopbackOnly: Pieces['loopbackOnly'] = () => {
  const netlink = slot('netlink');
  const why = { en: 'loopback', zh: '回环接口' };
  //> Return { host: […], parent: […], child: […] }, lists of steps, of which some are empty.
  //> 返回 { host: […], parent: […], child: […] }，都是步骤的列表，有的是空的。
  //> openNetlink(netlink, { why }) is the step that opens the socket and keeps it in the slot `netlink`;
  //> openNetlink(netlink, { why }) 这一步打开套接字，并把它留在 `netlink` 里；
  //> exchange(netlink, [{ message: setUp('lo'), why }]) is the list of steps that sends the message and checks the answer;
  //> exchange(netlink, [{ message: setUp('lo'), why }]) 是发送消息并检查应答的一组步骤；
  //> close(netlink, { why }) closes it. In which namespace must the socket be opened?
  //> close(netlink, { why }) 把它关掉。套接字必须在哪个命名空间里打开？
  return {
    host: [],
    parent: [],
    child: [
      openNetlink(netlink, { why }),
      ...exchange(netlink, [{ message: setUp('lo'), why }]),
      close(netlink, { why }),
    ],
  };
  //<
};
