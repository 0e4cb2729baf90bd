import { MinidockError } from '../../errors.ts';
import { listenerOn } from '../../host/sockets.ts';
import { call, close } from '../../syscalls/calls.ts';
import { type Data, struct } from '../../syscalls/data.ts';
import { type Arg, type Reason, type Slot, type Step, slot } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { AF, IPPROTO_IPV6, IPV6, SO, SOCK, SOL_SOCKET } from '../../syscalls/uapi/flags.ts';
import { addressBytes, parseAddress } from '../ipv4.ts';
import { ipv6Bytes } from '../ipv6.ts';

/** `-p 127.0.0.1:8080:80/tcp`. */
export interface PortMapping {
  /** An IPv4 or IPv6 address; absent: all addresses of both. */
  hostIp?: string;
  /** Absent or 0: the engine chooses one. */
  hostPort?: number;
  /** `8000-8002:80`: the engine chooses the first port from `hostPort` to this one that is free. */
  lastHostPort?: number;
  containerPort: number;
  protocol: 'tcp' | 'udp';
}

/** A mapping with address and port chosen. */
export type Port = Required<Omit<PortMapping, 'lastHostPort'>>;

export const anyAddress = '0.0.0.0';
export const anyAddress6 = '::';

export const isIpv6 = ({ hostIp }: Pick<Port, 'hostIp'>): boolean => hostIp.includes(':');

/** `0.0.0.0:8080->80/tcp`, as `docker ps` shows it. */
export function formatPort({ hostIp, hostPort, containerPort, protocol }: Port): string {
  return `${hostIp}:${hostPort}->${containerPort}/${protocol}`;
}

/** Refuses an address or port to which no socket can be bound, before anything is made. */
export function checkPort({ hostIp, hostPort, lastHostPort, containerPort, protocol }: PortMapping): void {
  const options = {
    fix: 'write it as -p [address:][hostPort:]containerPort[/tcp|/udp], ports 1 to 65535, an IPv6 address in [ ]',
  };
  for (const [port, whose] of [
    [hostPort === 0 ? undefined : hostPort, 'host'],
    [lastHostPort, 'host'],
    [containerPort, 'container'],
  ] as const) {
    if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65535)) {
      throw new MinidockError('invalid-port', `invalid ${whose} port "${port}": not in 1 to 65535`, options);
    }
  }
  if (hostIp !== undefined && parseAddress(hostIp) === undefined && ipv6Bytes(hostIp) === undefined) {
    throw new MinidockError('invalid-port', `invalid host address "${hostIp}": not an IP address`, options);
  }
  if (protocol !== 'tcp' && protocol !== 'udp') {
    throw new MinidockError('invalid-port', `invalid protocol "${protocol}": tcp or udp`, options);
  }
}

/** Which port a step binds: for the error when the step fails. */
const owners = new WeakMap<Step, Port>();

/**
 * Holds the host's ports for as long as the container lives: the shim binds each one and never accepts. No packet gets there,
 * because rules translate it before; but no other process can bind the port, and a port that is in use fails here, with
 * EADDRINUSE, before there is a container. For ports of IPv6, and for connections that no rule translates, see `relayPorts`.
 */
export function portMapping(ports: readonly Port[]): Step[] {
  const about = {
    lesson: 'published-ports',
    group: 'ports',
    groupWhy: {
      en: 'take the ports of the host while the container lives: no other server gets them',
      zh: '容器活着期间占用宿主机的端口：其他服务器拿不到',
    },
  } as const;
  return ports.flatMap(port => holdPort(port, about, slot(`${port.protocol}${port.hostPort}`)));
}

/** Steps that bind one port; `socket` holds it. `portError` names the port in their errors. */
export function holdPort(port: Port, about: Omit<Reason, 'why'>, socket: Slot): Step[] {
  const { hostPort, protocol } = port;
  const ipv6 = isIpv6(port);
  const address = socketAddress(port);
  const tcp = protocol === 'tcp';
  const type = (tcp ? SOCK.SOCK_STREAM : SOCK.SOCK_DGRAM) | SOCK.SOCK_CLOEXEC | (ipv6 ? SOCK.SOCK_NONBLOCK : 0);
  const setOption = (level: number, option: number, why: Text) =>
    call('setsockopt', [socket, level, option, struct('[1]', { u32: 1 }), 4], { ...about, why });
  const steps: Step[] = [
    call('socket', [ipv6 ? AF.AF_INET6 : AF.AF_INET, type, 0], {
      ...about,
      why: { en: `create a socket for port ${hostPort} of the host`, zh: `为宿主机的端口 ${hostPort} 创建套接字` },
      save: socket,
    }),
  ];
  if (ipv6) {
    steps.push(
      setOption(IPPROTO_IPV6, IPV6.IPV6_V6ONLY, {
        en: 'take the port of IPv6 alone: that of IPv4 has a socket of its own',
        zh: '只占用 IPv6 的端口：IPv4 的端口另有套接字',
      }),
    );
  }
  if (tcp) {
    steps.push(
      setOption(SOL_SOCKET, SO.SO_REUSEADDR, {
        en: 'take the port even if connections of an earlier server are still in TIME_WAIT',
        zh: '即使先前服务器的连接还处于 TIME_WAIT，也可以占用端口',
      }),
    );
  }
  steps.push(
    call('bind', [socket, address, address.bytes.length], {
      ...about,
      why: { en: `take port ${hostPort}/${protocol} of the host`, zh: `占用宿主机的端口 ${hostPort}/${protocol}` },
    }),
  );
  if (tcp) {
    steps.push(
      call('listen', [socket, ipv6 ? 128 : 1], {
        ...about,
        why: ipv6
          ? { en: 'let connections come: they wait here for the relay', zh: '允许连接到来：它们在这里等待转接进程' }
          : {
              en: 'only a listening socket keeps out others that use SO_REUSEADDR',
              zh: '只有监听中的套接字才挡得住使用 SO_REUSEADDR 的其他程序',
            },
      }),
    );
  }
  for (const step of steps) owners.set(step, port);
  return steps;
}

