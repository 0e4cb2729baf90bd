import { readIfPresent, writeVolatile } from '../../state/files.ts';
import { containerPaths, type Roots } from '../../state/paths.ts';
import type { HealthConfig } from '../options/health.ts';
import type { ContainerRecord, Health, ProbeResult } from '../record.ts';

/** Docker's. */
const MOST_RESULTS = 5;
const DEFAULT_MS = 30_000;
const DEFAULT_RETRIES = 3;
const NS_PER_MS = 1e6;

/** A container's health check, with Docker's defaults; lengths of time in milliseconds. */
export interface HealthCheck {
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly retries: number;
}

/** The image's health check with the flags applied. The image's may hold anything: others wrote it. */
export function mergeHealth(
  image: Readonly<Record<string, unknown>> | undefined,
  wanted: HealthConfig | undefined,
): Record<string, unknown> | undefined {
  if (wanted === undefined) return image;
  const said = Object.entries(wanted).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value));
  return { ...image, ...Object.fromEntries(said) };
}

/** Undefined where a container has no health check, or one without a usable command. */
export function healthCheckOf({ config }: Pick<ContainerRecord, 'config'>): HealthCheck | undefined {
  const health = config.Healthcheck;
  const command = commandOf(health?.Test, config.Shell);
  if (health === undefined || command === undefined) return undefined;
  const milliseconds = (value: unknown) => (typeof value === 'number' && value > 0 ? value / NS_PER_MS : undefined);
  return {
    command,
    intervalMs: milliseconds(health.Interval) ?? DEFAULT_MS,
    timeoutMs: milliseconds(health.Timeout) ?? DEFAULT_MS,
    startPeriodMs: milliseconds(health.StartPeriod) ?? 0,
    retries: typeof health.Retries === 'number' && health.Retries > 0 ? health.Retries : DEFAULT_RETRIES,
  };
}

function commandOf(test: unknown, shell: readonly string[] = []): string[] | undefined {
  if (!Array.isArray(test) || !test.every(word => typeof word === 'string')) return undefined;
  const [kind, ...words] = test as string[];
  if (words.length === 0) return undefined;
  if (kind === 'CMD') return words;
  return kind === 'CMD-SHELL' ? [...(shell.length > 0 ? shell : ['/bin/sh', '-c']), ...words] : undefined;
}

export const healthAtStart: Health = { status: 'starting', failingStreak: 0, log: [] };

/**
 * The health after one more probe, by Docker's rule.
 *
 * @param startedAt of the container, milliseconds since 1970
 */
export function healthAfter(check: HealthCheck, before: Health, result: ProbeResult, startedAt: number): Health {
  const log = [...before.log, result].slice(-MOST_RESULTS);
  if (result.exitCode === 0) return { status: 'healthy', failingStreak: 0, log };
  const isForgiven = before.status === 'starting' && Date.parse(result.start) - startedAt < check.startPeriodMs;
  if (isForgiven) return { ...before, log };
  const failingStreak = before.failingStreak + 1;
  return { status: failingStreak >= check.retries ? 'unhealthy' : before.status, failingStreak, log };
}

/** The health of a running container: a file in its run directory, since it has no meaning after the run. */
export function readHealth(roots: Roots, id: string): Health {
  try {
    return JSON.parse(readIfPresent(containerPaths(roots, id).health) ?? '') as Health;
  } catch {
    return healthAtStart;
  }
}

/** Throws ENOENT where the run has ended and was cleaned up. */
export function writeHealth(roots: Roots, id: string, health: Health): void {
  writeVolatile(containerPaths(roots, id).health, JSON.stringify(health));
}

/** A container's state with its health. Of one that has ended it is `unhealthy`, as in Docker. */
export function withHealth(roots: Roots, record: ContainerRecord, state: ContainerRecord['state']) {
  if (healthCheckOf(record) === undefined) return state;
  const health = readHealth(roots, record.id);
  return { ...state, health: state.status === 'running' ? health : { ...health, status: 'unhealthy' as const } };
}
