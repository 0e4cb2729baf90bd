import { call } from '../../syscalls/calls.ts';
import { str, strings } from '../../syscalls/data.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { AT, LOCK, O, S } from '../../syscalls/uapi/flags.ts';

const lesson = 'supervisor' as const;

/** Notice section: leaves an empty file as a message for the keeper, and starts or wakes it. */
export function tellKeeper(file: string, keeper: { lock: string; command: readonly string[] }): Step[] {
  return [
    call('mknodat', [AT.AT_FDCWD, str(file), S.S_IFREG | 0o600, 0], {
      why: {
        en: 'note that the kernel ended a process at the memory limit',
        zh: '记下内核因内存限额结束了一个进程',
      },
      lesson,
      tolerate: ['EEXIST'],
    }),
    ...startKeeper(keeper.lock, keeper.command),
  ];
}

/**
 * Reap section: starts the engine's keeper, one for all containers. It takes the lock before execve and keeps it. A
 * keeper that runs already watches the lock's file: opening it with O_TRUNC wakes it (inotify(7), IN_MODIFY).
 */
export function startKeeper(lockFile: string, command: readonly string[]): Step[] {
  const lock = slot('keeper lock');
  const groupWhy = {
    en: 'one keeper cleans up after all containers; if it runs already, it takes this one too',
    zh: '所有容器由同一个看护进程善后；它如果已在运行，也会处理这个容器',
  };
  const about = (why: Text) => ({ why, lesson, group: 'start the keeper', groupWhy });
  return [
    call('openat', [AT.AT_FDCWD, str(lockFile), O.O_CREAT | O.O_RDWR | O.O_TRUNC, 0o600], {
      ...about({
        en: "open the keeper's lock file; truncating it wakes a keeper that runs",
        zh: '打开看护进程的锁文件；截断它会唤醒正在运行的看护进程',
      }),
      save: lock,
    }),
    call(
      'flock',
      [lock, LOCK.LOCK_EX | LOCK.LOCK_NB],
      about({
        en: 'take the lock; a keeper that holds it already will find this exit too',
        zh: '加锁；如果已有看护进程持有，它也会发现这次退出',
      }),
    ),
    call('dup3', [lock, 3, 0], {
      ...about({
        en: 'the keeper expects its lock as descriptor 3; EINVAL means it is there already',
        zh: '看护进程要求锁在 3 号描述符上；返回 EINVAL 说明已经在那里',
      }),
      tolerate: ['EINVAL'],
    }),
    call(
      'execve',
      [str(command[0]!), strings(command), strings([])],
      about({
        en: 'start the keeper, which cleans up network, cgroup and state',
        zh: '启动看护进程，清理网络、cgroup 和状态文件',
      }),
    ),
  ];
}
