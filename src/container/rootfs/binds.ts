import { textOf } from '../../storage/bytes.ts';
import { call, close, mkdir, mount, open } from '../../syscalls/calls.ts';
import { type Data, str } from '../../syscalls/data.ts';
import { type Slot, type Step, slot } from '../../syscalls/step.ts';
import { AT, MOVE_MOUNT, MS, O, OPEN_TREE, S } from '../../syscalls/uapi/flags.ts';
import type { Architecture } from '../../syscalls/uapi/numbers.ts';
import type { ExistingNamespace } from '../process/enter.ts';
import { descriptorPath, groupOf, type MountTarget, mountPoint, nameDescriptor } from './mount-point.ts';

/** A file or directory of the host that the container sees. */
export interface Bind extends MountTarget {
  source: string;
  /** The mount namespace in which the source is looked up: that of another container. */
  within?: ExistingNamespace;
  readonly: boolean;
  /** False: mounts below the source stay behind. */
  recursive?: false;
  /** Further flags of mount(2): MS_NOSUID, MS_NODEV, MS_NOEXEC. */
  flags?: number;
  /** MS_PRIVATE (Docker's default) or what the user asked for. */
  propagation: number;
}

/** A bind whose source is held by a descriptor, so that its target can be reached when the host cannot. */
export interface HeldBind extends Bind {
  held: Slot;
}

export const holdBinds = (binds: readonly Bind[]): HeldBind[] =>
  binds.map((bind, i) => ({ ...bind, held: slot(`source${i}`) }));

const lesson = 'volumes' as const;

/** Host section: a detached copy of each source's mount, while its path still means something (open_tree, Linux 5.2). */
export function openSources(binds: readonly HeldBind[]): Step[] {
  const flags = OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.OPEN_TREE_CLOEXEC;
  return binds.map(bind =>
    call(
      'open_tree',
      [AT.AT_FDCWD, str(bind.source), bind.recursive === false ? flags : flags | OPEN_TREE.AT_RECURSIVE],
      {
        why: {
          en: `hold ${bind.source} as a detached mount, to be attached in the container later`,
          zh: `先把 ${bind.source} 作为未接入目录树的挂载留住，稍后再接到容器里`,
        },
        lesson,
        group: 'hold volumes',
        groupWhy: {
          en: 'hold files of the host as detached mounts: no path in the container leads to them',
          zh: '把宿主机的文件作为未接入目录树的挂载留住：容器里没有路径通向它们',
        },
        save: bind.held,
      },
    ),
  );
}

/**
 * In the parent after clone: closes the sources, of which the child has descriptors of its own. Kept open for as long as the
 * container lives, they would keep disks busy.
 */
export function dropSources(binds: readonly HeldBind[]): Step[] {
  return binds.map(bind =>
    close(bind.held, {
      why: {
        en: 'the supervisor closes the volume, or it would keep the disk busy',
        zh: '监管进程关闭这个卷，否则会一直占用磁盘',
      },
      lesson,
      group: 'let go of volumes',
    }),
  );
}

/** Child section, after the host is gone: each held mount gets its place. */
export function placeBinds(binds: readonly HeldBind[], arch: Architecture): Step[] {
  const flags = MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT.MOVE_MOUNT_T_EMPTY_PATH;
  return binds.flatMap(bind => {
    const about = { lesson, group: groupOf(bind) };
    const place = mountPoint(bind, arch);
    const mounted = descriptorPath(bind.held);
    return [
      ...place.steps,
      call('move_mount', [bind.held, str(''), place.held, str(''), flags], {
        ...about,
        why: {
          en: `attach ${bind.source} at ${textOf(bind.target)}`,
          zh: `把 ${bind.source} 接到 ${textOf(bind.target)}`,
        },
      }),
      close(place.held, {
        ...about,
        why: { en: 'the mount is in place, so its mount point need not be held', zh: '挂载已经就位，不必再留住挂载点' },
      }),
      nameDescriptor(bind.held, mounted, {
        ...about,
        why: {
          en: 'name the mount by its descriptor, wherever its path leads by now',
          zh: '用描述符指定这个挂载，不管它的路径现在通向哪里',
        },
      }),
      ...settle(bind, mounted, groupOf(bind)),
    ];
  });
}

/** Sets the propagation, and read-only where asked for: mount(2) accepts neither in the call that makes a bind. */
function settle(bind: Bind, mounted: string | Data, group: string): Step[] {
  const about = { lesson, group };
  const remounted = (bind.flags ?? 0) | (bind.readonly ? MS.MS_RDONLY : 0);
  const shows = (bind.propagation & MS.MS_PRIVATE) === 0;
  return [
    mount(null, mounted, null, bind.propagation, null, {
      ...about,
      why: shows
        ? {
            en: 'mounts that are made below it later propagate, as the user asked',
            zh: '以后在它下面的挂载会传播，这是用户要求的',
          }
        : {
            en: 'mounts that the container makes below it do not appear on the host',
            zh: '容器在它下面做的挂载不会出现在宿主机上',
          },
    }),
    ...(remounted === 0
      ? []
      : [
          mount(null, mounted, null, MS.MS_REMOUNT | MS.MS_BIND | remounted, null, {
            ...about,
            why:
              remounted === MS.MS_RDONLY
                ? {
                    en: 'make the mount read-only: a bind mount takes this flag only when remounted',
                    zh: '把挂载改为只读：绑定挂载要重新挂载一次才接受这个标志',
                  }
                : {
                    en: 'set the flags of the mount: a bind mount takes them only when remounted',
                    zh: '设置挂载的标志：绑定挂载要重新挂载一次才接受它们',
                  },
          }),
        ]),
  ];
}

