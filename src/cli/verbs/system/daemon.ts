import path from 'node:path';
import { daemonOptions, hostRule, isHost } from '../../../api/server/settings.ts';
import { MinidockError } from '../../../errors.ts';
import { type DaemonSettings, defaultDaemonJson } from '../../../state/daemon-json.ts';
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
    const { root, execRoot, logDefaults, registries } = settings;
    const options = daemonOptions(given(flags), settings.daemon, registries.daemonConfig ?? defaultDaemonJson);
    const engine = await context.engine();
    const [{ serveApi }, { listenAt }, { routes }, { ApiTrace }, { writePidfile }] = await Promise.all([
      import('../../../api/server/server.ts'),
      import('../../../api/server/hosts.ts'),
      import('../../../api/routes/all.ts'),
      import('../../../api/trace/trace.ts'),
      import('../../../api/server/pidfile.ts'),
    ]);
    const trace = new ApiTrace();
    if (options.debug)
      trace.listen((await import('../../progress/api-trace.ts')).traceShower(output.err, output.errColumns));
    const server = serveApi(routes, {
      engine,
      settings: { root, execRoot, logDriver: logDefaults.driver || 'json-file', registries },
      trace,
    });
    const listeners = await listenAt(
      {
        ...options,
        roots: { root, execRoot },
        insecureTcp: flags['insecure-tcp'],
        env: context.env,
        warn: text => output.err(`${text}\n`),
      },
      server.http,
    );
    // Containers' processes are not meant (sd_listen_fds(3)).
    for (const name of ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES']) delete process.env[name];
    const removePidfile = pidfileOf(options.pidfile, writePidfile, listeners);
    try {
      await interruptible(signal => {
        // Whoever reads this may ask for the end at once.
        for (const { name } of listeners) output.err(`minidock: API listens on ${name}\n`);
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      });
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
  if (!isHost(given)) throw new Error(hostRule);
  return given;
}

interface Flags extends Omit<DaemonSettings, 'hosts' | 'debug' | 'tls' | 'tlsverify'> {
  readonly host: readonly string[];
  readonly debug: boolean;
  readonly tlsverify: boolean;
}

/** The flags that were given, by their names in daemon.json. */
function given({ host, debug, tlsverify, group, pidfile, tlscacert, tlscert, tlskey }: Flags): DaemonSettings {
  return {
    ...(host.length > 0 && { hosts: host }),
    ...(debug && { debug }),
    ...(tlsverify && { tlsverify }),
    ...Object.fromEntries(
      Object.entries({ group, pidfile, tlscacert, tlscert, tlskey }).filter(([, value]) => value !== undefined),
    ),
  };
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
