import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { errnoOf, MinidockError } from '../../errors.ts';
import { ensureDirectory, readIfPresent, writeAtomic } from '../../state/files.ts';
import { withLock } from '../../state/lock.ts';
import { discard } from '../../storage/single-flight.ts';

/** One of `auths`. */
export interface AuthEntry {
  /** Base64 of `user:password`. */
  auth?: unknown;
  username?: unknown;
  password?: unknown;
  identitytoken?: unknown;
}

/** The keys of Docker's config.json that concern credentials; there are others. */
export interface DockerConfig {
  auths?: Record<string, AuthEntry>;
  /** Helper for all registries. */
  credsStore?: string;
  /** Helper by registry. */
  credHelpers?: Record<string, string>;
}

/** Docker's own client configuration: `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`. */
export function dockerConfigPath(): string {
  return path.join(process.env.DOCKER_CONFIG || path.join(os.homedir(), '.docker'), 'config.json');
}

const fix = 'mend it, or move it away and log in again';

/** Reads it; empty where there is none. A file that cannot be understood is an error without its content. */
export function readDockerConfig(file = dockerConfigPath()): DockerConfig {
  let content: string | undefined;
  try {
    content = readIfPresent(file);
  } catch (error) {
    throw new MinidockError('invalid-config', `cannot read ${file}: ${errnoOf(error)}`, { cause: error });
  }
  if (content === undefined || content.trim() === '') return {};
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch {
    throw new MinidockError('invalid-config', `${file} is not valid JSON`, { fix });
  }
  if (!isObject(document)) throw new MinidockError('invalid-config', `${file} is no JSON object`, { fix });
  const { auths = {}, credsStore, credHelpers = {} } = document;
  const wrong = (key: string, wanted: string) =>
    new MinidockError('invalid-config', `"${key}" in ${file} is not ${wanted}`, { fix });
  if (!isObject(auths) || !Object.values(auths).every(isObject)) throw wrong('auths', 'an object of objects');
  if (!isObject(credHelpers) || !Object.values(credHelpers).every(name => typeof name === 'string'))
    throw wrong('credHelpers', 'an object of texts');
  if (credsStore !== undefined && typeof credsStore !== 'string') throw wrong('credsStore', 'a text');
  return document as DockerConfig;
}

/**
 * Changes it, for its owner's eyes only (mode 0600). Keys that we know nothing of stay as they are. A link, as dotfiles
 * often are, stays a link.
 */
export async function updateDockerConfig(change: (config: DockerConfig) => void, file = dockerConfigPath()) {
  ensureDirectory(path.dirname(file), 0o700);
  const target = fs.existsSync(file) ? fs.realpathSync(file) : file;
  const lock = `${target}.lock`;
  try {
    await withLock(lock, () => {
      const config = readDockerConfig(target);
      change(config);
      writeAtomic(target, `${JSON.stringify(config, null, '\t')}\n`, 0o600);
    });
  } finally {
    // The folder belongs to the user: leave no lock in it.
    discard(lock);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
