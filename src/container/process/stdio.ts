import type { HostFacts } from '../../host/facts.ts';
import { call, close, expect, mount, open, store } from '../../syscalls/calls.ts';
import { bytes, room, str, struct } from '../../syscalls/data.ts';
import type { LessonSlug } from '../../syscalls/lessons.ts';
import { type Slot, type Step, type Supervise, slot, word } from '../../syscalls/step.ts';
import { AF, AT, DEVPTS_SUPER_MAGIC, MS, O, SCM_RIGHTS, SOCK, SOL_SOCKET, TIO } from '../../syscalls/uapi/flags.ts';

const lesson = 'process' as const;

/** How a process of a container gets its input and output: what each side does, and what the supervisor serves. */
export interface Stdio {
  /** Before clone. */
  host: Step[];
  /** In the parent after clone: the child's ends must be closed, or end of file never comes. */
  parent: Step[];
  /** In the child, once /dev is there. */
  child: Step[];
  supervise: Pick<Supervise, 'stdin' | 'stdout' | 'stderr' | 'console'>;
}

/** Three pipes; input is /dev/null unless kept open. The owner lets a user other than root open /dev/stdout anew. */
export function pipes(options: { interactive: boolean; user: { uid: number; gid: number } }): Stdio {
  const group = 'stdio';
  const pipe = (name: string) => {
    const pair = room(8, `<pipe of ${name}>`);
    return { name, pair, read: word(`${name}.read`, pair, 0), write: word(`${name}.write`, pair, 4) };
  };
  const stdin = pipe('stdin');
  const outputs = [pipe('stdout'), pipe('stderr')];
  const all = options.interactive ? [stdin, ...outputs] : outputs;
  const nullFd = slot('null input');
  const about = (why: string, groupWhy?: string) => ({ why, lesson, group, ...(groupWhy && { groupWhy }) });
  const streams = options.interactive ? 'its input and its outputs' : 'its outputs';
  const own = options.interactive
    ? 'its input and its outputs are the pipes'
    : 'no input, which reads as its end at once; its outputs are the pipes';
  return {
    host: all.map(({ pair, name }) =>
      call(
        'pipe2',
        [pair, O.O_CLOEXEC],
        about(
          `${name}, between the process and its supervisor`,
          `pipes for ${streams}, between the process and its supervisor`,
        ),
      ),
    ),
    parent: [
      ...(options.interactive ? [close(stdin.read, about("the process's end"))] : []),
      ...outputs.map(one =>
        close(
          one.write,
          about(
            "the process's end: with a copy here, end of file would never come",
            "the process's ends: with copies here, end of file would never come",
          ),
        ),
      ),
    ],
    child: [
      ...(options.interactive
        ? [call('dup3', [stdin.read, 0, 0], about('its input', own))]
        : [
            open('/dev/null', O.O_RDWR, { ...about('no input', own), save: nullFd }),
            call('dup3', [nullFd, 0, 0], about('its input')),
          ]),
      ...outputs.map((one, i) => call('dup3', [one.write, i + 1, 0], about(`its ${one.name}`))),
      ...(options.user.uid === 0
        ? []
        : [...(options.interactive ? [0] : []), 1, 2].map(fd =>
            call('fchown', [fd, options.user.uid, options.user.gid], about('its user may open /dev/stdout anew')),
          )),
    ],
    supervise: {
      ...(options.interactive && { stdin: stdin.write }),
      stdout: outputs[0]!.read,
      stderr: outputs[1]!.read,
    },
  };
}

/**
 * A pseudo-terminal out of the container's own devpts. The child makes it and hands the master to the supervisor, so that
 * no path of the container is opened from outside. `console` is bound to /dev/console for a container's first process.
 */
