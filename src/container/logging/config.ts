import { MinidockError } from '../../errors.ts';
import type { LogDriver } from '../../state/daemon-keys.ts';
import type { LogConfig, LoggingOptions } from '../options/logging.ts';
import { refused } from './refused.ts';
import { readSyslogTarget, type SyslogTarget } from './syslog/target.ts';

/** What daemon.json gives to containers that do not say otherwise. */
export interface LogDefaults {
  readonly driver?: string;
  readonly options?: Readonly<Record<string, string>>;
}

/** Where a container's log is, and what becomes of it. */
export interface LogPlan {
  /** Whether records are kept in files. */
  readonly kept: boolean;
  /** The records are kept, but `logs` does not show them. */
  readonly hidden?: boolean;
  /** The syslog daemon to which they are sent as well. */
  readonly forward?: SyslogTarget;
  /** Absent: the file grows without bound. */
  readonly rotation?: Rotation;
}

export interface Rotation {
  /** In bytes: a file of this size is rotated before the next record. */
  readonly maxSize: number;
  /** The number of files, including the one that is written. */
  readonly maxFiles: number;
  readonly compress: boolean;
}

/** Docker's other drivers, which minidock does not have. */
const notHere = ['awslogs', 'etwlogs', 'fluentd', 'gcplogs', 'gelf', 'journald', 'logentries', 'splunk'];
const attributes = ['env', 'env-regex', 'labels', 'labels-regex', 'tag'];
const rotation = ['compress', 'max-file', 'max-size'];
/** Options of the copy that Docker keeps for `logs` beside a driver that cannot be read. */
const cache = ['cache-compress', 'cache-disabled', 'cache-max-file', 'cache-max-size'];
/** Of every driver: how Docker's daemon takes the lines of a container. */
const delivery = ['max-buffer-size', 'mode'];

interface Driver {
  readonly options: readonly string[];
  /** The driver's name in Docker's errors about options. */
  readonly name: string;
  plan(options: LogConfig['options']): LogPlan;
}

const drivers: Readonly<Record<LogDriver, Driver>> = {
  'json-file': { options: [...attributes, ...rotation], name: 'json-file log driver', plan: planOfJsonFile },
  local: { options: rotation, name: 'log driver local', plan: planOfLocal },
  syslog: {
    options: [...attributes, ...cache, 'syslog-address', 'syslog-facility', 'syslog-format'],
    name: 'syslog log driver',
    plan: planOfSyslog,
  },
  none: { options: [], name: 'none log driver', plan: () => ({ kept: false }) },
};

/**
 * The wanted configuration, completed by the defaults. Default options hold for the default driver only.
 *
 * @throws {MinidockError} `invalid-argument`, in Docker's words
 */
export function completeLogConfig(wanted: LogConfig | undefined, defaults: LogDefaults): LogConfig {
  const standard = defaults.driver || 'json-file';
  const driver = wanted?.driver || standard;
  const options = { ...(driver === standard && defaults.options), ...wanted?.options };
  const config = { driver, options };
  planOf(config);
  return config;
}

/** Whether this is the configuration of a container without any logging option. */
export function isDefaultLog({ driver, options }: LogConfig): boolean {
  return driver === 'json-file' && Object.keys(options).length === 0;
}

export const defaultLog: LogConfig = { driver: 'json-file', options: {} };

/** @throws {MinidockError} `invalid-argument`, in Docker's words */
export function planOf({ driver, options }: LogConfig): LogPlan {
  const known = Object.hasOwn(drivers, driver) ? drivers[driver as LogDriver] : undefined;
  if (known === undefined) throw unknownDriver(driver);
  const unknown = Object.keys(options).find(name => !known.options.includes(name) && !delivery.includes(name));
  if (unknown !== undefined)
    throw refused(
      `unknown log opt '${unknown}' for ${known.name}`,
      `it has ${[...known.options, ...delivery].join(', ')}`,
    );
  checkDelivery(options);
  return known.plan(options);
}

function unknownDriver(driver: string): MinidockError {
  const here = Object.keys(drivers).join(', ');
  if (notHere.includes(driver))
    return refused(`log driver "${driver}" is one of Docker that minidock does not have`, `choose one of ${here}`);
  return refused(`error looking up logging plugin ${driver}: plugin "${driver}" not found`, `choose one of ${here}`);
}

