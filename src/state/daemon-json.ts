import fs from 'node:fs';
import { errnoOf, MinidockError } from '../errors.ts';
import { type DaemonKey, daemonKeys, type LogDriver, logDrivers, type ValueType } from './daemon-keys.ts';

/** What Docker's daemon.json asks for (dockerd(8)): which engine, how registries are reached. */
export interface DaemonJson {
  readonly dataRoot?: string;
  readonly execRoot?: string;
  readonly bridge?: string;
  readonly registryMirrors: readonly string[];
  readonly insecureRegistries: readonly string[];
  /** `log-driver` and `log-opts`. */
  readonly logDefaults: { readonly driver?: string; readonly options?: Readonly<Record<string, string>> };
  /** What the verb `daemon` reads beside its flags of the same names, as it stands there. */
  readonly daemon: DaemonSettings;
  /** Keys that have no effect here, in the order of the file, with the reason. */
  readonly ignored: readonly { readonly key: string; readonly why: string }[];
}

export interface DaemonSettings {
  readonly hosts?: readonly string[];
  readonly group?: string;
  readonly debug?: boolean;
  readonly pidfile?: string;
  readonly tls?: boolean;
  readonly tlsverify?: boolean;
  readonly tlscacert?: string;
  readonly tlscert?: string;
  readonly tlskey?: string;
}

const daemonSettings = [
  ...(['hosts', 'group', 'debug', 'pidfile'] as const),
  ...(['tls', 'tlsverify', 'tlscacert', 'tlscert', 'tlskey'] as const),
];

export const defaultDaemonJson = '/etc/minidock/daemon.json';

/**
 * Reads the file; one that is not there or empty says nothing. As Docker does it refuses keys that nobody knows and values
 * of another type, also where the key has no effect.
 *
 * @throws {MinidockError} `invalid-config`
 */
export function readDaemonJson(file: string): DaemonJson {
  const settings = parse(file);
  const ignored: { key: string; why: string }[] = [];
  const entries = Object.entries(settings);
  const keys = entries.length > 0 ? daemonKeys() : {};
  for (const [key, value] of entries) {
    const known = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (known === undefined) throw invalidConfig(file, `Docker knows no ${JSON.stringify(key)}`);
    check(file, key, known.type, value);
    const why = asksForMore(known, value) ? reason(key, value, known) : undefined;
    if (why !== undefined) ignored.push({ key, why });
  }
  const text = (key: string) => (settings[key] as string | null | undefined) || undefined;
  const texts = (key: string) => (settings[key] as string[] | null | undefined) ?? [];
  return {
    dataRoot: text('data-root'),
    execRoot: text('exec-root'),
    bridge: settings.bridge === 'none' ? undefined : text('bridge'),
    registryMirrors: texts('registry-mirrors'),
    insecureRegistries: texts('insecure-registries'),
    logDefaults: logDefaults(settings),
    daemon: Object.fromEntries(
      daemonSettings.filter(key => settings[key] !== null && key in settings).map(key => [key, settings[key]]),
    ),
    ignored,
  };
}

/** None where the driver is one that is not here: its options would be another's. */
function logDefaults(settings: Record<string, unknown>): DaemonJson['logDefaults'] {
  const driver = (settings['log-driver'] as string | null | undefined) || undefined;
  if (driver !== undefined && !logDrivers.includes(driver as LogDriver)) return {};
  const options = (settings['log-opts'] as Record<string, string> | null | undefined) ?? undefined;
  return { ...(driver && { driver }), ...(options && { options }) };
}

export const missingFile = 'no such file';

export function invalidConfig(file: string, reason: string, cause?: unknown): MinidockError {
  return new MinidockError('invalid-config', `unable to use the configuration file ${file}: ${reason}`, {
    cause,
    fix:
      reason === missingFile
        ? 'name one that exists with --config'
        : 'mend it (its keys are those of dockerd(8)), or name another with --config',
  });
}

function parse(file: string): Record<string, unknown> {
  const content = read(file);
  if (content.trim() === '') return {};
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch (error) {
    throw invalidConfig(file, `it is no JSON: ${(error as Error).message}`, error);
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw invalidConfig(file, 'it is no JSON object');
  return document as Record<string, unknown>;
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return '';
    throw invalidConfig(file, errno === 'EISDIR' ? 'it is a directory' : `it cannot be read: ${errno ?? error}`, error);
  }
}

const isText = (value: unknown) => typeof value === 'string';

const isMap = (value: unknown) => typeof value === 'object' && !Array.isArray(value);

/** Made where there is such a file: every command looks for it. */
const types = (): Readonly<Record<ValueType, { is: (value: unknown) => boolean; name: string }>> => ({
  text: { is: isText, name: 'a text' },
  path: { is: isText, name: 'a text' },
  number: { is: value => typeof value === 'number', name: 'a number' },
  boolean: { is: value => typeof value === 'boolean', name: 'true or false' },
  texts: { is: value => Array.isArray(value) && value.every(isText), name: 'a list of texts' },
  list: { is: Array.isArray, name: 'a list' },
  map: { is: isMap, name: 'a map' },
  pairs: { is: value => isMap(value) && Object.values(value as object).every(isText), name: 'a map of texts' },
  any: { is: () => true, name: '' },
});

function check(file: string, key: string, type: ValueType, value: unknown): void {
  if (value === null) return;
  const { is, name } = types()[type];
  if (!is(value)) throw invalidConfig(file, `"${key}" is ${describe(value)}, not ${name}`);
  if (type === 'path' && value !== '' && !(value as string).startsWith('/'))
    throw invalidConfig(file, `"${key}" is ${JSON.stringify(value)}, not an absolute path`);
}

/** Texts and lists are not repeated: a mirror's URL may hold a password. */
function describe(value: unknown): string {
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return 'a text';
  return Array.isArray(value) ? 'a list' : 'a map';
}

function asksForMore({ anyway = [] }: DaemonKey, value: unknown): boolean {
  if (anyway.includes(value)) return false;
  if (value === false) return anyway.includes(true);
  if (value === null || value === '' || value === 0) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function reason(key: string, value: unknown, { why }: DaemonKey): string | undefined {
  if (key === 'bridge' && value === 'none') return 'each container says --network none';
  // Docker's own choice where there is no systemd.
  if (key === 'exec-opts' && String(value) === 'native.cgroupdriver=cgroupfs') return undefined;
  return why;
}
