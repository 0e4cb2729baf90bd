import path from 'node:path';
import { MinidockError } from '../../../errors.ts';
import { many, text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { interruptible } from '../../terminal/interrupt.ts';

/** How long requests that run when the daemon is stopped have to end, in milliseconds. */
const graceMs = 5000;

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    debug: toggle('Show each request, and what it makes the engine and the kernel do', { short: 'D' }),
    group: text('Group that may use the Unix socket (default docker, else root)', { short: 'G' }),
    host: many(
      'list',
      readHost,
      'Listen there: unix:///PATH (default unix:///run/minidock/minidock.sock), tcp://NAME:PORT, or fd:// for sockets of systemd',
      { short: 'H' },
    ),
    'insecure-tcp': toggle('Listen on TCP also without TLS: whoever reaches it is root'),
    pidfile: text('Write the process id to this file', { short: 'p', completes: 'files' }),
    tlscacert: text('Certificate that clients must be signed by (default ~/.docker/ca.pem)', { completes: 'files' }),
    tlscert: text('Certificate of the daemon (default ~/.docker/cert.pem)', { completes: 'files' }),
    tlskey: text('Key of the certificate (default ~/.docker/key.pem)', { completes: 'files' }),
    tlsverify: toggle('Speak TLS on TCP, and let only clients with a certificate in'),
  },
  operands: [0, 0],
  local: 'it is the daemon of the machine that it runs on',
  async run(context, flags) {
    const { settings, output } = context;
    const engine = await context.engine();
    const [{ serveApi }, { listenAt }, { routes }, { ApiTrace }, { writePidfile }] = await Promise.all([
      import('../../../api/server/server.ts'),
      import('../../../api/server/hosts.ts'),
      import('../../../api/routes/all.ts'),
      import('../../../api/trace/trace.ts'),
      import('../../../api/server/pidfile.ts'),
    ]);
    const { root, execRoot, logDefaults, registries } = settings;
    const trace = new ApiTrace();
    if (flags.debug)
      trace.listen((await import('../../progress/api-trace.ts')).traceShower(output.err, output.errColumns));
    const server = serveApi(routes, {
      engine,
      settings: { root, execRoot, logDriver: logDefaults.driver || 'json-file', registries },
      trace,
    });
    const listeners = await listenAt(
      {
        hosts: flags.host,
        socket: path.join(execRoot, 'minidock.sock'),
        group: flags.group,
        tls: await tlsOf(flags),
        insecureTcp: flags['insecure-tcp'],
        env: context.env,
        warn: text => output.err(`${text}\n`),
      },
      server.http,
    );
    // Containers' processes are not meant (sd_listen_fds(3)).
    for (const name of ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES']) delete process.env[name];
    const removePidfile = pidfileOf(flags.pidfile, writePidfile, listeners);
    for (const { name } of listeners) output.err(`minidock: API listens on ${name}\n`);
    try {
      await interruptible(
        signal => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      );
    } catch (error) {
      if (!(error instanceof MinidockError && error.code === 'interrupted')) throw error;
    }
    for (const listener of listeners) listener.close();
    await server.close(graceMs);
    removePidfile();
    return 0;
  },
});

function readHost(given: string): string {
  if (given !== 'fd://' && !/^(unix:\/\/\/.|tcp:\/\/.)/.test(given))
    throw new Error('must be unix:///PATH, tcp://NAME:PORT or fd://');
  return given;
}

interface TlsFlags {
  readonly tlsverify: boolean;
  readonly tlscacert?: string | undefined;
  readonly tlscert?: string | undefined;
  readonly tlskey?: string | undefined;
}

/** As with dockerd one of the files asks for TLS too, and those that are not named stand in ~/.docker. */
async function tlsOf({ tlsverify, tlscacert, tlscert, tlskey }: TlsFlags) {
  if (!tlsverify && tlscacert === undefined && tlscert === undefined && tlskey === undefined) return undefined;
  const { tlsFilesIn } = await import('../../../api/client/host.ts');
  const { ca, cert, key } = tlsFilesIn('~/.docker');
  return { ca: tlscacert ?? ca!, cert: tlscert ?? cert!, key: tlskey ?? key! };
}

function pidfileOf(
  file: string | undefined,
  write: (file: string) => () => void,
  listeners: readonly { close(): void }[],
): () => void {
  if (file === undefined) return () => {};
  try {
    return write(path.resolve(file));
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
}
