import { MinidockError } from '../errors.ts';
import { readIfPresent } from '../state/files.ts';

/** The keys of Docker's daemon.json that concern registries. */
export interface DaemonConfig {
  /** URLs that are asked before Docker Hub, in order. */
  registryMirrors: URL[];
  /** `host`, `host:port` or CIDR: https without verification, and plain http after it. */
  insecureRegistries: string[];
}

/** Where it is read from; `MINIDOCK_CONFIG` names another file. */
export function daemonConfigPath(): string {
  return process.env.MINIDOCK_CONFIG ?? '/etc/minidock/daemon.json';
}

/** Reads `registry-mirrors` and `insecure-registries`; other keys are left alone. Throws `invalid-config`. */
export function readDaemonConfig(file = daemonConfigPath()): DaemonConfig {
  const content = readIfPresent(file);
  if (content === undefined || content.trim() === '') return { registryMirrors: [], insecureRegistries: [] };
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch (error) {
    throw invalid(file, (error as Error).message);
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw invalid(file, 'it is no JSON object');
  const settings = document as Record<string, unknown>;
  const texts = (key: string): string[] => {
    const value = settings[key] ?? [];
    if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value;
    throw invalid(file, `"${key}" is no list of texts`);
  };
  return {
    registryMirrors: texts('registry-mirrors').map(text => parseMirror(text, file)),
    insecureRegistries: texts('insecure-registries').map(text => text.replace(/^https?:\/\//, '')),
  };
}

function parseMirror(text: string, file: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw invalid(file, `mirror ${JSON.stringify(text)} is no http:// or https:// URL`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw invalid(file, `mirror ${JSON.stringify(url.host)} holds more than a scheme, a host and a path`);
  }
  return url;
}

function invalid(file: string, reason: string): MinidockError {
  return new MinidockError('invalid-config', `unable to use the configuration file ${file}: ${reason}`);
}
