import fs from 'node:fs';
import type http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { errnoOf, MinidockError } from '../../errors.ts';

/** A place where requests come in. */
export interface Listener {
  /** `unix:///run/minidock/minidock.sock` */
  readonly name: string;
  /** Takes no more connections; a socket's file is gone. */
  close(): void;
}

/**
 * Listens on a Unix socket that root and one group may use. The socket of a daemon that is dead is replaced.
 *
 * @throws {MinidockError} `address-in-use` where a daemon lives there, `invalid-argument` for a path where no socket can be
 */
export async function listenUnix(file: string, server: http.Server): Promise<Listener> {
  if (!path.isAbsolute(file) || Buffer.byteLength(file) > 107)
    throw new MinidockError(
      'invalid-argument',
      `${file} is no path of a socket: it must begin with / and have at most 107 bytes`,
    );
  if (await lives(file))
    throw new MinidockError('address-in-use', `a daemon already listens on unix://${file}`, {
      fix: 'stop it, or name another socket with -H unix:///PATH',
    });
  fs.rmSync(file, { force: true });
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const listener = net.createServer({ allowHalfOpen: true }, socket => server.emit('connection', socket));
  // The socket has its mode from its first moment.
  const before = process.umask(0o117);
  try {
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen({ path: file, backlog: 1024 }, resolve);
      process.umask(before);
    });
  } finally {
    process.umask(before);
  }
  return { name: `unix://${file}`, close: () => void listener.close() };
}

/** Whether somebody answers there. */
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
