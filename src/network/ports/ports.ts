import { MinidockError } from '../../errors.ts';
import { listenerOn } from '../../host/sockets.ts';
import { call } from '../../syscalls/calls.ts';
import { struct } from '../../syscalls/data.ts';
import { type Slot, type Step, slot } from '../../syscalls/step.ts';
import { AF, SO, SOCK, SOL_SOCKET } from '../../syscalls/uapi/flags.ts';
import { addressBytes, parseAddress } from '../ipv4.ts';

/** `-p 127.0.0.1:8080:80/tcp`. A missing host port is one that the engine picks. */
export interface PortMapping {
  hostIp?: string;
  hostPort?: number;
  containerPort: number;
  protocol: 'tcp' | 'udp';
}

/** A mapping with nothing left to choose. */
export type Port = Required<PortMapping>;

export const anyAddress = '0.0.0.0';

/** `0.0.0.0:8080->80/tcp`, as `docker ps` shows it. */
export function formatPort({ hostIp, hostPort, containerPort, protocol }: Port): string {
  return `${hostIp}:${hostPort}->${containerPort}/${protocol}`;
}

/** Refuses what no socket can be bound to, before anything is made. */
export function checkPort({ hostIp, hostPort, containerPort, protocol }: PortMapping): void {
  const options = {
    fix: 'write it as -p [address:][hostPort:]containerPort[/tcp|/udp], ports 1 to 65535',
  };
  for (const [port, whose] of [
    [hostPort, 'host'],
    [containerPort, 'container'],
  ] as const) {
    if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65535)) {
      throw new MinidockError('invalid-port', `invalid ${whose} port "${port}": not in 1 to 65535`, options);
    }
  }
  if (hostIp !== undefined && parseAddress(hostIp) === undefined) {
    throw new MinidockError('invalid-port', `invalid host address "${hostIp}": not an IPv4 address`, options);
  }
  if (protocol !== 'tcp' && protocol !== 'udp') {
    throw new MinidockError('invalid-port', `invalid protocol "${protocol}": tcp or udp`, options);
  }
}

/** The port that a step takes, for the error of a failed step. */
const owners = new WeakMap<Step, Port>();

/**
 * Takes the host's ports for as long as the container lives: the shim binds each and never accepts. Packets never get
 * there, they are translated before; but no other process can take the port by accident, and a port that is taken already
 * fails here, with EADDRINUSE, before there is a container.
 */
export function portMapping(ports: readonly Port[]): Step[] {
  return ports.flatMap(port => {
    const steps = holdPort(port);
    for (const step of steps) owners.set(step, port);
    return steps;
  });
}

function holdPort(port: Port): Step[] {
  const about = {
    lesson: 'published-ports',
    group: 'ports',
    groupWhy: {
      en: 'take the ports of the host while the container lives: no other server gets them',
      zh: '容器活着期间占用宿主机的端口：其他服务器拿不到',
    },
  } as const;
  const { hostIp, hostPort, protocol } = port;
  const socket: Slot = slot(`${protocol}${hostPort}`);
  const address = struct(
    `{AF_INET, ${hostIp}:${hostPort}}`,
    { u16: AF.AF_INET },
    { bytes: Uint8Array.of(hostPort >>> 8, hostPort & 0xff) },
    { bytes: addressBytes(hostIp) },
    { pad: 8 },
  );
  const tcp = protocol === 'tcp';
  const type = (tcp ? SOCK.SOCK_STREAM : SOCK.SOCK_DGRAM) | SOCK.SOCK_CLOEXEC;
  const steps: Step[] = [
    call('socket', [AF.AF_INET, type, 0], {
      ...about,
      why: { en: `create a socket for port ${hostPort} of the host`, zh: `为宿主机的端口 ${hostPort} 创建套接字` },
      save: socket,
    }),
  ];
  if (tcp) {
    steps.push(
      call('setsockopt', [socket, SOL_SOCKET, SO.SO_REUSEADDR, struct('[1]', { u32: 1 }), 4], {
        ...about,
        why: {
          en: 'take the port even if connections of an earlier server are still in TIME_WAIT',
          zh: '即使先前服务器的连接还处于 TIME_WAIT，也可以占用端口',
        },
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
      call('listen', [socket, 1], {
        ...about,
        why: {
          en: 'only a listening socket keeps out others that use SO_REUSEADDR',
          zh: '只有监听中的套接字才挡得住使用 SO_REUSEADDR 的其他程序',
        },
      }),
    );
  }
  return steps;
}

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

/** The user's error for a step of `portMapping` that failed; undefined for other steps. */
export function portError(step: Step, errno: string): MinidockError | undefined {
  const port = owners.get(step);
  if (port === undefined) return undefined;
  const what = `${port.hostIp}:${port.hostPort}/${port.protocol}`;
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
