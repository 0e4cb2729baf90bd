import type { Pieces } from '../../src/engine/compile/pieces.ts';
import { call } from '../../src/syscalls/calls.ts';
import { CLONE, signals } from '../../src/syscalls/uapi/flags.ts';

/**
 * Host section: the step that makes the new process, with namespaces of its own for `types`. The rest of the section goes on in
 * the parent; in the child the child section begins.
 * host 段：造出新进程的那一步，`types` 里的命名空间它各有自己的一份。父进程接着做本段剩下的步骤，子进程从 child 段开始。
 */
export const cloneProcess: Pieces['cloneProcess'] = (types, child) => {
  //> Return one step: clone(2). Its first argument is flags: one bit for each namespace, and in the lowest byte the signal
  //> that the parent gets when the child ends. The other four arguments are 0.
  //> 返回一个步骤：clone(2)。第一个参数是标志：每个命名空间一个位，最低的字节是子进程结束时父进程收到的信号。其余四个参数是 0。
  //> `types` holds some of mount, uts, ipc, pid, network, cgroup. The cgroup namespace is not made here: the process unshares it
  //> when it is in its group.
  //> `types` 里有 mount、uts、ipc、pid、network、cgroup 中的一些。cgroup 命名空间不在这里创建：进程进了自己的组之后再用 unshare。
  //> Besides `why` the step says `save: child` (where the pid goes) and `forks: true` (here the ways part).
  //> 除了 `why`，这个步骤还要写 `save: child`（PID 存到哪里）和 `forks: true`（从这里分成两路）。
  const flag = {
    mount: CLONE.CLONE_NEWNS,
    uts: CLONE.CLONE_NEWUTS,
    ipc: CLONE.CLONE_NEWIPC,
    pid: CLONE.CLONE_NEWPID,
    network: CLONE.CLONE_NEWNET,
    user: CLONE.CLONE_NEWUSER,
    cgroup: 0,
  };
  const flags = types.reduce<number>((all, type) => all | flag[type], signals.SIGCHLD);
  return call('clone', [flags >>> 0, 0, 0, 0, 0], {
    why: { en: 'a process with namespaces of its own', zh: '一个有自己命名空间的进程' },
    save: child,
    forks: true,
  });
  //<
};
