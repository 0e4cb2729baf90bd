import { MinidockError } from '../errors.ts';
import type { HostFacts } from '../host/facts.ts';
import { call, close, open, store } from '../syscalls/calls.ts';
import { bytes, room, str, strings } from '../syscalls/data.ts';
import { type Slot, type Step, slot } from '../syscalls/step.ts';
import { AF, AT, LOCK, O, PR, SOCK } from '../syscalls/uapi/flags.ts';

const lesson = 'supervisor' as const;

/**
 * Host section, first: the shim parts from its caller: descriptors, session, umask. It becomes non-dumpable, so that no
 * process of a container that it enters may trace it.
 */
export function leaveCaller(facts: HostFacts): Step[] {
  const groupWhy =
    'no descriptor and no terminal of the caller goes along, and nobody in a container may trace this process';
  const about = (why: string) => ({ why, lesson, group: 'leave the caller', groupWhy });
  return [
    ...(facts.features.closeRange
      ? [
          call(
            'close_range',
            [5, 0xffffffff, 0],
            about('no descriptor of the caller goes into a container (CVE-2024-21626)'),
          ),
        ]
      : facts.inheritedFds.map(fd => close(fd, about('no descriptor of the caller goes into a container')))),
    call('setsid', [], about('Ctrl-C in the terminal of the caller is not for the container')),
    call('prctl', [PR.PR_SET_NAME, str('minidock-shim'), 0, 0, 0], about('the name that ps, ss and top show')),
    call(
      'prctl',
      [PR.PR_SET_DUMPABLE, 0, 0, 0, 0],
      about('no process of a container may trace this one or read its memory'),
    ),
    call('umask', [0], about('modes below are meant as written')),
  ];
}

/** The files of a supervisor. */
export interface SupervisorFiles {
  /** Locked while the container lives. */
  alive: string;
  /** Unix socket for signals, attach, window sizes. */
  socket: string;
  /** Output, appended. Missing where nothing is kept (exec). */
  log?: string;
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
  log?: Slot;
  status: Slot;
}

/** The supervisor's own files, all opened before clone so that a failure leaves no process behind. */
export function supervisorFiles(files: SupervisorFiles): SupervisorSteps {
  const alive = slot('alive');
  const listen = slot('listen');
  const log = files.log === undefined ? undefined : slot('log');
  const status = slot('status');
  const about = (why: string, group: string, groupWhy?: string) => ({
    why,
    lesson,
    group,
    ...(groupWhy && { groupWhy }),
  });
  const address = unixAddress(files.socket);
  const code = room(16, '"<exit status>"');
  return {
    host: [
      open(
        files.alive,
        O.O_CREAT | O.O_RDWR,
        {
          ...about(
            'locked as long as the container lives',
            'alive',
            'a lock for as long as the container lives: a pid can lie after a crash, this cannot',
          ),
          save: alive,
        },
        0o600,
      ),
      call(
        'flock',
        [alive, LOCK.LOCK_EX | LOCK.LOCK_NB],
        about('a pid can lie after a crash; this lock cannot', 'alive'),
      ),
      call('socket', [AF.AF_UNIX, SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC, 0], {
        ...about(
          'where stop, attach and resize come in',
          'control socket',
          'where stop, attach and resize come in; only root can reach it',
        ),
        save: listen,
      }),
      call('bind', [listen, address, address.bytes.length], about('a path that only root can reach', 'control socket')),
      call('listen', [listen, 16], about('from now on clients can connect', 'control socket')),
      ...(log && files.log
        ? [
            open(
              files.log,
              O.O_CREAT | O.O_WRONLY | O.O_APPEND,
              { ...about('what the container prints is kept', 'log'), save: log },
              0o640,
            ),
          ]
        : []),
    ],
    exit: [
      store(
        status,
        code,
        0,
        'decimal',
        about(
          'the status as text',
          'exit record',
          'how it ended, kept as a link whose target is the status: one step that no crash can split',
        ),
      ),
      call('unlinkat', [AT.AT_FDCWD, str(files.reserve), 0], {
        ...about('its inode is for the exit record, should no other be free', 'exit record'),
        tolerate: ['ENOENT'],
      }),
      call(
        'symlinkat',
        [code, AT.AT_FDCWD, str(files.exit)],
        about('the exit record: a link to a number, made in one step that no crash can split', 'exit record'),
      ),
    ],
    listen,
    log,
    status,
  };
}

/** struct sockaddr_un, unix(7). */
function unixAddress(path: string) {
  const encoded = new TextEncoder().encode(path);
  const address = new Uint8Array(2 + encoded.length + 1);
  new DataView(address.buffer).setUint16(0, AF.AF_UNIX, true);
  address.set(encoded, 2);
  if (address.length > 110)
    throw new MinidockError(
      'path-too-long',
      `the path of a socket has ${encoded.length} bytes, and the kernel takes 107: ${path}`,
      { fix: 'give the engine a shorter --exec-root' },
    );
  return bytes(address, JSON.stringify(path));
}

/**
 * Reap section: starts one reaper for all containers that end at about the same time. It takes the lock before execve
 * and keeps it.
 */
export function startReaper(lockFile: string, command: readonly string[]): Step[] {
  const lock = slot('reaper lock');
  const groupWhy =
    'what is left is cleaned up by one reaper for all; who finds its lock held leaves it to the one at work';
  const about = (why: string) => ({ why, lesson, group: 'start the reaper', groupWhy });
  return [
    call('openat', [AT.AT_FDCWD, str(lockFile), O.O_CREAT | O.O_RDWR, 0o600], {
      ...about("the reaper's lock, kept open across execve"),
      save: lock,
    }),
    call('flock', [lock, LOCK.LOCK_EX | LOCK.LOCK_NB], about('held by a reaper already? It will find this exit too')),
    call('dup3', [lock, 3, 0], {
      ...about('where the reaper expects it; EINVAL says it is there already'),
      tolerate: ['EINVAL'],
    }),
    call('execve', [str(command[0]!), strings(command), strings([])], about('clean up: network, cgroup, state')),
  ];
}
