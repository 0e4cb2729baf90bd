import type { Pieces } from '../../src/engine/compile/pieces.ts';
import type { Endpoint } from '../../src/network/endpoint.ts';
import { exchange, openNetlink, type Request } from '../../src/network/netlink/netlink.ts';
import {
  addDefaultRoute,
  addVeth,
  replaceAddress,
  setMasterUp,
  setUp,
  showLink,
} from '../../src/network/netlink/rtnetlink.ts';
import { close, open } from '../../src/syscalls/calls.ts';
import { slot } from '../../src/syscalls/step.ts';
import { O } from '../../src/syscalls/uapi/flags.ts';

/**
 * What goes to the host's socket. The cable is there already: eth0 in the container, `hostInterface` on the host.
 * 发给宿主机套接字的消息。网线已经有了：容器里是 eth0，宿主机上是 `hostInterface`。
 */
function onTheHost({ bridge, hostInterface }: Endpoint): Request[] {
  //> Plug the host's end into the bridge and bring it up. setMasterUp(name, index) makes that message.
  //> 把宿主机这一端插进网桥并启用。这条消息由 setMasterUp(名字, 编号) 生成。
  //> It wants the bridge's number, which only the kernel knows: showLink(bridge) gives a `message` that asks, and
  //> the `index` in the answer, to be used in a later message.
  //> 它要的是网桥的编号，只有内核知道：showLink(bridge) 给出一条提问的 `message`，以及应答里的 `index`，留给后面的消息用。
  //> A request is { message, why: { en: '…', zh: '…' } }; return a list of them, in their order.
  //> 一个请求写作 { message, why: { en: '…', zh: '…' } }；按顺序返回它们的列表。
  const found = showLink(bridge);
  return [
    { message: found.message, why: { en: 'ask for the index of the bridge', zh: '查询网桥的编号' } },
    {
      message: setMasterUp(hostInterface, found.index),
      why: { en: 'plug the host’s end into the bridge', zh: '把宿主机这一端插进网桥' },
    },
  ];
  //<
}

/**
 * What goes to the container's socket: everything that a fresh network namespace lacks.
 * 发给容器套接字的消息：新建的网络命名空间里还缺的一切。
 */
function inTheContainer({ address, prefixLength, gateway, index }: Endpoint): Request[] {
  //> Four messages: `lo` up, the address of `eth0`, `eth0` up, the way out by the gateway.
  //> 四条消息：启用 `lo`，设置 `eth0` 的地址，启用 `eth0`，经网关出去的路。
  //> setUp(name), replaceAddress(name, index, address, prefixLength), addDefaultRoute(gateway). Mind the order.
  //> setUp(名字)、replaceAddress(名字, 编号, 地址, 前缀长度)、addDefaultRoute(网关)。注意顺序。
  return [
    { message: setUp('lo'), why: { en: 'bring loopback up', zh: '启用回环接口' } },
    {
      message: replaceAddress('eth0', index, address, prefixLength),
      why: { en: 'give eth0 its address', zh: '给 eth0 设置地址' },
    },
    { message: setUp('eth0'), why: { en: 'bring eth0 up', zh: '启用 eth0' } },
    { message: addDefaultRoute(gateway), why: { en: 'set the way out', zh: '设置出去的路' } },
  ];
  //<
}

/**
 * The cable and its order are given: a descriptor of the host's namespace and a socket into it are opened before clone, a
 * socket into the container's own after it, and all are closed before the program starts.
 * 网线和次序已经写好：clone 之前打开宿主机命名空间的描述符和通向它的套接字，clone 之后打开容器自己的套接字，程序启动前全部关掉。
 */
export const vethPair: Pieces['vethPair'] = endpoint => {
  const hostNamespace = slot('hostNetns');
  const hostNetlink = slot('hostNetlink');
  const netlink = slot('netlink');
  const pair = {
    name: 'eth0',
    index: endpoint.index,
    mac: endpoint.macAddress,
    peer: endpoint.hostInterface,
    peerNamespace: hostNamespace,
  };
  const about = { why: { en: 'for the cable', zh: '为接线做准备' } };
  const done = {
    why: { en: 'nothing of the host’s network is left in the container', zh: '不把宿主机网络的东西留在容器里' },
  };
  return {
    host: [open('/proc/self/ns/net', O.O_RDONLY, { ...about, save: hostNamespace }), openNetlink(hostNetlink, about)],
    parent: [close(hostNetlink, done), close(hostNamespace, done)],
    child: [
      openNetlink(netlink, about),
      ...exchange(netlink, [{ message: addVeth(pair), why: { en: 'create the veth pair', zh: '创建 veth 对' } }]),
      ...exchange(hostNetlink, onTheHost(endpoint)),
      ...exchange(netlink, inTheContainer(endpoint)),
      close(netlink, done),
      close(hostNetlink, done),
      close(hostNamespace, done),
    ],
  };
};
