import { homedir } from 'node:os';
import path from 'node:path';
import { MinidockError } from '../../errors.ts';

/** Where a daemon listens. */
export type Host = { readonly shown: string } & (
  | { readonly socketPath: string }
  | { readonly name: string; readonly port: number; readonly tls?: TlsFiles }
);

/** Paths of PEM files: whom we trust, and who we are. */
export interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const defaultSocket = '/run/minidock/minidock.sock';
const tlsPort = 2376;
const plainPort = 2375;

/**
 * Reads `unix:///PATH`, `tcp://NAME[:PORT]` or a path. TCP is spoken over TLS where there are files for it.
 *
 * @throws {MinidockError} `invalid-host`
 */
export function parseHost(given: string, tls?: TlsFiles): Host {
  const refuse = (why: string) =>
    new MinidockError('invalid-host', `invalid host ${JSON.stringify(given)}: ${why}`, {
      fix: `unix://${defaultSocket}, or tcp://NAME:PORT`,
    });
  if (given.startsWith('/')) return parseHost(`unix://${given}`, tls);
  const [, scheme, rest] = /^([a-z]+):\/\/(.*)$/s.exec(given) ?? [];
  if (scheme === 'unix') {
    const socketPath = rest === '' ? defaultSocket : rest!;
    if (!path.isAbsolute(socketPath)) throw refuse('the path of a socket begins with a slash');
    // unix(7): sun_path has 108 bytes, one of them for the NUL.
    if (Buffer.byteLength(socketPath) > 107) throw refuse('the path of a socket has at most 107 bytes');
    return { shown: `unix://${socketPath}`, socketPath };
  }
  if (scheme !== 'tcp') throw refuse('it begins with neither unix:// nor tcp://');
  const url = URL.canParse(`http://${rest}`) ? new URL(`http://${rest}`) : undefined;
  if (url === undefined || url.hostname === '' || url.pathname !== '/' || url.username !== '' || url.search !== '')
    throw refuse('write tcp://NAME:PORT');
  const port = Number(url.port) || (/:80$/.test(rest!) ? 80 : tls === undefined ? plainPort : tlsPort);
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { shown: given, name, port, ...(tls && { tls }) };
}

/** `ca.pem`, `cert.pem` and `key.pem` of a folder, as Docker's client has them. */
export function tlsFilesIn(folder: string): TlsFiles {
  const at = (name: string) => path.join(folder.replace(/^~(?=\/|$)/, homedir()), name);
  return { ca: at('ca.pem'), cert: at('cert.pem'), key: at('key.pem') };
}
