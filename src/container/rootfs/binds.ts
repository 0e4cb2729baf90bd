import { textOf } from '../../storage/bytes.ts';
import { call, close, mkdir, mount, open } from '../../syscalls/calls.ts';
import { type Data, str } from '../../syscalls/data.ts';
import { type Slot, type Step, slot } from '../../syscalls/step.ts';
import { AT, MOVE_MOUNT, MS, O, OPEN_TREE, S } from '../../syscalls/uapi/flags.ts';
import type { Architecture } from '../../syscalls/uapi/numbers.ts';
import { descriptorPath, groupOf, type MountTarget, mountPoint, nameDescriptor } from './mount-point.ts';

/** A file or directory of the host that the container sees. */
export interface Bind extends MountTarget {
  source: string;
  readonly: boolean;
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
  return binds.map(bind =>
    call(
      'open_tree',
      [AT.AT_FDCWD, str(bind.source), OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.AT_RECURSIVE | OPEN_TREE.OPEN_TREE_CLOEXEC],
      {
        why: `hold ${bind.source} as a mount without a place, to be put into the container`,
        lesson,
        group: 'hold volumes',
        groupWhy:
          'files and directories of the host, held as mounts without a place: in the container no path leads to them',
        save: bind.held,
      },
    ),
  );
}

/** In the parent after clone: the child has its own. Held for as long as the container lives they would keep disks busy. */
export function dropSources(binds: readonly HeldBind[]): Step[] {
  return binds.map(bind =>
    close(bind.held, {
      why: 'held by the supervisor too it would keep a disk busy',
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
        why: `${bind.source} appears at ${textOf(bind.target)}`,
      }),
      close(place.held, { ...about, why: 'it has its mount' }),
      nameDescriptor(bind.held, mounted, {
        ...about,
        why: 'the descriptor leads to the mount, wherever its name leads by now',
      }),
      ...settle(bind, mounted, groupOf(bind)),
    ];
  });
}

/** Own propagation, and read-only where asked for: a bind takes neither at its first mount(2). */
function settle(bind: Bind, mounted: string | Data, group: string): Step[] {
  const about = { lesson, group };
  const shows = (bind.propagation & MS.MS_PRIVATE) === 0;
  return [
    mount(null, mounted, null, bind.propagation, null, {
      ...about,
      why: shows
        ? 'mounts made later below it show on the other side, as was asked for'
        : 'mounts made in the container below it do not show on the host',
    }),
    ...(bind.readonly
      ? [
          mount(null, mounted, null, MS.MS_REMOUNT | MS.MS_BIND | MS.MS_RDONLY, null, {
            ...about,
            why: 'a bind becomes read-only by a second mount',
          }),
        ]
      : []),
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
  groupWhy:
    'root and sources side by side on a tmpfs of our own, which becomes "/" before any path of the image is looked up',
};

/** Where the container's root is on the stage, seen from the stage. */
export const stagedRoot = '/root';

/** Child section, while the host is there: the stage. The root is mounted on `staging` + `stagedRoot` after it. */
export function makeStage(staging: string): Step[] {
  return [
    mount('tmpfs', staging, 'tmpfs', 0, 'mode=700', { ...stage, why: 'a place of our own for root and sources' }),
    mkdir(staging + stagedRoot, 0o755, { ...stage, why: 'where the root will be' }),
  ];
}

/** Child section, before the first pivot: the sources beside the root, with all that a bind of them takes over. */
export function stageSources(binds: readonly HeldBind[], staging: string): Step[] {
  const place = (i: number) => `${staging}/source${i}`;
  return binds.flatMap((bind, i) => [
    bind.kind === 'directory'
      ? mkdir(place(i), 0o700, { ...stage, why: 'a place for the source beside the root' })
      : call('mknodat', [AT.AT_FDCWD, str(place(i)), S.S_IFREG | 0o600, 0], {
          ...stage,
          why: 'a place for the source beside the root',
        }),
    mount(bind.source, place(i), null, MS.MS_BIND | MS.MS_REC, null, {
      ...stage,
      why: `bind ${bind.source} while its path still means something`,
    }),
    ...settle(bind, place(i), stage.group),
    open(place(i), O.O_PATH, { ...stage, why: 'hold it: no path will lead there', save: bind.held }),
  ]);
}

/** Child section, with the stage as "/": the steps of `inside` are done in a chroot of the container's root. */
export function insideStagedRoot(inside: readonly Step[]): Step[] {
  const way = slot('stage');
  return [
    open('/', O.O_PATH, { ...stage, why: 'the way back out of the chroot', save: way }),
    call('chdir', [str(stagedRoot)], { ...stage, why: "the container's root, about to be the end of every path" }),
    call('chroot', [str('.')], { ...stage, why: 'paths and links of the image end here, ".." included' }),
    ...inside,
    call('fchdir', [way], { ...stage, why: 'out again, for the last change of root' }),
    call('chroot', [str('.')], { ...stage, why: 'pivot_root wants a root that is a mount of its own' }),
    close(way, { ...stage, why: 'nothing outside stays open' }),
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
      nameDescriptor(bind.held, source, { ...about, why: 'the path of a held file' }),
      mount(source, place.path, null, MS.MS_BIND | MS.MS_REC, null, {
        ...about,
        why: `${bind.source} appears at ${textOf(bind.target)}`,
      }),
      close(place.held, { ...about, why: 'it has its mount' }),
      close(bind.held, { ...about, why: 'it has its place' }),
    ];
  });
}
