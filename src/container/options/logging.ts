/** Where what a container prints goes. Missing is the engine's default, which is `json-file` without options. */
export interface LoggingOptions {
  /** `--log-driver`, and the options of daemon.json and `--log-opt` for it. */
  logging?: LogConfig;
}

/** Docker's `HostConfig.LogConfig`. */
export interface LogConfig {
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}
