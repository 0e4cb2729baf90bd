import { type Host, parseHost, type TlsFiles, tlsFilesIn } from '../api/client/host.ts';
import { remoteEngine } from '../api/client/remote.ts';
import type { Engine } from '../engine/engine.ts';
import { MinidockError } from '../errors.ts';
import type { Context, GlobalFlags } from './context.ts';

const known = new Map<string, Engine>();

/**
 * The engine of the daemon that `-H` or MINIDOCK_HOST names: one for all parts of a verb.
 *
 * @throws {MinidockError} `invalid-host`, `conflict`
 */
export function engineAt(host: string, flags: GlobalFlags, env: Context['env']): Engine {
  const engine = known.get(host) ?? remoteEngine(hostAt(host, flags, env));
  known.set(host, engine);
  return engine;
}

/** @throws {MinidockError} `invalid-host`, `conflict` */
export function hostAt(host: string, flags: GlobalFlags, env: Context['env']): Host {
  const ours = (['root', 'exec-root', 'bridge', 'config'] as const).find(name => flags[name] !== undefined);
  if (ours !== undefined)
    throw new MinidockError('conflict', `Conflicting options: --${ours} and ${flags.host ? '-H' : 'MINIDOCK_HOST'}`, {
      fix: `the daemon has its own: give --${ours} to 'minidock daemon', or leave out the host`,
    });
  return parseHost(host, tlsFiles(flags, env));
}

/** As with Docker's client flags go before the files of a folder; without either TCP is not encrypted. */
function tlsFiles({ tlscacert, tlscert, tlskey }: GlobalFlags, env: Context['env']): TlsFiles | undefined {
  const folder = env.MINIDOCK_CERT_PATH;
  const given = {
    ...(folder ? tlsFilesIn(folder) : {}),
    ...(tlscacert !== undefined && { ca: tlscacert }),
    ...(tlscert !== undefined && { cert: tlscert }),
    ...(tlskey !== undefined && { key: tlskey }),
  };
  return Object.keys(given).length > 0 ? given : undefined;
}
