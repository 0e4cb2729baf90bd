import { MinidockError } from '../errors.ts';
import { defaultDaemonJson, invalidConfig, readDaemonJson } from '../state/daemon-json.ts';

/** The keys of Docker's daemon.json that concern registries. */
export interface DaemonConfig {
  /** URLs that are asked before Docker Hub, in order. */
  registryMirrors: URL[];
  /** `host`, `host:port` or CIDR: https without verification, and plain http after it. */
  insecureRegistries: string[];
}

/** Where the settings come from. */
export interface RegistrySettings {
  /** Path of daemon.json; `certs.d` stands beside it. */
  daemonConfig?: string;
  /** From flags: asked before those of the file, and trusted beside those of the file. */
  registryMirrors?: readonly string[];
  insecureRegistries?: readonly string[];
}

/** Where daemon.json is read from; `MINIDOCK_CONFIG` names another file. */
export function daemonConfigPath(): string {
  return process.env.MINIDOCK_CONFIG || defaultDaemonJson;
}

/** What the flags say, and `registry-mirrors` and `insecure-registries` of the file. Throws `invalid-config`. */
export function readDaemonConfig(settings: RegistrySettings = {}): DaemonConfig {
  const { daemonConfig = daemonConfigPath(), registryMirrors = [], insecureRegistries = [] } = settings;
  const file = readDaemonJson(daemonConfig);
  const refused = (reason: string) => invalidConfig(daemonConfig, reason);
  return {
    registryMirrors: [
      ...registryMirrors.map(text => parseMirror(text, refusedFlag)),
      ...file.registryMirrors.map(text => parseMirror(text, refused)),
    ],
    insecureRegistries: [...insecureRegistries, ...file.insecureRegistries].map(withoutScheme),
  };
}

const withoutScheme = (text: string) => text.replace(/^https?:\/\//, '');

function parseMirror(text: string, refused: (reason: string) => Error): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw refused(`mirror ${JSON.stringify(text)} is no http:// or https:// URL`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw refused(`mirror ${JSON.stringify(url.host)} holds more than a scheme, a host and a path`);
  }
  return url;
}

function refusedFlag(reason: string): MinidockError {
  return new MinidockError('invalid-config', `unable to use --registry-mirror: ${reason}`);
}
