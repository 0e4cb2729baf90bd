import type { ExistingNamespace } from '../../container/process/enter.ts';
import type { HeldBind } from '../../container/rootfs/binds.ts';
import { isBind } from '../../container/rootfs/mount-targets.ts';
import type { HostFacts } from '../../host/facts.ts';
import { textOf } from '../../storage/bytes.ts';
import { call, mount } from '../../syscalls/calls.ts';
import { str } from '../../syscalls/data.ts';
import { type Program, program, type Slot, type Step, slot } from '../../syscalls/step.ts';
import { CLONE, MNT, MS } from '../../syscalls/uapi/flags.ts';
import { type Container, rootSteps } from './compile.ts';
import type { Pieces } from './pieces.ts';

const lesson = 'mount-namespace' as const;

/**
 * The program of a process that only has a container's files as its root, and waits: its layers, and volumes where they are wanted,
 * but none of the kernel's file systems. Whoever copies files goes in by /proc/PID/root. What is mounted goes with the process.
 *
 * @param container with a spec that has no mounts but /proc and those wanted  @param running its mount namespace, where it runs
 */
export function compileView(
  container: Container,
  running: ExistingNamespace | undefined,
  facts: HostFacts,
  pieces: Pieces,
): Program {
  const child = slot('child');
  const tether = pieces.dieWithSupervisor();
  const held = new Map<string, Slot>();
  const binds = running === undefined ? pieces.holdBinds(container.mounts.filter(isBind)) : [];
  const sources = facts.features.openTree ? binds : [];
  return program({
    host: [
      ...(running === undefined ? pieces.openSources(sources) : pieces.holdNamespace('mnt', running, held)),
      ...tether.host,
      pieces.cloneProcess(running === undefined ? ['mount'] : [], child),
      ...tether.parent,
      ...pieces.dropSources(sources),
      ...pieces.dropNamespaces(held),
    ],
    child: [
      ...tether.first,
      ...(running === undefined
        ? restingRoot(container, binds, facts, pieces)
        : [...pieces.enterNamespace('mnt', held.get('mnt')), ...runningRoot(container, pieces)]),
      ...tether.last,
      ...pieces.readyToRun(),
    ],
    supervise: { child },
  });
}

/** The root of a container that does not run is made as for its start, with a /proc for as long as mounts are placed. */
function restingRoot(container: Container, binds: readonly HeldBind[], facts: HostFacts, pieces: Pieces): Step[] {
  return [
    ...pieces.mountNamespace(),
    ...rootSteps(container, facts, pieces, binds),
    call('umount2', [str('/proc'), MNT.MNT_DETACH], {
      why: {
        en: 'take /proc away, which the volumes needed: only files of the container are to be seen',
        zh: '再把 /proc 摘下，它只是放置卷时需要：这里只该看到容器的文件',
      },
      lesson,
    }),
  ];
}

/**
 * The root of a running container once more, in a copy of its mount namespace: of what is mounted there only the volumes. All paths
 * are the container's, and the host cannot be reached by any of them.
 */
function runningRoot(container: Container, pieces: Pieces): Step[] {
  // A directory that every container has and under which no volume can be.
  const place = '/proc';
  return [
    call('unshare', [CLONE.CLONE_NEWNS], {
      why: {
        en: 'copy the mount namespace of the container: it does not see what is mounted here',
        zh: '复制容器的挂载命名空间：它看不到这里的挂载',
      },
      lesson,
    }),
    ...pieces.mountNamespace(),
    mount('/', place, null, MS.MS_BIND, null, {
      why: {
        en: 'the root file system once more, without what is mounted below it',
        zh: '再次挂载根文件系统，不带它下面的挂载',
      },
      lesson,
    }),
    ...container.mounts.filter(isBind).map(({ target, destination }) =>
      mount(textOf(target), place + textOf(target), null, MS.MS_BIND | MS.MS_REC, null, {
        why: { en: `bring along what is mounted at ${destination}`, zh: `带上挂载在 ${destination} 的内容` },
        lesson,
        // The container may have moved its mount point.
        tolerate: ['ENOENT', 'ENOTDIR'],
      }),
    ),
    ...pieces.pivotRoot(place),
  ];
}