/** Docker's modes of delivery. Lines are always written as they come (`blocking`), which blocks no container here. */
function checkDelivery({ mode = '', 'max-buffer-size': buffer }: LogConfig['options']): void {
  if (!['', 'blocking', 'non-blocking'].includes(mode))
    throw refused(`logger: logging mode not supported: ${mode}`, 'it is blocking or non-blocking');
  if (buffer === undefined) return;
  if (mode !== 'non-blocking')
    throw refused(`logger: max-buffer-size option is only supported with 'mode=non-blocking'`, 'leave it out');
  readSize(buffer, 1024, 'error parsing option max-buffer-size: ');
}

const failed = 'failed to initialize logging driver: ';

function planOfJsonFile(options: LogConfig['options']): LogPlan {
  const maxSize = options['max-size'] === undefined ? undefined : readSize(options['max-size'], 1000, failed);
  if (maxSize === 0) throw refused(`${failed}max-size must be a positive number`, 'write 10m, for example');
  const maxFiles = options['max-file'] === undefined ? 1 : readCount(options['max-file'], failed);
  if (maxFiles < 1) throw refused(`${failed}max-file cannot be less than 1`, 'write 3, for example');
  const compress = options.compress !== undefined && readSwitch(options.compress, failed);
  if (compress && (maxFiles < 2 || maxSize === undefined))
    throw refused(`${failed}compress cannot be true when max-file is less than 2 or max-size is not set`, 'give them');
  return { kept: true, ...(maxSize !== undefined && { rotation: { maxSize, maxFiles, compress } }) };
}

/** Docker's `local` is a format of its own, which nobody but `docker logs` reads: here it is `json-file` with other defaults. */
function planOfLocal(options: LogConfig['options']): LogPlan {
  const maxSize = readSize(
    options['max-size'] ?? '20m',
    1024,
    `${failed}invalid value for max-size: ${options['max-size']}: `,
  );
  const maxFiles = readCount(
    options['max-file'] ?? '5',
    `${failed}invalid value for max-file: ${options['max-file']}: `,
  );
  const compress = readSwitch(options.compress ?? 'true', `${failed}error reading compress log option: `);
  if (compress && maxFiles <= 1)
    throw refused(`${failed}compression cannot be enabled when max file count is 1`, 'add compress=false');
  if (maxFiles < 1) throw refused(`${failed}max file count cannot be less than 0`, 'write 3, for example');
  return { kept: true, ...(maxSize > 0 && { rotation: { maxSize, maxFiles, compress } }) };
}

/**
 * Lines are also kept in a file: for `logs`, as with Docker, and until the syslog daemon has taken them. The file is not
 * compressed, because the sender finds its place in it by position.
 */
function planOfSyslog(options: LogConfig['options']): LogPlan {
  const maxSize = readSize(options['cache-max-size'] ?? '20m', 1024, `${failed}invalid value for max-size: `);
  const maxFiles = readCount(options['cache-max-file'] ?? '5', `${failed}invalid value for max-file: `);
  readSwitch(options['cache-compress'] ?? 'true', `${failed}error reading compress log option: `);
  return {
    kept: true,
    hidden: readSwitch(options['cache-disabled'] ?? 'false', failed),
    forward: readSyslogTarget(options),
    ...(maxSize > 0 && { rotation: { maxSize, maxFiles: Math.max(maxFiles, 2), compress: false } }),
  };
}

/** Whether the keeper sends a container's lines to a syslog daemon. */
export const isForwarded = ({ options }: { options: LoggingOptions }): boolean => options.logging?.driver === 'syslog';

/** @throws {MinidockError} `conflict` where `logs` has nothing to show */
export function expectReadable(config = defaultLog): void {
  const { kept, hidden = false } = planOf(config);
  if (!kept || hidden)
    throw new MinidockError('conflict', 'configured logging driver does not support reading', {
      fix: kept ? 'leave out cache-disabled' : 'nothing was kept: start one with another --log-driver',
    });
}

/** A size as Docker's units package reads it: `10m`, in bytes. `base` is what a `k` is. */
function readSize(given: string, base: 1000 | 1024, where: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(given) ?? [];
  if (number === undefined) throw refused(`${where}invalid size: '${given}'`, 'write 10m, for example');
  return Math.floor(Number(number) * base ** ' kmgtp'.indexOf(unit.toLowerCase() || ' '));
}

function readCount(given: string, where: string): number {
  if (!/^[-+]?\d{1,9}$/.test(given))
    throw refused(`${where}strconv.Atoi: parsing ${JSON.stringify(given)}: invalid syntax`, 'write 3, for example');
  return Number(given);
}

function readSwitch(given: string, where: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(given)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(given)) return false;
  throw refused(`${where}strconv.ParseBool: parsing ${JSON.stringify(given)}: invalid syntax`, 'write true or false');
}