export function terminal(options: { facts: HostFacts; console: boolean; user: { uid: number } }): Stdio {
  const group = 'terminal';
  const about = (why: string) => ({ why, lesson, group });
  const pair = room(8, '<socket pair for the terminal>');
  const [supervisor, process] = [word('console', pair, 0), word('console.child', pair, 4)];
  const master = slot('master');
  const slave = slot('slave');
  return {
    host: [
      call(
        'socketpair',
        [AF.AF_UNIX, SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC, 0, pair],
        about('the way for the terminal that the child will make'),
      ),
    ],
    parent: [close(process, about("the process's end"))],
    child: [
      open('/dev/pts/ptmx', O.O_RDWR | O.O_NOCTTY, {
        ...about('a new pseudo-terminal in its own devpts'),
        groupWhy: 'a pseudo-terminal of its own: one side is its input and outputs, the other goes to the supervisor',
        save: master,
      }),
      ...expectDevpts(master, about),
      call('ioctl', [master, TIO.TIOCSPTLCK, bytes(new Uint8Array(4), '[0]')], about('unlock its slave')),
      ...openSlave(options.facts, master, slave, about),
      ...sendDescriptor(process, master, about),
      close(master, about('the supervisor has it now')),
      call(
        'ioctl',
        [slave, TIO.TIOCSCTTY, 0],
        about('it becomes the controlling terminal: Ctrl-C reaches this session'),
      ),
      ...[0, 1, 2].map(fd => call('dup3', [slave, fd, 0], about('input and outputs are the terminal'))),
      ...(options.user.uid === 0
        ? []
        : [call('fchown', [slave, options.user.uid, -1], about('its user owns the terminal'))]),
      ...(options.console ? bindConsole(slave, about) : []),
    ],
    supervise: { console: supervisor },
  };
}

type About = (why: string) => { why: string; lesson: LessonSlug; group: string };

/** What was opened must be of a devpts, whatever the container put in its place (CVE-2025-52565). */
function expectDevpts(fd: Slot, about: About): Step[] {
  const statfs = room(128, '<fstatfs of the terminal>');
  const magic = new Uint8Array(4);
  new DataView(magic.buffer).setUint32(0, DEVPTS_SUPER_MAGIC, true);
  return [
    call('fstatfs', [fd, statfs], about('what was opened really?')),
    expect(statfs, 0, magic, about('it must be a devpts and not what the image put there')),
  ];
}

function openSlave(facts: HostFacts, master: Slot, slave: Slot, about: About): Step[] {
  if (facts.features.ptyPeer)
    return [
      call('ioctl', [master, TIO.TIOCGPTPEER, O.O_RDWR | O.O_NOCTTY | O.O_CLOEXEC], {
        ...about('its other side, without looking up a path'),
        save: slave,
      }),
    ];
  const number = room(4, '<number of the terminal>');
  const path = room(32, '"/dev/pts/<number>"');
  path.bytes.set(new TextEncoder().encode('/dev/pts/'));
  return [
    call('ioctl', [master, TIO.TIOCGPTN, number], about('which number did it get?')),
    store(word('number', number, 0), path, 9, 'decimal', about('the path of its other side')),
    open(path, O.O_RDWR | O.O_NOCTTY, { ...about('its other side'), save: slave }),
  ];
}

/** sendmsg(2) with one descriptor as ancillary data (unix(7), SCM_RIGHTS); one byte must go with it. */
function sendDescriptor(socket: ReturnType<typeof word>, fd: Slot, about: About): Step[] {
  const control = struct(
    '<SCM_RIGHTS: master>',
    { u64: 20 },
    { u32: SOL_SOCKET },
    { u32: SCM_RIGHTS },
    { u32: 0 },
    { pad: 4 },
  );
  const vector = struct('<one byte>', { pointer: bytes(new Uint8Array([0]), '[0]') }, { u64: 1 });
  const message = struct(
    '<message with the descriptor>',
    ...[{ u64: 0 }, { u64: 0 }, { pointer: vector }, { u64: 1 }, { pointer: control }, { u64: 24 }, { u64: 0 }],
  );
  return [
    store(fd, control, 16, 'u32', about('the descriptor to send')),
    call('sendmsg', [socket, message, 0], about('hand the master to the supervisor')),
    close(socket, about('no longer needed')),
  ];
}

function bindConsole(slave: Slot, about: About): Step[] {
  const path = room(32, '"/proc/self/fd/<slave>"');
  path.bytes.set(new TextEncoder().encode('/proc/self/fd/'));
  return [
    call('mknodat', [AT.AT_FDCWD, str('/dev/console'), 0o100620, 0], {
      ...about('a mount point'),
      tolerate: ['EEXIST'],
    }),
    store(slave, path, 14, 'decimal', about('the path of the terminal')),
    mount(path, '/dev/console', null, MS.MS_BIND, null, about('what is written to the console shows on this terminal')),
  ];
}
