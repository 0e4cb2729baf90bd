/** The flags for a container's health check, which override the image's. */
export interface HealthOptions {
  health?: HealthConfig;
}

/**
 * The health check in an image's config (Docker's extension) and in Docker's API. Durations are in nanoseconds; 0 or absent
 * means not set.
 */
export interface HealthConfig {
  /** `["NONE"]`, `["CMD", ARG…]`, `["CMD-SHELL", SCRIPT]`; absent or empty: the image's. */
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  Retries?: number;
}

/** The shortest duration that Docker accepts, in nanoseconds. */
const least = 1e6;

/** @throws {Error} the reason, in Docker's words */
export function checkHealth(health: HealthConfig): void {
  for (const name of ['Interval', 'Timeout', 'StartPeriod'] as const)
    if ((health[name] || least) < least) throw new Error(`${name} in Healthcheck cannot be less than 1ms`);
  if ((health.Retries ?? 0) < 0) throw new Error('Retries in Healthcheck cannot be negative');
}
