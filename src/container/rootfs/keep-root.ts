import { call, close, open } from '../../syscalls/calls.ts';
import { room } from '../../syscalls/data.ts';
import { type Reason, type Step, slot, word } from '../../syscalls/step.ts';
import { AF, O, SOCK } from '../../syscalls/uapi/flags.ts';
import { sendDescriptor } from '../process/send-descriptor.ts';

/** The steps that let a root file system outlive its container, by the place where each belongs. */
export interface KeptRoot {
  /** In the supervisor, before clone. */
  host: Step[];
  /** In the supervisor, after clone. */
  parent: Step[];
  /** In the child, once it is in its root. */
  child: Step[];
}

/**
 * The supervisor keeps the container's root mounted until its own end. With the last process of a mount namespace its mounts go,
 * and an overlay has all of the disk below it written then (sync_filesystem in fs/super.c): the end of that process would be
 * known only after everything that others have written lately. So it is told first.
 *
 * The child sends its root by a socket, and nobody takes it out there: so the kernel holds that mount for as long as the
 * supervisor has the socket (unix(7), SCM_RIGHTS). The whole mount namespace would do, too, and keep the volumes with it, which
 * their owners may want to unmount.
 */
export function keepRoot(): KeptRoot {
  const pair = room(8, '<socket pair for the root>');
  const process = word('root.child', pair, 4);
  const root = slot('root');
  const about = (why: Reason['why']) => ({
    why,
    lesson: 'supervisor' as const,
    group: 'keep the root',
    groupWhy: {
      en: 'let the supervisor hold the root: the end is told before its disk is written',
      zh: '让监管进程留住根：磁盘写完之前，就能报告结束',
    },
  });
  return {
    host: [
      call(
        'socketpair',
        [AF.AF_UNIX, SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC | SOCK.SOCK_NONBLOCK, 0, pair],
        about({ en: 'the child will leave its root in this pair of sockets', zh: '子进程将把它的根留在这对套接字里' }),
      ),
    ],
    parent: [
      close(
        process,
        about({
          en: 'the supervisor closes the socket that belongs to the child',
          zh: '监管进程关闭属于子进程的那个套接字',
        }),
      ),
    ],
    child: [
      open('/', O.O_PATH, {
        ...about({
          en: 'open the root: an overlay that is unmounted has its disk written',
          zh: '打开根：overlay 卸载时会写磁盘',
        }),
        save: root,
      }),
      ...sendDescriptor(
        process,
        root,
        about({
          en: 'leave the root in the socket, where it is held and nobody reads it',
          zh: '把根留在套接字里：它被留住，却没有人读取',
        }),
      ),
      close(root, about({ en: 'the process itself has its root without it', zh: '进程自己不靠它也有根' })),
      close(
        process,
        about({ en: 'the root is sent, so its socket is not needed', zh: '根已经送出，不再需要这个套接字' }),
      ),
    ],
  };
}
