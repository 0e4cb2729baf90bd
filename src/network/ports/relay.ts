import fs from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { childrenOf, statusField } from '../../host/process.ts';
import { call, store } from '../../syscalls/calls.ts';
import { room, str, strings, struct } from '../../syscalls/data.ts';
import { type Reason, type Slot, type Step, type Supervise, slot } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { EPOLL, F, FD_CLOEXEC, O, PR } from '../../syscalls/uapi/flags.ts';
import { type HeldSocket, holdPort, type Port } from './ports.ts';

export interface RelaySteps {
  readonly host: readonly Step[];
  readonly relay: readonly Step[];
  readonly supervise: Pick<Supervise, 'relay'>;
}

/** The relay process, and where it forwards to. */
export interface Relay {
  /** The container's IPv4 address; without one nothing is forwarded. */
  readonly address?: string | undefined;
  /** A file with the address to use in place of `address`, where it exists: see `moveRelay`. */
  readonly addressFile: string;
  readonly program: string;
}

/** The address that means none. */
const nowhere = '0.0.0.0';

/** The container port that means that nothing is forwarded, whatever the address. */
const noPort = 0;

const relayName = 'minidock-relay';

/** The supervisor's connection to the process that started the container: native/protocol.h. */
const SHIM_FD = 3;

/**
 * Publishes IPv6 ports for a container that has no IPv6. Address translation never changes the family of an address, so a
 * process must copy the bytes. The supervisor holds the sockets and waits at all of them through one epoll descriptor; when a
 * client comes it starts `program` (native/relay.c), which ends when no client is left.
 *
 * It waits at the IPv4 sockets of `portMapping` too. A connection arrives there only where no rule translates it: the container
 * is on no network that leads out, or the rules are not there yet or no longer. It is closed, so that no client waits for an
 * answer that never comes.
 */
