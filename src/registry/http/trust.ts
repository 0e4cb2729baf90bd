import fs from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { MinidockError } from '../../errors.ts';
import { listIfPresent, readIfPresent } from '../../state/files.ts';
import { daemonConfigPath } from '../daemon-config.ts';

/** The authorities that a connection to one registry is verified with, and our client certificate. */
export interface Trust {
  ca?: string[];
  cert?: string;
  key?: string;
}

/** Docker's folder, and ours beside daemon.json. */
export function certificateFolders(daemonConfig = daemonConfigPath()): string[] {
  return ['/etc/docker/certs.d', path.join(path.dirname(daemonConfig), 'certs.d')];
}

const known = new Map<string, Trust>();

/**
 * Reads `<folder>/<host[:port]>/`: `*.crt` are authorities that are trusted for this registry besides the usual ones,
 * `x.cert` with `x.key` is the client's certificate. Empty where there are none.
 *
 * @throws {MinidockError} `invalid-certificate`
 */
export function trustFor(host: string, folders: readonly string[]): Trust {
  const key = [host, ...folders].join('\0');
  const found = known.get(key) ?? readTrust(folders.map(folder => path.join(folder, host)));
  known.set(key, found);
  return found;
}

function readTrust(folders: readonly string[]): Trust {
  const files = folders.flatMap(folder => listIfPresent(folder).map(name => path.join(folder, name))).sort();
  const authorities = files.filter(file => file.endsWith('.crt')).map(readCertificate);
  const certificate = files.find(file => file.endsWith('.cert'));
  const trust: Trust = authorities.length === 0 ? {} : { ca: [...usualAuthorities(), ...authorities] };
  if (certificate === undefined) return trust;
  const key = certificate.replace(/\.cert$/, '.key');
  if (!files.includes(key)) throw invalid(certificate, `its key ${path.basename(key)} is not beside it`);
  return { ...trust, cert: readCertificate(certificate), key: fs.readFileSync(key, 'utf8') };
}

/** Naming authorities replaces Node's own list and what `NODE_EXTRA_CA_CERTS` adds to it. */
function usualAuthorities(): string[] {
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  const added = extra === undefined ? undefined : readIfPresent(extra);
  return [...tls.rootCertificates, ...(added === undefined ? [] : [added])];
}

function readCertificate(file: string): string {
  const content = fs.readFileSync(file, 'utf8');
  if (content.includes('-----BEGIN CERTIFICATE-----')) return content;
  throw invalid(file, 'it holds no certificate in PEM');
}

function invalid(file: string, reason: string): MinidockError {
  return new MinidockError('invalid-certificate', `cannot use ${file}: ${reason}`);
}
