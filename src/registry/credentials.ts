import os from 'node:os';
import path from 'node:path';
import { MinidockError } from '../errors.ts';
import { readIfPresent } from '../state/files.ts';

export interface Credentials {
  username: string;
  password: string;
}

/** `docker login` keeps Docker Hub's under this key, for historical reasons. */
const hubKey = 'https://index.docker.io/v1/';

/** Docker's own client configuration: `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`. */
export function dockerConfigPath(): string {
  return path.join(process.env.DOCKER_CONFIG ?? path.join(os.homedir(), '.docker'), 'config.json');
}

/**
 * What `docker login` stored for a registry's host: `auths.<host>.auth`, base64 of `user:password`. Undefined where there is
 * nothing. A file that cannot be understood is an error, its content never part of the message.
 */
export function findCredentials(host: string, file = dockerConfigPath()): Credentials | undefined {
  const content = readIfPresent(file);
  if (content === undefined) return undefined;
  let auths: Record<string, { auth?: unknown; username?: unknown; password?: unknown }>;
  try {
    auths = JSON.parse(content).auths ?? {};
  } catch {
    throw new MinidockError('invalid-config', `${file} is not valid JSON`);
  }
  const keys = host === 'docker.io' ? [hubKey] : [host, `https://${host}`, `http://${host}`];
  const entry = keys
    .flatMap(key => [key, `${key}/`, `${key}/v1/`, `${key}/v2/`])
    .map(key => auths[key])
    .find(Boolean);
  if (entry === undefined) return undefined;
  if (typeof entry.username === 'string' && typeof entry.password === 'string') {
    return { username: entry.username, password: entry.password };
  }
  if (typeof entry.auth !== 'string' || entry.auth === '') return undefined;
  const decoded = Buffer.from(entry.auth, 'base64').toString();
  const colon = decoded.indexOf(':');
  if (colon < 1)
    throw new MinidockError(
      'invalid-config',
      `the credentials of ${host} in ${file} are not "user:password" in base64`,
    );
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, '') };
}
