import type { HostFacts } from '../host/facts.ts';
import { call, open, store } from '../syscalls/calls.ts';
import { room, str } from '../syscalls/data.ts';
import { type Slot, type Step, type Supervise, slot } from '../syscalls/step.ts';
import type { Text } from '../syscalls/text/language.ts';
import { AF, AT, LOCK, O, PR, SOCK } from '../syscalls/uapi/flags.ts';
import { unixAddress } from '../syscalls/uapi/unix-address.ts';
import { type LogFile, type LogRoles, openLogFile } from './logging/open.ts';

const lesson = 'supervisor' as const;

/**
 * Host section, first: the shim parts from its caller: descriptors, session, umask. It becomes non-dumpable, so that no
 * process of a container that it enters may trace it.
 */
export function leaveCaller(facts: HostFacts): Step[] {
  const groupWhy = {
    en: "the shim drops the caller's descriptors and terminal, and no container can trace it",
    zh: 'shim 与调用者的描述符和终端脱离，容器里的进程也不能跟踪它',
  };
  const about = (why: Text) => ({ why, lesson, group: 'leave the caller', groupWhy });
  return [
    ...(facts.features.closeRange
      ? [
          call(
            'close_range',
            [5, 0xffffffff, 0],
            about({
              en: 'close all inherited descriptors: none of them may reach a container (CVE-2024-21626)',
              zh: '关闭所有继承来的描述符：一个也不能进入容器（CVE-2024-21626）',
            }),
          ),
        ]
      : facts.inheritedFds.map(fd =>
          // The shim that bin/minidock started has not what Node was given: its ends of the sockets.
          call('close', [fd], {
            ...about({
              en: 'close an inherited descriptor: it may not reach a container (CVE-2024-21626)',
              zh: '关闭一个继承来的描述符：它不能进入容器（CVE-2024-21626）',
            }),
            tolerate: ['EBADF'],
          }),
        )),
    call(
      'setsid',
      [],
      about({
        en: "start a new session: Ctrl-C in the caller's terminal does not reach the container",
        zh: '建立新的会话：在调用者的终端里按 Ctrl-C 不会影响容器',
      }),
    ),
    call(
      'prctl',
      [PR.PR_SET_NAME, str('minidock-shim'), 0, 0, 0],
      about({ en: 'set the name that ps, ss and top show for this process', zh: '设置 ps、ss 和 top 显示的进程名' }),
    ),
    call(
      'prctl',
      [PR.PR_SET_DUMPABLE, 0, 0, 0, 0],
      about({
        en: 'no process of a container can trace this process or read its memory',
        zh: '容器里的进程不能跟踪这个进程，也不能读它的内存',
      }),
    ),
    call(
      'umask',
      [0],
      about({
        en: 'clear the umask, so that later steps create files with exactly the mode they give',
        zh: '清除 umask，后面的步骤创建文件时，权限位与给出的完全一致',
      }),
    ),
  ];
}

/** The files of a supervisor. */
export interface SupervisorFiles extends LogFile {
  /** Locked while the container lives. Missing for an exec: nobody looks for its supervisor before the pid is recorded. */
  alive?: string;
  /** Unix socket for signals, attach, window sizes. */
  socket: string;
  /**
   * Holds output that attached clients have not taken yet; removed as soon as it is made. Missing: a slow
   * client slows the process down.
   */
  backlog?: string;
  /** The exit record: a symbolic link whose target is the status. */
  exit: string;
  /**
   * A file that is removed just before the exit record is made, so that a file system without free inodes has one for
   * it.
   */
  reserve: string;
}

export interface SupervisorSteps {
  host: Step[];
  exit: Step[];
  listen: Slot;
  /** The part of `Supervise` about the log. */
  log: LogRoles;
  status: Slot;
  backlog: Pick<Supervise, 'backlog'>;
}

/** The supervisor's own files, all opened before clone so that a failure leaves no process behind. */
export function supervisorFiles(files: SupervisorFiles): SupervisorSteps {
  const listen = slot('listen');
  const log = openLogFile(files);
  const status = slot('status');
  const about = (why: Text, group: string, groupWhy?: Text) => ({
    why,
    lesson,
    group,
    ...(groupWhy && { groupWhy }),
  });
  const address = unixAddress(files.socket);
  const code = room(16, '"<exit status>"');
  return {
    host: [
      ...(files.alive === undefined ? [] : lockWhileAlive(files.alive, about)),
      call('socket', [AF.AF_UNIX, SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC, 0], {
        ...about(
          {
            en: 'create the socket for requests such as stop, attach and resize',
            zh: '创建套接字，用来接收 stop、attach 和调整窗口大小等请求',
          },
          'control socket',
          {
            en: 'stop, attach and resize reach the supervisor by this socket, which is for root only',
            zh: 'stop、attach 和调整窗口大小的请求经由这个套接字到达监管进程，只有 root 能连接',
          },
        ),
        save: listen,
      }),
      call(
        'bind',
        [listen, address, address.bytes.length],
        about(
          { en: 'give the socket a path that only root can reach', zh: '给套接字一个只有 root 能到达的路径' },
          'control socket',
        ),
      ),
      call(
        'listen',
        [listen, 16],
        about({ en: 'accept connections of clients from here on', zh: '从这一步起接受客户端的连接' }, 'control socket'),
      ),
      ...log.host,
    ],
    exit: [
      store(
        status,
        code,
        0,
        'decimal',
        about({ en: 'write the exit status as decimal text', zh: '把退出状态写成十进制文本' }, 'exit record', {
          en: 'the exit status is kept as the target of a link: a crash leaves all of it or nothing',
          zh: '退出状态保存为符号链接的目标：即使崩溃，也不会只写下一半',
        }),
      ),
      call('unlinkat', [AT.AT_FDCWD, str(files.reserve), 0], {
        ...about(
          {
            en: 'free an inode for the exit record, in case the file system has no other',
            zh: '为退出记录腾出一个 inode，以防文件系统已没有空闲的',
          },
          'exit record',
        ),
        tolerate: ['ENOENT'],
      }),
      call('symlinkat', [code, AT.AT_FDCWD, str(files.exit)], {
        ...about(
          {
            en: 'record the exit status as a link target, in one step that no crash can split',
            zh: '把退出状态记为符号链接的目标：一步完成，崩溃也不会留下半条记录',
          },
          'exit record',
        ),
        // The directory of an exec goes with its container.
        tolerate: ['ENOENT'],
      }),
    ],
    listen,
    log: log.log,
    status,
    backlog: files.backlog === undefined ? {} : { backlog: str(files.backlog) },
  };
}

type About = (why: Text, group: string, groupWhy?: Text) => { why: Text; lesson: typeof lesson; group: string };

function lockWhileAlive(file: string, about: About): Step[] {
  const alive = slot('alive');
  return [
    open(
      file,
      O.O_CREAT | O.O_RDWR,
      {
        ...about(
          {
            en: 'open the file that stays locked while the container lives',
            zh: '打开锁文件，容器活着期间它一直处于加锁状态',
          },
          'alive',
          {
            en: 'a lock shows that the container lives: after a crash a recorded pid can be wrong',
            zh: '用锁表明容器还活着：崩溃之后，记录下来的 PID 可能是错的',
          },
        ),
        save: alive,
      },
      0o600,
    ),
    call(
      'flock',
      [alive, LOCK.LOCK_EX | LOCK.LOCK_NB],
      about(
        {
          en: 'take the lock: the kernel releases it when the process ends, however it ends',
          zh: '加锁：进程无论怎样结束，内核都会释放这把锁',
        },
        'alive',
      ),
    ),
  ];
}
