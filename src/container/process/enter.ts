import { call, close, expect, open } from '../../syscalls/calls.ts';
import { room } from '../../syscalls/data.ts';
import { type Slot, type Step, slot } from '../../syscalls/step.ts';
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

/**
 * Host section: holds one namespace of a running container. It must be the one that was written down when the container
 * started: a pid that the kernel has given to another process since would have others.
 */
export function holdNamespace(
  name: string,
  target: { pid: number; namespaces: Readonly<Record<string, number>> },
  held: Map<string, Slot>,
): Step[] {
  const namespace = slot(`${name} namespace`);
  held.set(name, namespace);
  const stat = room(144, `<fstat of the ${name} namespace>`);
  const inode = new Uint8Array(8);
  new DataView(inode.buffer).setBigUint64(0, BigInt(target.namespaces[name]!), true);
  const about = {
    lesson,
    group: 'hold namespaces',
    groupWhy:
      'the namespaces that were written down at its start: of a process that got its pid since they would be others',
  };
  return [
    open(`/proc/${target.pid}/ns/${name}`, O.O_RDONLY, {
      ...about,
      why: "a namespace of the container's first process",
      save: namespace,
    }),
    call('fstat', [namespace, stat], { ...about, why: 'which one is it?' }),
    // st_ino is the second field on x86_64 and arm64.
    expect(stat, 8, inode, {
      ...about,
      why: 'the one that was written down at its start: this pid is not another process by now',
    }),
  ];
}

/** Enters a held namespace; nothing where there is none (host network, no cgroup namespace). */
export function enterNamespace(name: string, namespace: Slot | undefined): Step[] {
  if (namespace === undefined) return [];
  const why =
    name === 'pid'
      ? 'the next child is born into it; this process itself stays outside'
      : `the container's ${name} namespace`;
  return [
    call('setns', [namespace, flags[name]!], {
      why,
      lesson,
      group: 'enter namespaces',
      groupWhy: 'one namespace of the container after the other; that of its mounts last: no path leads out of it',
    }),
  ];
}

/** The supervisor closes its descriptors of the container's namespaces. */
export function dropNamespaces(held: ReadonlyMap<string, Slot>): Step[] {
  return [...held.values()].map(namespace =>
    close(namespace, { why: 'not needed by the supervisor', lesson, group: 'let go of namespaces' }),
  );
}
