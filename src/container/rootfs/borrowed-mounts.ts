import { textOf } from '../../storage/bytes.ts';
import { call, close, expect, open } from '../../syscalls/calls.ts';
import { room, str } from '../../syscalls/data.ts';
import { type Slot, type Step, slot } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { AT, CLONE, O, OPEN_TREE, openFlags, TMPFS_MAGIC } from '../../syscalls/uapi/flags.ts';
import type { Architecture } from '../../syscalls/uapi/numbers.ts';
import type { HeldBind } from './binds.ts';

/**
 * Child section, before the root is changed: takes /dev/shm of another container as a detached mount. It is looked up in that
 * container's mount namespace, where no link can lead to the host; no link is followed, and the result must be a tmpfs.
 *
 * @param donor the other container's mount namespace, held by a descriptor
 */
export function borrowSharedMemory(bind: HeldBind, donor: Slot, arch: Architecture): Step[] {
  const about = {
    lesson: 'volumes' as const,
    group: `borrow ${textOf(bind.target)}`,
    groupWhy: {
      en: 'hold the shared memory of the container whose IPC namespace is joined',
      zh: '留住另一个容器的共享内存，本容器加入的就是它的 IPC 命名空间',
    },
  };
  const own = slot('own mount namespace');
  const above = slot('/dev of the other container');
  const found = slot('/dev/shm of the other container');
  const flags = O.O_PATH | openFlags(arch).O_NOFOLLOW | openFlags(arch).O_DIRECTORY | O.O_CLOEXEC;
  const answer = room(128, '<statfs of /dev/shm>');
  const magic = new Uint8Array(4);
  new DataView(magic.buffer).setUint32(0, TMPFS_MAGIC, true);
  const enter = (namespace: Slot, why: Text) => call('setns', [namespace, CLONE.CLONE_NEWNS], { ...about, why });
  return [
    open('/proc/self/ns/mnt', O.O_RDONLY, {
      ...about,
      why: { en: 'hold the own mount namespace, the way back', zh: '留住自己的挂载命名空间，之后靠它回来' },
      save: own,
    }),
    enter(donor, { en: 'enter the mount namespace of the other container', zh: '进入另一个容器的挂载命名空间' }),
    call('openat', [AT.AT_FDCWD, str('/dev'), flags, 0], {
      ...about,
      why: { en: 'open its /dev and follow no link', zh: '打开它的 /dev，不跟随链接' },
      save: above,
    }),
    call('openat', [above, str('shm'), flags, 0], {
      ...about,
      why: { en: 'open its /dev/shm and follow no link', zh: '打开它的 /dev/shm，不跟随链接' },
      save: found,
    }),
    call('fstatfs', [found, answer], {
      ...about,
      why: { en: 'ask which file system this is', zh: '查询这是什么文件系统' },
    }),
    expect(answer, 0, magic, {
      ...about,
      why: {
        en: 'it must be a file system in memory and no directory of an image',
        zh: '必须是内存文件系统，而不是镜像里的目录',
      },
    }),
    call('open_tree', [found, str(''), OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.OPEN_TREE_CLOEXEC | AT.AT_EMPTY_PATH], {
      ...about,
      why: {
        en: 'hold it as a detached mount, which can be attached elsewhere',
        zh: '作为未接入目录树的挂载留住，可以接到别处',
      },
      save: bind.held,
    }),
    enter(own, { en: 'return to the own mount namespace', zh: '回到自己的挂载命名空间' }),
    ...[own, above, found, donor].map(one =>
      close(one, {
        ...about,
        why: { en: 'the mount is held, so the way to it need not be', zh: '挂载已经留住，不必再留着通往它的路' },
      }),
    ),
  ];
}
