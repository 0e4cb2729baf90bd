import type { HostFacts } from '../../host/facts.ts';
import { call, close, expect, mount, open, store } from '../../syscalls/calls.ts';
import { bytes, room, str } from '../../syscalls/data.ts';
import type { LessonSlug } from '../../syscalls/lessons.ts';
import { type Slot, type Step, slot, word } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { AF, AT, DEVPTS_SUPER_MAGIC, MS, O, SOCK, TIO } from '../../syscalls/uapi/flags.ts';
import { sendDescriptor } from './send-descriptor.ts';
import type { Stdio } from './stdio.ts';

const lesson = 'supervisor' as const;

/**
 * A pseudo-terminal from the container's own devpts. The child opens it and sends the master to the supervisor, so that no path
 * of the container is opened from outside. With `console` it is also bound to /dev/console, for a container's first process.
 */
export function terminal(options: { facts: HostFacts; console: boolean; user: { uid: number } }): Stdio {
  const group = 'terminal';
  const about = (why: Text) => ({ why, lesson, group });
  const pair = room(8, '<socket pair for the terminal>');
  const [supervisor, process] = [word('console', pair, 0), word('console.child', pair, 4)];
  const master = slot('master');
  const slave = slot('slave');
  return {
    host: [
      call(
        'socketpair',
        [AF.AF_UNIX, SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC, 0, pair],
        about({
          en: 'the child will send its terminal to the supervisor by this pair of sockets',
          zh: '子进程将通过这对套接字把终端交给监管进程',
        }),
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
      open('/dev/pts/ptmx', O.O_RDWR | O.O_NOCTTY, {
        ...about({
          en: 'create a pseudo-terminal in the devpts of the container',
          zh: '在容器的 devpts 里新建一个伪终端',
        }),
        groupWhy: {
          en: 'a pseudo-terminal: one side is input and outputs, the other goes to the supervisor',
          zh: '一个伪终端：一端作为输入和输出，另一端交给监管进程',
        },
        save: master,
      }),
      ...expectDevpts(master, about),
      call(
        'ioctl',
        [master, TIO.TIOCSPTLCK, bytes(new Uint8Array(4), '[0]')],
        about({
          en: 'unlock the slave side of the terminal, so that it can be opened',
          zh: '解锁终端的从端，之后才能打开它',
        }),
      ),
      ...openSlave(options.facts, master, slave, about),
      ...sendDescriptor(
        process,
        master,
        about({ en: 'send the master side of the terminal to the supervisor', zh: '把终端的主端传送给监管进程' }),
      ),
      close(
        process,
        about({ en: 'the terminal is sent, so its socket is not needed', zh: '终端已经送出，不再需要这个套接字' }),
      ),
      close(
        master,
        about({
          en: 'the supervisor has the master side now, so this copy is closed',
          zh: '监管进程已持有终端的主端，关闭这里的副本',
        }),
      ),
      call(
        'ioctl',
        [slave, TIO.TIOCSCTTY, 0],
        about({
          en: 'make this the controlling terminal, so that Ctrl-C reaches the session',
          zh: '把这个终端设为控制终端，Ctrl-C 才能送到会话',
        }),
      ),
      ...[0, 1, 2].map(fd =>
        call(
          'dup3',
          [slave, fd, 0],
          about({ en: `the terminal becomes descriptor ${fd} of the process`, zh: `终端成为进程的 ${fd} 号描述符` }),
        ),
      ),
      ...(options.user.uid === 0
        ? []
        : [
            call(
              'fchown',
              [slave, options.user.uid, -1],
              about({ en: 'the user of the process owns the terminal', zh: '终端归进程的用户所有' }),
            ),
          ]),
      ...(options.console ? bindConsole(slave, about) : []),
    ],
    supervise: { console: supervisor },
  };
}

type About = (why: Text) => { why: Text; lesson: LessonSlug; group: string };

/** The opened file must be on a devpts, whatever the container has put in its place (CVE-2025-52565). */
function expectDevpts(fd: Slot, about: About): Step[] {
  const statfs = room(128, '<fstatfs of the terminal>');
  const magic = new Uint8Array(4);
  new DataView(magic.buffer).setUint32(0, DEVPTS_SUPER_MAGIC, true);
  return [
    call(
      'fstatfs',
      [fd, statfs],
      about({ en: 'ask which file system the terminal really belongs to', zh: '查询终端实际属于哪个文件系统' }),
    ),
    expect(
      statfs,
      0,
      magic,
      about({
        en: 'the terminal must be one of a devpts, and not a file of the image (CVE-2025-52565)',
        zh: '终端必须属于 devpts，而不是镜像里的文件（CVE-2025-52565）',
      }),
    ),
  ];
}

function openSlave(facts: HostFacts, master: Slot, slave: Slot, about: About): Step[] {
  if (facts.features.ptyPeer)
    return [
      call('ioctl', [master, TIO.TIOCGPTPEER, O.O_RDWR | O.O_NOCTTY | O.O_CLOEXEC], {
        ...about({
          en: 'open the slave side of the terminal without looking up a path',
          zh: '打开终端的从端，不经过路径查找',
        }),
        save: slave,
      }),
    ];
  const number = room(4, '<number of the terminal>');
  const path = room(32, '"/dev/pts/<number>"');
  path.bytes.set(new TextEncoder().encode('/dev/pts/'));
  return [
    call(
      'ioctl',
      [master, TIO.TIOCGPTN, number],
      about({ en: 'ask for the number of the terminal', zh: '查询终端的编号' }),
    ),
    store(
      word('number', number, 0),
      path,
      9,
      'decimal',
      about({ en: 'write the number into the path of the slave side', zh: '把编号写进从端的路径' }),
    ),
    open(path, O.O_RDWR | O.O_NOCTTY, {
      ...about({ en: 'open the slave side of the terminal by its path', zh: '按路径打开终端的从端' }),
      save: slave,
    }),
  ];
}

function bindConsole(slave: Slot, about: About): Step[] {
  const path = room(32, '"/proc/self/fd/<slave>"');
  path.bytes.set(new TextEncoder().encode('/proc/self/fd/'));
  return [
    call('mknodat', [AT.AT_FDCWD, str('/dev/console'), 0o100620, 0], {
      ...about({ en: 'create /dev/console as a mount point', zh: '创建 /dev/console 作为挂载点' }),
      tolerate: ['EEXIST'],
    }),
    store(
      slave,
      path,
      14,
      'decimal',
      about({ en: 'write the descriptor number into the path of the terminal', zh: '把描述符编号写进终端的路径' }),
    ),
    mount(
      path,
      '/dev/console',
      null,
      MS.MS_BIND,
      null,
      about({
        en: 'the terminal appears as /dev/console, too: console output shows on it',
        zh: '终端同时作为 /dev/console 出现，写到控制台的内容会显示在这里',
      }),
    ),
  ];
}