export function relayPorts(
  ports: readonly Port[],
  { address = nowhere, addressFile, program }: Relay,
  untranslated: readonly HeldSocket[] = [],
): RelaySteps {
  if (ports.length + untranslated.length === 0) return { host: [], relay: [], supervise: {} };
  const waiting = slot('relay');
  const own = ports.map(port => ({ port, socket: slot(`${port.protocol}6_${port.hostPort}`) }));
  const first = own.length > 0 ? holding : refusing;
  const doors = [
    ...own.map(one => ({ ...one, to: `${address}:${one.port.containerPort}` })),
    ...untranslated.map(one => ({ ...one, to: `${nowhere}:${noPort}` })),
  ].map(one => ({ ...one, number: room(11, `"<socket of ${one.port.hostPort}/${one.port.protocol}>"`) }));
  const wakeAt = (socket: Slot, reason: Reason) =>
    call(
      'epoll_ctl',
      // struct epoll_event has 12 bytes on x86_64 and 16 elsewhere; only the first four matter here.
      [waiting, EPOLL.EPOLL_CTL_ADD, socket, struct('{EPOLLIN}', { u32: EPOLL.EPOLLIN }, { pad: 12 })],
      reason,
    );
  return {
    host: [
      call('epoll_create1', [EPOLL.EPOLL_CLOEXEC], {
        ...first({
          en: 'create one descriptor that stands for all these sockets',
          zh: '创建一个代表所有这些套接字的描述符',
        }),
        save: waiting,
      }),
      ...own.flatMap(({ port, socket }) => [
        ...holdPort(port, about, socket),
        wakeAt(
          socket,
          holding({
            en: `wake the supervisor when somebody comes to port ${port.hostPort}/${port.protocol} by IPv6`,
            zh: `有人经 IPv6 来到端口 ${port.hostPort}/${port.protocol} 时唤醒监管进程`,
          }),
        ),
      ]),
      ...untranslated.map(({ port, socket }) =>
        wakeAt(
          socket,
          refusing({
            en: `wake the supervisor when no rule translates a connection to port ${port.hostPort}/${port.protocol}: it is closed`,
            zh: `没有规则转换到端口 ${port.hostPort}/${port.protocol} 的连接时唤醒监管进程：该连接会被关闭`,
          }),
        ),
      ),
    ],
    relay: [
      call('prctl', [PR.PR_SET_NAME, str(relayName), 0, 0, 0], {
        ...relaying({ en: 'set the name that ps and ss show for this process', zh: '设置 ps 和 ss 显示的进程名' }),
      }),
      call('fcntl', [SHIM_FD, F.F_SETFD, FD_CLOEXEC], {
        ...relaying({
          en: 'keep the connection to the client out of the relay: its end must be seen there',
          zh: '不让转接进程留着与客户端的连接：连接结束时对方必须看得到',
        }),
        tolerate: ['EBADF'],
      }),
      ...untranslated.map(({ port, socket }) =>
        call(
          'fcntl',
          [socket, F.F_SETFL, O.O_NONBLOCK],
          relaying({
            en: `never wait at port ${port.hostPort}/${port.protocol} for a client who has left again`,
            zh: `不在端口 ${port.hostPort}/${port.protocol} 上等待已经离开的客户端`,
          }),
        ),
      ),
      ...doors.flatMap(({ port, socket, number }) => [
        call(
          'fcntl',
          [socket, F.F_SETFD, 0],
          relaying({
            en: `let the relay inherit the socket of port ${port.hostPort}/${port.protocol}`,
            zh: `让转接进程继承端口 ${port.hostPort}/${port.protocol} 的套接字`,
          }),
        ),
        store(
          socket,
          number,
          0,
          'decimal',
          relaying({ en: 'write the number of that descriptor into the command', zh: '把这个描述符的编号写进命令' }),
        ),
      ]),
      call(
        'execve',
        [
          str(program),
          strings([relayName, addressFile, ...doors.flatMap(({ number, to }) => [number, to])]),
          strings([]),
        ],
        relaying({
          en: `become the relay: it connects each client of IPv6 to ${address}, over IPv4`,
          zh: `变成转接进程：它用 IPv4 把每个 IPv6 客户端接到 ${address}`,
        }),
      ),
    ],
    supervise: { relay: waiting },
  };
}

/**
 * Makes the relay of a running container forward to another address from now on, or to none: then it closes connections. A
 * relay that runs is killed with its connections, as Docker ends its proxy; the supervisor starts the next one when a client
 * comes.
 */
export function moveRelay(addressFile: string, supervisor: number, address: string = nowhere): void {
  fs.writeFileSync(addressFile, `${address}\n`, { mode: 0o600 });
  // A relay without its name has not been executed, so it has not read the file yet.
  for (const pid of childrenOf(supervisor)) if (nameOf(pid) === relayName) process.kill(pid, 'SIGKILL');
}

function nameOf(pid: number): string | undefined {
  try {
    return statusField(pid, 'Name');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

const about = {
  lesson: 'published-ports',
  group: 'ports of IPv6',
  groupWhy: {
    en: 'take the same ports of IPv6: a relay serves them, since no rule turns IPv6 into IPv4',
    zh: '占用 IPv6 的同一端口：规则无法把 IPv6 变成 IPv4，由转接进程提供服务',
  },
} as const;

const holding = (why: Text) => ({ ...about, why });

const refusing = (why: Text) => ({
  why,
  lesson: 'published-ports' as const,
  group: 'connections without a rule',
  groupWhy: {
    en: 'notice what no rule translates: it is closed, so that no client waits for ever',
    zh: '发现没有规则转换的连接：把它关闭，客户端不会一直等待',
  },
});

const relaying = (why: Text) => ({
  why,
  lesson: 'published-ports' as const,
  group: 'start the relay',
  groupWhy: {
    en: 'somebody came to a held port: a process of its own serves him and ends when nobody is left',
    zh: '有人来到被占用的端口：由另一个进程为他服务，没有人了它就结束',
  },
});
