import { call, mkdir, mount, open, store } from '../syscalls/calls.ts';
import { room, str } from '../syscalls/data.ts';
import { AT, MOVE_MOUNT, MS, O, OPEN_TREE } from '../syscalls/flags.ts';
import { type Slot, type Step, slot } from '../syscalls/step.ts';
import { makeDirectory, makeFile } from './mounts.ts';

/** A file or directory of the host that the container sees. */
export interface Bind {
  source: string;
  /** Where it goes, already free of the image's symlinks (src/storage/merged-view.ts). */
  target: string;
  kind: 'file' | 'directory';
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

const lesson = '08-volumes';
const groupOf = (bind: Bind) => `volume ${bind.target}`;

/** Host section: a detached copy of each source's mount, while its path still means something (open_tree, Linux 5.2). */
export function openSources(binds: readonly HeldBind[]): Step[] {
  return binds.map(bind =>
    call(
      'open_tree',
      [AT.AT_FDCWD, str(bind.source), OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.AT_RECURSIVE | OPEN_TREE.OPEN_TREE_CLOEXEC],
      {
        why: `hold ${bind.source} as a mount without a place, to be put into the container`,
        lesson,
        save: bind.held,
      },
    ),
  );
}

/** Child section, after the host is gone: each held mount gets its place. */
export function placeBinds(binds: readonly HeldBind[]): Step[] {
  return binds.flatMap(bind => [
    ...mountPoint(bind),
    call('move_mount', [bind.held, str(''), AT.AT_FDCWD, str(bind.target), MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH], {
      why: `${bind.source} appears at ${bind.target}`,
      lesson,
      group: groupOf(bind),
    }),
    ...settle(bind),
  ]);
}

const mountPoint = (bind: Bind): Step[] =>
  bind.kind === 'directory' ? makeDirectory(bind.target, groupOf(bind)) : makeFile(bind.target, groupOf(bind));

/** Own propagation, and read-only where asked for: a bind takes neither at its first mount(2). */
function settle(bind: Bind): Step[] {
  const about = { lesson, group: groupOf(bind) };
  return [
    mount(null, bind.target, null, bind.propagation, null, {
      ...about,
      why: 'mounts made in the container below it do not show on the host',
    }),
    ...(bind.readonly
      ? [
          mount(null, bind.target, null, MS.MS_REMOUNT | MS.MS_BIND | MS.MS_RDONLY, null, {
            ...about,
            why: 'a bind becomes read-only by a second mount',
          }),
        ]
      : []),
  ];
}

/*
 * The same before Linux 5.2. A private tmpfs holds the root and the sources; it becomes "/" first, so that the host is
 * gone while the sources are not. Then the container's root becomes "/" with that tmpfs stacked on it only until the
 * sources, held by descriptors, are bound through /proc/self/fd.
 */

/** Child section, before the first pivot: the sources side by side with the future root, below `staging`. */
export function stageSources(binds: readonly HeldBind[], staging: string): Step[] {
  const about = { lesson, group: 'stage volumes' };
  const slotName = (i: number) => `${staging}/source${i}`;
  return binds.flatMap((bind, i) => [
    bind.kind === 'directory'
      ? mkdir(slotName(i), 0o700, { ...about, why: 'a place for the source beside the root' })
      : call('mknodat', [AT.AT_FDCWD, str(slotName(i)), 0o100600, 0], {
          ...about,
          why: 'a place for the source beside the root',
        }),
    mount(bind.source, slotName(i), null, MS.MS_BIND | MS.MS_REC, null, {
      ...about,
      why: `bind ${bind.source} while its path still means something`,
    }),
    open(slotName(i), O.O_PATH, { ...about, why: 'hold it across the change of root', save: bind.held }),
  ]);
}

/** Child section, with /proc mounted and before the staging tmpfs is gone. */
export function bindStaged(binds: readonly HeldBind[]): Step[] {
  return binds.flatMap(bind => {
    const path = room(32, `"/proc/self/fd/<${bind.held.name}>"`);
    path.bytes.set(new TextEncoder().encode('/proc/self/fd/'));
    const about = { lesson, group: groupOf(bind) };
    return [
      ...mountPoint(bind),
      store(bind.held, path, 14, 'decimal', { ...about, why: 'the path of a held file' }),
      mount(path, bind.target, null, MS.MS_BIND | MS.MS_REC, null, {
        ...about,
        why: `${bind.source} appears at ${bind.target}`,
      }),
      ...settle(bind),
    ];
  });
}
