import type { Step } from '../../src/syscalls/step.ts';
import { todo } from '../../src/workshop/exercise/todo.ts';

/** Everything that a container is made of, each as a list of steps. 做一个容器所需的全部，每样都是一个步骤列表。 */
interface Parts {
  /** clone with namespaces for mounts, hostname, pids and network. 带着挂载、主机名、进程号、网络命名空间的 clone。 */
  readonly clone: readonly Step[];
  /** Mounts stop being shared with the host. 挂载不再与宿主机共享。 */
  readonly privateMounts: readonly Step[];
  /** The image’s layers and a writable one, as one tree. 镜像的层加上可写层，合成一棵树。 */
  readonly overlay: readonly Step[];
  /** That tree becomes “/”, and the host’s is gone. 这棵树成为“/”，宿主机的树不见了。 */
  readonly pivot: readonly Step[];
  /** A procfs on /proc. 在 /proc 上挂载 procfs。 */
  readonly proc: readonly Step[];
  readonly hostname: readonly Step[];
  /** A cable between two namespaces: before there is a second one; on the host, with its end; inside. */
  /** 两个命名空间之间的网线：第二个命名空间还不存在时；宿主机上处理自己那一端；容器里面。 */
  readonly cable: { readonly host: readonly Step[]; readonly parent: readonly Step[]; readonly child: readonly Step[] };
  /** Another user, and no capability. 换成另一个用户，不留任何权能。 */
  readonly rights: readonly Step[];
}

/** The program of a container: what happens on the host, and what the new process does. 容器的程序：宿主机上做什么，新进程做什么。 */
export const compile = (parts: Parts): { host: Step[]; child: Step[] } => {
  // Put all of them in order. `host` is done by the process that clones, `child` by the one that clone makes; both go on at the same
  // time then. Each part needs something that another takes away: who has no rights mounts nothing, what is gone cannot be mounted.
  // 把它们按顺序排好。`host` 由调用 clone 的进程执行，`child` 由 clone 出来的进程执行；此后两边同时进行。
  // 每一部分都需要某样会被另一部分拿走的东西：没有权限就不能挂载，已经不在的东西也没法挂载。
  return todo();
};
