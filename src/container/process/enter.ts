import { call, close, expect, open } from '../../syscalls/calls.ts';
import { room } from '../../syscalls/data.ts';
import { type Reason, type Slot, type Step, slot } from '../../syscalls/step.ts';
import { CLONE, O } from '../../syscalls/uapi/flags.ts';

const lesson = 'pid-namespace' as const;

const flags: Record<string, number> = {
  pid: CLONE.CLONE_NEWPID,
  ipc: CLONE.CLONE_NEWIPC,
  uts: CLONE.CLONE_NEWUTS,
  net: CLONE.CLONE_NEWNET,
  cgroup: CLONE.CLONE_NEWCGROUP,
  mnt: CLONE.CLONE_NEWNS,
};

/** A namespace that is there already, by its file: `/proc/4711/ns/ipc`. */
export interface ExistingNamespace {
  path: string;
  /** Its inode number, where that was recorded; without one any namespace of the kind is accepted. */
  inode?: number;
}

/**
 * Host section: opens one namespace of a running container. It must have the inode recorded at the container's start: the pid
 * may have been given to another process since, whose namespaces are others.
 *
 * @param name as in /proc/PID/ns
 */
export function holdNamespace(name: string, target: ExistingNamespace, held: Map<string, Slot>): Step[] {
  const namespace = slot(`${name} namespace`);
  held.set(name, namespace);
  const about = {
    lesson,
    group: 'hold namespaces',
    groupWhy: {
      en: 'hold the namespaces recorded at the start; a process that reused the pid has others',
      zh: '打开启动时记录的命名空间；后来用了同一 PID 的进程，命名空间会不同',
    },
  };
  return [
    open(target.path, O.O_RDONLY, {
      ...about,
      why: { en: "hold a namespace of the container's first process", zh: '打开容器首个进程的一个命名空间' },
      save: namespace,
    }),
    ...(target.inode === undefined ? [] : expectInode(name, namespace, target.inode, about)),
  ];
}

function expectInode(name: string, namespace: Slot, number: number, about: Omit<Reason, 'why'>): Step[] {
  const stat = room(144, `<fstat of the ${name} namespace>`);
  const inode = new Uint8Array(8);
  new DataView(inode.buffer).setBigUint64(0, BigInt(number), true);
  return [
    call('fstat', [namespace, stat], {
      ...about,
      why: { en: 'ask which namespace this is: its inode identifies it', zh: '查询这是哪个命名空间：凭 inode 识别' },
    }),
    // st_ino is the second field on x86_64 and arm64.
    expect(stat, 8, inode, {
      ...about,
      why: {
        en: 'the namespace must be the one recorded at the start: the pid may have been reused',
        zh: '必须是启动时记录的那个命名空间：PID 可能已被别的进程使用',
      },
    }),
  ];
}

/** Enters a namespace that is held by a descriptor; no steps where there is none (host network, no cgroup namespace). */
export function enterNamespace(name: string, namespace: Slot | undefined): Step[] {
  if (namespace === undefined) return [];
  const why =
    name === 'pid'
      ? {
          en: 'the next child will be in this PID namespace; the process itself stays outside',
          zh: '下一个子进程会在这个 PID 命名空间里；当前进程自己仍在外面',
        }
      : { en: `enter the ${name} namespace of the container`, zh: `进入容器的 ${name} 命名空间` };
  return [
    call('setns', [namespace, flags[name]!], {
      why,
      lesson,
      group: 'enter namespaces',
      groupWhy: {
        en: 'enter the namespaces one by one, that of the mounts last: no path leads out of it',
        zh: '逐个进入容器的命名空间，挂载命名空间放在最后：没有路径通到它外面',
      },
    }),
  ];
}

/**
 * Exit section: for a supervisor whose child went into another PID namespace. What it executes has threads, and the kernel
 * makes none for a process whose children go elsewhere (clone(2), CLONE_THREAD).
 */
export function returnToOwnPids(): Step[] {
  const own = slot('own pid namespace');
  const about = { lesson, group: 'return' };
  return [
    open('/proc/self/ns/pid', O.O_RDONLY, {
      ...about,
      why: { en: "hold the supervisor's own PID namespace", zh: '打开监管进程自己的 PID 命名空间' },
      groupWhy: {
        en: 'the keeper has threads: they need the PID namespace that the process itself is in',
        zh: '看护进程有线程：它们必须在进程自己所在的 PID 命名空间里',
      },
      save: own,
    }),
    call('setns', [own, CLONE.CLONE_NEWPID], {
      ...about,
      why: { en: 'the next children are here again', zh: '之后的子进程又在这里' },
    }),
  ];
}

/** The supervisor closes its descriptors of the container's namespaces. */
export function dropNamespaces(held: ReadonlyMap<string, Slot>): Step[] {
  return [...held.values()].map(namespace =>
    close(namespace, {
      why: { en: 'the supervisor does not need the namespaces of the container', zh: '监管进程不需要容器的命名空间' },
      lesson,
      group: 'let go of namespaces',
    }),
  );
}
