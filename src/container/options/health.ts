/** What a container asks to be checked by, over what its image says. */
export interface HealthOptions {
  health?: HealthConfig;
}

/** Docker's extension of an image's config, and its API's: lengths of time are nanoseconds, 0 or absent says nothing. */
export interface HealthConfig {
  /** `["NONE"]`, `["CMD", ARG…]`, `["CMD-SHELL", SCRIPT]`; absent or empty: the image's. */
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  Retries?: number;
}
