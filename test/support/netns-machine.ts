import { createSocket } from 'node:dgram';
import { realpathSync } from 'node:fs';
import net from 'node:net';
import { fileURLToPath } from 'node:url';

export type Protocol = 'tcp' | 'udp';

/** What the machine's process is told, and answers by its number. */
export interface Request {
  id: number;
  method: 'serve' | 'ask';
  args: readonly never[];
}

const open: { unref(): unknown }[] = [];

/** Answers whoever asks here, as `Machine.serve`. */
export function serve(protocol: Protocol, port: number, name: string, host = '0.0.0.0'): Promise<void> {
  return new Promise((resolve, reject) => {
    if (protocol === 'tcp') {
      const server = net.createServer(socket => {
        socket.on('error', () => {});
        socket.end(`${name} ${socket.remoteAddress}`);
      });
      server.once('error', reject).listen(port, host, resolve).unref();
      open.push(server);
    } else {
      const socket = createSocket('udp4');
      socket.on('message', (_, from) => socket.send(`${name} ${from.address}`, from.port, from.address));
      socket.once('error', reject).bind(port, host, resolve).unref();
      open.push(socket);
    }
  });
}

/** As `Machine.ask`, from here. */
export function ask(protocol: Protocol, host: string, port: number): Promise<string> {
  return new Promise(resolve => {
    if (protocol === 'tcp') {
      let answer = '';
      const socket = net.connect({ host, port });
      socket.setTimeout(500, () => {
        resolve('silent');
        socket.destroy();
      });
      socket.on('data', chunk => {
        answer += chunk;
      });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(sayError(error)));
      socket.on('end', () => resolve(answer));
    } else {
      const socket = createSocket('udp4');
      const done = (answer: string) => {
        clearTimeout(timer);
        socket.close();
        resolve(answer);
      };
      const timer = setTimeout(() => done('silent'), 500);
      socket.once('message', message => done(String(message)));
      socket.once('error', (error: NodeJS.ErrnoException) => done(sayError(error)));
      socket.connect(port, host, () => socket.send('?'));
    }
  });
}

function sayError(error: NodeJS.ErrnoException): string {
  return error.code === 'ECONNREFUSED' ? 'refused' : (error.code ?? error.message);
}

/** The part that runs in a machine. */
if (realpathSync(process.argv[1]!) === fileURLToPath(import.meta.url)) {
  process.on('disconnect', () => process.exit(0));
  process.on('message', async ({ id, method, args }: Request) => {
    const answer = await (method === 'serve' ? serve : (ask as (...args: never[]) => Promise<unknown>))(
      ...(args as [never, never, never]),
    );
    process.send?.({ id, answer });
  });
  process.send?.('ready');
}
