import fs from 'node:fs';
import type http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { errnoOf, MinidockError } from '../../errors.ts';
import { describeHolder, type ProcessIdentity } from '../../host/process.ts';
import { ensureDirectory } from '../../state/files.ts';
import { acquire, discard, holderOf } from '../../state/lock.ts';

/** A socket on which the daemon accepts requests. */
export interface Listener {
  /** `unix:///run/minidock/minidock.sock` */
  readonly name: string;
  /** Accepts no more connections, and removes the file of a Unix socket. */
  close(): void;
}

/** PEM texts: who a daemon is, and who has signed the certificates of its clients. */
export interface ServerCertificates {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Listens on a Unix socket that root and one group may use. The socket of a daemon that is dead is replaced, by one daemon: a lock
 * beside it says who has the place, before and while the socket is there.
 *
 * @param gid whose the socket is beside root
 * @throws {MinidockError} `address-in-use` where a daemon lives there, `invalid-argument` for a path where no socket can be
 */
export async function listenUnix(file: string, server: http.Server, gid = 0): Promise<Listener> {
  if (!path.isAbsolute(file) || Buffer.byteLength(file) > 107)
    throw new MinidockError(
      'invalid-argument',
      `${file} is no path of a socket: it must begin with / and have at most 107 bytes`,
    );
  makeFolder(path.dirname(file));
  const giveUp = await takePlace(file);
  try {
    const listener = await bind(file, server, gid);
    return {
      name: `unix://${file}`,
      close: () => {
        listener.close();
        giveUp();
      },
    };
  } catch (error) {
    giveUp();
    throw error;
  }
}

/** Returns what gives the place up again. @throws {MinidockError} `address-in-use` */
async function takePlace(file: string): Promise<() => void> {
  const lock = `${file}.lock`;
  const refuse = (holder: ProcessIdentity | undefined) =>
    new MinidockError(
      'address-in-use',
      `a daemon already listens on unix://${file}${holder === undefined ? '' : `: ${describeHolder(holder)}`}`,
      { fix: 'stop it, or name another socket with -H unix:///PATH' },
    );
  if (holderOf(lock) !== undefined) throw refuse(holderOf(lock));
  await acquire(lock, { timeoutMs: 2000 }).catch(error => {
    throw error instanceof MinidockError && error.code === 'locked' ? refuse(holderOf(lock)) : error;
  });
  const giveUp = () => discard(lock);
  try {
    // A daemon without the lock can live there: it was started by an older version, or somebody deleted its lock.
    if (await lives(file)) throw refuse(undefined);
    return giveUp;
  } catch (error) {
    giveUp();
    throw error;
  }
}

async function bind(file: string, server: http.Server, gid: number): Promise<net.Server> {
  fs.rmSync(file, { force: true });
  const listener = net.createServer({ allowHalfOpen: true }, socket => server.emit('connection', socket));
  // Until it has its group nobody but root may connect.
  const before = process.umask(0o177);
  try {
    const bound = listening(listener, { path: file, backlog: 1024 }, `unix://${file}`);
    process.umask(before);
    await bound;
  } finally {
    process.umask(before);
  }
  fs.chownSync(file, 0, gid);
  fs.chmodSync(file, 0o660);
  return listener;
}

/**
 * Listens on TCP. With certificates only clients that show one of the same authority come in; without, everybody does.
 *
 * @throws {MinidockError} `address-in-use`, `invalid-certificate`, `invalid-host` for an address that is none of this host
 */
export async function listenTcp(
  at: { readonly name: string; readonly port: number },
  server: http.Server,
  certificates?: ServerCertificates,
): Promise<Listener> {
  const { listener, close } = acceptor(server, certificates);
  await listening(listener, { host: at.name, port: at.port, backlog: 1024 }, `tcp://${at.name}:${at.port}`);
  return { name: nameOf(listener), close };
}

/**
 * Listens on a socket that another process, as systemd is one, has made and listens on already. Its file stays when it is closed.
 *
 * @param admit whether TCP may be listened on without certificates
 * @throws {MinidockError} `invalid-host` for TCP that is not admitted, or what is no socket
 */
export async function listenInherited(
  fd: number,
  server: http.Server,
  certificates: ServerCertificates | undefined,
  admit: (isTcp: boolean) => void,
): Promise<Listener> {
  const isTcp = isInet(fd);
  admit(isTcp);
  const { listener, close } = acceptor(server, isTcp ? certificates : undefined);
  await listening(listener, { fd }, `fd://${fd}`);
  return { name: isTcp ? nameOf(listener) : `fd://${fd}`, close };
}

function acceptor(server: http.Server, certificates: ServerCertificates | undefined) {
  const take = (socket: net.Socket) => server.emit('connection', socket);
  const listener =
    certificates === undefined
      ? net.createServer({ allowHalfOpen: true }, take)
      : secured(certificates).on('secureConnection', take);
  return { listener, close: () => void listener.close() };
}

function secured(certificates: ServerCertificates): tls.Server {
  try {
    return tls.createServer({
      ...certificates,
      allowHalfOpen: true,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      handshakeTimeout: 10_000,
    });
  } catch (error) {
    throw new MinidockError('invalid-certificate', `the TLS certificates cannot be used: ${(error as Error).message}`, {
      fix: '--tlscacert, --tlscert and --tlskey name PEM files; the key is that of the certificate',
    });
  }
}

const nameOf = (listener: net.Server): string => {
  const { address, family, port } = listener.address() as net.AddressInfo;
  return `tcp://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
};

async function listening(listener: net.Server, options: net.ListenOptions & { fd?: number }, name: string) {
  try {
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(options, resolve);
    });
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new MinidockError('address-in-use', `cannot listen on ${name}: somebody already does`, {
        fix: 'stop it, or name another with -H',
      });
    throw new MinidockError('invalid-host', `cannot listen on ${name}: ${message}`, { cause: error });
  }
}

/** Whether an open file is a socket of TCP: proc(5), `/proc/net/tcp` has its inode in the tenth column. */
function isInet(fd: number): boolean {
  let inode: bigint;
  try {
    const stats = fs.fstatSync(fd, { bigint: true });
    if (!stats.isSocket()) throw new Error('it is no socket');
    inode = stats.ino;
  } catch (error) {
    throw new MinidockError('invalid-host', `cannot listen on file descriptor ${fd}: ${(error as Error).message}`);
  }
  return ['tcp', 'tcp6'].some(table => {
    const file = `/proc/self/net/${table}`;
    return (
      fs.existsSync(file) &&
      fs
        .readFileSync(file, 'utf8')
        .split('\n')
        .some(line => line.trim().split(/\s+/)[9] === String(inode))
    );
  });
}

/** Creates missing directories: everybody may pass through them, and only root may list them. */
function makeFolder(folder: string): void {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  ensureDirectory(folder);
  fs.chmodSync(folder, 0o711);
}

/** Whether a process accepts connections on the socket. */
async function lives(file: string): Promise<boolean> {
  const stats = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  if (!stats.isSocket())
    throw new MinidockError('invalid-argument', `${file} exists and is no socket`, { fix: 'name another with -H' });
  const socket = net.connect(file);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ECONNREFUSED' || errnoOf(error) === 'ENOENT') return false;
    throw error;
  } finally {
    socket.destroy();
  }
}
