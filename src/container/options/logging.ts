import { MinidockError } from '../../errors.ts';

/**
 * Where a container's output goes. Absent means the engine's default: `json-file` without options, unless daemon.json says
 * otherwise.
 */
export interface LoggingOptions {
  /** `--log-driver`, and the options of daemon.json and `--log-opt` for it. */
  logging?: LogConfig;
}

/** Docker's `HostConfig.LogConfig`. */
export interface LogConfig {
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}

/**
 * The logging options from flags; empty where neither a driver nor an option was given.
 *
 * @throws {MinidockError} `invalid-argument`, in Docker's words
 */
export function loggingOf(driver: string, options: LogConfig['options']): LoggingOptions {
  if (driver === 'none' && Object.keys(options).length > 0)
    throw new MinidockError('invalid-argument', 'invalid logging opts for driver none', { fix: 'leave --log-opt out' });
  if (driver === '' && Object.keys(options).length === 0) return {};
  return { logging: { driver, options } };
}
