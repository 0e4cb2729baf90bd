import { systemPath } from '../host/programs.ts';
import { call, expect, open, store } from '../syscalls/calls.ts';
import { room, str, strings } from '../syscalls/data.ts';
import { launch, type Shim } from '../syscalls/shim.ts';
import { type Program, program, type Step, slot } from '../syscalls/step.ts';
import type { Text } from '../syscalls/text/language.ts';
import { CLONE, F, O, PR } from '../syscalls/uapi/flags.ts';

const lesson = 'packet-capture' as const;
const about = (why: Text) => ({ why, lesson });
const SIGKILL = 9;
const FD_CLOEXEC = 1;

/**
 * Starts a program of the host in a network namespace (`/proc/PID/ns/net`; ours where missing), with pipes as output and error.
 * `argv[0]` is its absolute path, of src/host/programs.ts. It dies with this process, however that ends.
 */
export function startInNetwork(namespace: string | undefined, argv: readonly string[]): Shim {
  return launch(inNetwork(namespace, argv, process.pid), { stdio: ['ignore', 'pipe', 'pipe'], label: 'capture' });
}

/** The steps that make a shim this program: so neither nsenter nor setpriv is needed, whose old versions cannot do it. */
function inNetwork(namespace: string | undefined, argv: readonly string[], parent: number): Program {
  const network = slot('network namespace');
  const enter =
    namespace === undefined
      ? []
      : [
          open(namespace, O.O_RDONLY, {
            ...about({ en: 'open the network namespace of the container', zh: '打开容器的网络命名空间' }),
            save: network,
          }),
          call(
            'setns',
            [network, CLONE.CLONE_NEWNET],
            about({
              en: 'enter it: the interfaces of the container are there, and nothing else of it',
              zh: '进入它：里面有容器的网络接口，不涉及容器的其他东西',
            }),
          ),
        ];
  return program({
    host: [
      call(
        'setsid',
        [],
        about({
          en: 'leave the session of the terminal: Ctrl-C is for minidock, which ends this in order',
          zh: '离开终端的会话：Ctrl-C 由 minidock 处理，再由它有序地结束本进程',
        }),
      ),
      ...dieWith(parent),
      ...enter,
      ...[3, 4].map(fd =>
        call(
          'fcntl',
          [fd, F.F_SETFD, FD_CLOEXEC],
          about({
            en: 'the program gets its three streams and no descriptor of the shim',
            zh: '程序只得到它的三个标准流，得不到 shim 的描述符',
          }),
        ),
      ),
      call(
        'execve',
        [str(argv[0]!), strings(argv), strings([`PATH=${systemPath}`, 'LC_ALL=C'])],
        about({ en: 'become the program', zh: '变成那个程序' }),
      ),
    ],
  });
}

/** Binds the process to the life of its parent, and dies where that is dead already. */
function dieWith(parent: number): Step[] {
  const now = slot('parent');
  const seen = room(4, '<parent>');
  const expected = new Uint8Array(new Uint32Array([parent]).buffer);
  const why = {
    en: 'see that the parent is still there: the kernel tells nothing of an earlier death',
    zh: '确认父进程还在：更早的死亡内核不会再通知',
  };
  return [
    call(
      'prctl',
      [PR.PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0],
      about({
        en: 'the kernel kills this process when minidock dies, however it dies',
        zh: 'minidock 不论怎样结束，内核都会杀死本进程',
      }),
    ),
    call('getppid', [], { ...about(why), save: now }),
    store(now, seen, 0, 'u32', about(why)),
    expect(seen, 0, expected, about(why)),
  ];
}