/*
 * The same before Linux 5.2, where a mount without a place cannot be bound. A private tmpfs, the stage, holds the root and
 * the sources side by side and becomes "/", so that the host is gone while the sources are not. Paths of the image are
 * looked up in a chroot of the root, from which no ".." leads to the stage; the sources are reached by descriptors alone.
 * At the end the root becomes "/" by a second pivot_root, since a chroot is no wall for a process with CAP_SYS_CHROOT.
 */

const stage = {
  lesson,
  group: 'stage volumes',
  groupWhy: {
    en: 'a private tmpfs holds root and volumes; it becomes "/" before image paths are looked up',
    zh: '私有的 tmpfs 存放根和各个卷；在解析镜像里的路径之前，它先成为 /',
  },
};

/** Where the container's root is on the stage, seen from the stage. */
export const stagedRoot = '/root';

/** Child section, while the host is there: the stage. The root is mounted on `staging` + `stagedRoot` after it. */
export function makeStage(staging: string): Step[] {
  return [
    mount('tmpfs', staging, 'tmpfs', 0, 'mode=700', {
      ...stage,
      why: {
        en: 'a private tmpfs will hold the root and the sources of the volumes',
        zh: '私有的 tmpfs，用来放置根和各个卷的源',
      },
    }),
    mkdir(staging + stagedRoot, 0o755, {
      ...stage,
      why: { en: "create the mount point of the container's root", zh: '创建容器根目录的挂载点' },
    }),
  ];
}

/** Child section, before the first pivot: the sources beside the root, with all that a bind of them takes over. */
export function stageSources(binds: readonly HeldBind[], staging: string): Step[] {
  const place = (i: number) => `${staging}/source${i}`;
  return binds.flatMap((bind, i) => [
    bind.kind === 'directory'
      ? mkdir(place(i), 0o700, {
          ...stage,
          why: {
            en: 'create a directory beside the root to bind the source on',
            zh: '在根的旁边创建目录，作为源的挂载点',
          },
        })
      : call('mknodat', [AT.AT_FDCWD, str(place(i)), S.S_IFREG | 0o600, 0], {
          ...stage,
          why: {
            en: 'create a file beside the root to bind the source on',
            zh: '在根的旁边创建文件，作为源的挂载点',
          },
        }),
    mount(bind.source, place(i), null, bind.recursive === false ? MS.MS_BIND : MS.MS_BIND | MS.MS_REC, null, {
      ...stage,
      why: {
        en: `bind ${bind.source} here while its path still leads to the host`,
        zh: `趁路径还通向宿主机，把 ${bind.source} 绑定挂载到这里`,
      },
    }),
    ...settle(bind, place(i), stage.group),
    open(place(i), O.O_PATH, {
      ...stage,
      why: {
        en: 'hold the source by a descriptor, since no path will lead to it later',
        zh: '用描述符留住源，因为以后没有路径通向它',
      },
      save: bind.held,
    }),
  ]);
}

/** Child section, with the stage as "/": the steps of `inside` are done in a chroot of the container's root. */
export function insideStagedRoot(inside: readonly Step[]): Step[] {
  const way = slot('stage');
  return [
    open('/', O.O_PATH, {
      ...stage,
      why: { en: 'hold "/", the way back out of the chroot', zh: '留住 / 的描述符，之后靠它走出 chroot' },
      save: way,
    }),
    call('chdir', [str(stagedRoot)], {
      ...stage,
      why: { en: 'enter the container\'s root, which the next step makes "/"', zh: '进入容器的根，下一步让它成为 /' },
    }),
    call('chroot', [str('.')], {
      ...stage,
      why: {
        en: 'confine all paths and links of the image to this root, ".." included',
        zh: '镜像里的路径和链接都出不了这个根，.. 也不行',
      },
    }),
    ...inside,
    call('fchdir', [way], {
      ...stage,
      why: { en: 'leave the chroot, to change the root for the last time', zh: '走出 chroot，准备最后一次换根' },
    }),
    call('chroot', [str('.')], {
      ...stage,
      why: { en: 'pivot_root needs a current root that is a mount point', zh: 'pivot_root 要求当前的根是挂载点' },
    }),
    close(way, {
      ...stage,
      why: { en: 'close the last descriptor that leads outside of the root', zh: '关闭最后一个通向根外面的描述符' },
    }),
  ];
}

/** Child section, inside and with /proc mounted: each source gets its place, both by their descriptors. */
export function bindStaged(binds: readonly HeldBind[], arch: Architecture): Step[] {
  return binds.flatMap(bind => {
    const source = descriptorPath(bind.held);
    const about = { lesson, group: groupOf(bind) };
    const place = mountPoint(bind, arch);
    return [
      ...place.steps,
      nameDescriptor(bind.held, source, {
        ...about,
        why: { en: 'name the held source by its descriptor', zh: '用描述符指定留住的源' },
      }),
      mount(source, place.path, null, MS.MS_BIND | MS.MS_REC, null, {
        ...about,
        why: {
          en: `bind ${bind.source} at ${textOf(bind.target)}`,
          zh: `把 ${bind.source} 绑定挂载到 ${textOf(bind.target)}`,
        },
      }),
      close(place.held, {
        ...about,
        why: { en: 'the mount is in place, so its mount point need not be held', zh: '挂载已经就位，不必再留住挂载点' },
      }),
      close(bind.held, {
        ...about,
        why: { en: 'the source is mounted, so its descriptor is not needed', zh: '源已经挂载好，不再需要它的描述符' },
      }),
    ];
  });
}
