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

/** Docker's least length of time, in nanoseconds. */
const least = 1e6;

/** @throws {Error} the reason, in Docker's words */
export function checkHealth(health: HealthConfig): void {
  for (const name of ['Interval', 'Timeout', 'StartPeriod'] as const)
    if ((health[name] || least) < least) throw new Error(`${name} in Healthcheck cannot be less than 1ms`);
  if ((health.Retries ?? 0) < 0) throw new Error('Retries in Healthcheck cannot be negative');
}
