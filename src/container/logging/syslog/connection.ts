import dgram from 'node:dgram';
import dns from 'node:dns/promises';
import net from 'node:net';
import { errnoOf, MinidockError } from '../../../errors.ts';
import { call } from '../../../syscalls/calls.ts';
import { bytes } from '../../../syscalls/data.ts';
import { runHost } from '../../../syscalls/shim.ts';
import { program, slot } from '../../../syscalls/step.ts';
import type { Text } from '../../../syscalls/text/language.ts';
import { AF, SOCK } from '../../../syscalls/uapi/flags.ts';
import { unixAddress } from '../../../syscalls/uapi/unix-address.ts';
import type { SyslogAddress } from './target.ts';

/**
 * A connection to a syslog daemon. What `send` resolved for was handed to the kernel; where it rejects, some of the messages
 * may have been sent.
 */
export interface SyslogConnection {
  send(messages: readonly Buffer[]): Promise<void>;
  close(): void;
}

/** Where the daemon of this machine listens. */
const places = ['/dev/log', '/var/run/syslog', '/var/run/log'];
const CONNECT_MS = 10_000;

/** @throws {MinidockError} `syslog-unreachable`, in Docker's words */
export async function connectSyslog(address: SyslogAddress): Promise<SyslogConnection> {
  switch (address.protocol) {
    case 'udp':
      return await datagrams(address);
    case 'tcp': {
      const { host, port } = address;
      const family = await lookup('tcp', host);
      return await stream({ host: family.address, port }, `tcp ${host}:${port}`);
    }
    case 'unix':
      return await stream({ path: address.path }, `unix ${address.path}`);
    case 'unixgram':
      return await localDatagrams(address.path);
    case 'local':
      return await ownDaemon();
  }
}

async function ownDaemon(): Promise<SyslogConnection> {
  for (const path of places)
    for (const connect of [localDatagrams, (place: string) => stream({ path: place }, `unix ${place}`)])
      try {
        return await connect(path);
      } catch {
        // Nobody listens there: try the next place.
      }
  throw unreachable('Unix syslog delivery error');
}

function stream(where: net.TcpNetConnectOpts | net.IpcNetConnectOpts, name: string): Promise<SyslogConnection> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(where);
    const timer = setTimeout(() => socket.destroy(new Error('i/o timeout')), CONNECT_MS);
    socket.once('error', error => {
      clearTimeout(timer);
      reject(unreachable(`dial ${name}: ${reasonOf(error)}`));
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      // A syslog daemon sends nothing; what can come is the end of the connection.
      socket
        .on('error', () => {})
        .once('end', () => socket.destroy())
        .resume();
      resolve({
        send: messages =>
          new Promise((sent, failed) => {
            const closed = () => failed(unreachable(`${name}: the connection was closed`));
            if (socket.destroyed) return closed();
            socket.once('close', closed);
            socket.write(Buffer.concat(messages), error => {
              socket.off('close', closed);
              if (error) failed(unreachable(`write ${name}: ${reasonOf(error)}`));
              else sent();
            });
          }),
        close: () => socket.end(),
      });
    });
  });
}

async function datagrams({ host, port }: { host: string; port: number }): Promise<SyslogConnection> {
  const { address, family } = await lookup('udp', host);
  const socket = dgram.createSocket(family === 6 ? 'udp6' : 'udp4');
  socket.on('error', () => {});
  socket.unref();
  const send = (message: Buffer) =>
    new Promise<void>((sent, failed) => socket.send(message, port, address, error => (error ? failed(error) : sent())));
  return {
    async send(messages) {
      for (const message of messages) await send(message);
    },
    close: () => socket.close(),
  };
}

/** Node knows no datagrams of AF_UNIX: a shim sends them, many in one program. */
async function localDatagrams(path: string): Promise<SyslogConnection> {
  const [socket, address] = [slot('syslog'), unixAddress(path)];
  const about = (why: Text) => ({ why, lesson: 'supervisor' as const });
  const send = (messages: readonly Buffer[]) =>
    runHost(
      program({
        host: [
          call('socket', [AF.AF_UNIX, SOCK.SOCK_DGRAM | SOCK.SOCK_CLOEXEC, 0], {
            ...about({ en: 'create a socket for messages of their own', zh: '创建一个逐条发送消息的套接字' }),
            save: socket,
          }),
          call(
            'connect',
            [socket, address, address.bytes.length],
            about({ en: 'name the syslog daemon as the receiver', zh: '指定 syslog 守护进程为接收方' }),
          ),
          ...messages.map(message =>
            call(
              'sendto',
              [socket, bytes(message, '<message>'), message.length, 0, 0, 0],
              about({ en: 'send a line of the container', zh: '发送容器的一行输出' }),
            ),
          ),
        ],
      }),
      { label: 'syslog' },
    );
  try {
    await send([]);
  } catch (error) {
    throw unreachable(`dial unixgram ${path}: connect: ${reasonOf(error as Error)}`);
  }
  return {
    async send(messages) {
      for (let at = 0; at < messages.length; at += MOST_STEPS) await send(messages.slice(at, at + MOST_STEPS));
    },
    close: () => {},
  };
}

/** Messages in one program: at 16 KiB each they are well below a program's limit. */
const MOST_STEPS = 200;

async function lookup(protocol: string, host: string): Promise<{ address: string; family: number }> {
  try {
    return await dns.lookup(host);
  } catch {
    throw unreachable(`dial ${protocol}: lookup ${host}: no such host`);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOENT: 'no such file or directory',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
  EPROTOTYPE: 'protocol wrong type for socket',
};

function reasonOf(error: Error & { errno?: unknown }): string {
  const errno = errnoOf(error) ?? (typeof error.errno === 'string' ? error.errno : undefined);
  if (errno === undefined) return error.message;
  const reason = reasons[errno] ?? errno;
  return 'syscall' in error ? `${error.syscall}: ${reason}` : reason;
}

const unreachable = (reason: string) =>
  new MinidockError('syslog-unreachable', `failed to initialize logging driver: ${reason}`, {
    fix: 'start the syslog daemon, or give its --log-opt syslog-address',
  });