/**
 * Exit section: gives the sockets back that `held` made, so that the ports are free once the end is told. The supervisor itself may
 * be there for some time more: until clients have taken the output, and what it holds is written to the disk.
 */
export function releasePorts(held: readonly Step[]): Step[] {
  const sockets = held.flatMap(step =>
    step.op === 'syscall' && step.name === 'socket' && step.save ? [step.save] : [],
  );
  return sockets.map(socket =>
    close(socket, {
      why: {
        en: 'give a port of the host back: another server may take it',
        zh: '归还宿主机的一个端口：其他服务器可以占用它了',
      },
      lesson: 'published-ports',
    }),
  );
}

/** A listening socket of the supervisor. */
export interface HeldSocket {
  readonly port: Port;
  readonly socket: Slot;
}

/** The listening sockets among the steps of `portMapping`, whoever wrote that piece. */
export function listeningSockets(steps: readonly Step[], ports: readonly Port[]): HeldSocket[] {
  const calls = steps.filter(step => step.op === 'syscall');
  const ofPort = (port: Port) => {
    const wanted = Buffer.from(socketAddress(port).bytes);
    return calls.find(
      ({ name, args: [, address] }) => name === 'bind' && isData(address) && wanted.equals(address.bytes),
    );
  };
  return ports.flatMap(port => {
    const socket = port.protocol === 'tcp' ? ofPort(port)?.args[0] : undefined;
    const listens = calls.some(({ name, args }) => name === 'listen' && args[0] === socket);
    return isSlot(socket) && listens ? [{ port, socket }] : [];
  });
}

const isData = (arg: Arg | undefined): arg is Data => typeof arg === 'object' && 'bytes' in arg;
const isSlot = (arg: Arg | undefined): arg is Slot => typeof arg === 'object' && 'kind' in arg && arg.kind === 'saved';

/** struct sockaddr_in (ip(7)) or sockaddr_in6 (ipv6(7)). */
function socketAddress(port: Port): Data {
  const { hostIp, hostPort } = port;
  const inOrder = { bytes: Uint8Array.of(hostPort >>> 8, hostPort & 0xff) };
  const host = ipv6Bytes(hostIp);
  return host === undefined
    ? struct(
        `{AF_INET, ${printSocket(port)}}`,
        { u16: AF.AF_INET },
        inOrder,
        { bytes: addressBytes(hostIp) },
        { pad: 8 },
      )
    : struct(
        `{AF_INET6, ${printSocket(port)}}`,
        { u16: AF.AF_INET6 },
        inOrder,
        { u32: 0 },
        { bytes: host },
        { u32: 0 },
      );
}

/** `0.0.0.0:8080`, `[::]:8080` */
const printSocket = (port: Pick<Port, 'hostIp' | 'hostPort'>): string =>
  `${isIpv6(port) ? `[${port.hostIp}]` : port.hostIp}:${port.hostPort}`;

/** Another process holds this port of the host. */
export class PortInUse extends MinidockError {
  constructor(
    readonly port: Port,
    message: string,
    fix: string,
  ) {
    super('port-in-use', message, { fix });
  }
}

/** The user's error for a failed step of `portMapping`; undefined for other steps. */
export function portError(step: Step, errno: string): MinidockError | undefined {
  const port = owners.get(step);
  if (port === undefined) return undefined;
  const what = `${printSocket(port)}/${port.protocol}`;
  if (errno === 'EADDRINUSE') {
    const holder = listenerOn(port);
    const by = holder?.container
      ? ` by container ${holder.container}`
      : holder
        ? ` by ${holder.command} (process ${holder.pid})`
        : '';
    const end = holder?.container ? `minidock rm -f ${holder.container}` : 'end what holds this one';
    return new PortInUse(
      port,
      `cannot publish port ${what}: it is already in use${by}`,
      `choose another host port with -p, or ${end}`,
    );
  }
  if (errno === 'EADDRNOTAVAIL') {
    return new MinidockError(
      'port-address',
      `cannot publish port ${what}: ${port.hostIp} is not an address of this host`,
      {
        fix: '`ip -br addr` lists the addresses; without one the port is published on all of them',
      },
    );
  }
  return new MinidockError('port-refused', `cannot publish port ${what}: ${errno}`, {
    fix: errno === 'EACCES' ? 'ports below 1024 need CAP_NET_BIND_SERVICE: run as root' : undefined,
  });
}
