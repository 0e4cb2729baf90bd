import { MinidockError } from '../../errors.ts';
import { type DaemonSettings, invalidConfig } from '../../state/daemon-json.ts';
import { type TlsFiles, tlsFilesIn } from '../client/host.ts';

/** What a daemon is told by flags and by daemon.json. */
export interface DaemonOptions {
  readonly hosts: readonly string[];
  readonly group?: string;
  readonly debug: boolean;
  readonly pidfile?: string;
  /** Missing: no TLS. */
  readonly tls?: Required<TlsFiles>;
}

/**
 * Flags and file together. As with dockerd what both say is refused, also where they say the same, one of the files of certificates
 * asks for TLS too, and those that nobody names stand in ~/.docker.
 *
 * @param flags as they were given: what was not is missing
 * @param path of daemon.json
 * @throws {MinidockError} `invalid-config`, `invalid-argument`
 */
export function daemonOptions(flags: DaemonSettings, file: DaemonSettings, path: string): DaemonOptions {
  const twice = (Object.keys(file) as (keyof DaemonSettings)[])
    .filter(key => flags[key] !== undefined)
    .map(key => `${key}: (from flag: ${shown(flags[key])}, from file: ${shown(file[key])})`);
  if (twice.length > 0)
    throw invalidConfig(
      path,
      `the following directives are specified both as a flag and in the configuration file: ${twice.join(', ')}`,
    );
  for (const host of file.hosts ?? [])
    if (!isHost(host)) throw invalidConfig(path, `"hosts" has ${JSON.stringify(host)}: ${hostRule}`);
  const { hosts = [], group, debug = false, pidfile, ...tls } = { ...file, ...flags };
  const { tlsverify = false, tlscacert, tlscert, tlskey } = tls;
  const asksForTls = tlsverify || [tlscacert, tlscert, tlskey].some(Boolean);
  if (tls.tls && !asksForTls)
    throw new MinidockError(
      'invalid-config',
      '"tls" alone asks no client who it is: whoever reaches it would be root',
      {
        fix: 'say "tlsverify": true, with "tlscacert"',
      },
    );
  const initial = tlsFilesIn('~/.docker') as Required<TlsFiles>;
  return {
    hosts,
    debug,
    ...(group && { group }),
    ...(pidfile && { pidfile }),
    ...(asksForTls && {
      tls: { ca: tlscacert || initial.ca, cert: tlscert || initial.cert, key: tlskey || initial.key },
    }),
  };
}

/** '' is the place where a daemon listens that is told nothing. */
export const isHost = (given: string) =>
  given === '' || given === 'fd://' || /^(unix:\/\/(\/.+)?$|tcp:\/\/.)/.test(given);

export const hostRule = 'must be unix:///PATH, tcp://NAME:PORT or fd://';

/** As Go prints a value. */
const shown = (value: unknown) => (Array.isArray(value) ? `[${value.join(' ')}]` : String(value));
