import type { RestartPolicy } from '../options/restart.ts';
import type { ContainerState, Restarts } from '../record.ts';

/** Docker's delays: doubled each time up to the longest, and reset after a run of ten seconds. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
const STEADY_MS = 10_000;

/** The restart of a container that has just ended, with its delay; undefined where its policy does not start it again. */
export function nextRestart(
  policy: RestartPolicy | undefined,
  { exitCode, startedAt, finishedAt, stopped, restarts = { count: 0, delayMs: 0 } }: ContainerState,
): Restarts | undefined {
  if (policy === undefined || policy.name === 'no' || stopped) return undefined;
  if (policy.name === 'on-failure') {
    const { maximumRetryCount: most } = policy;
    if (exitCode === 0 || (most > 0 && restarts.count >= most)) return undefined;
  }
  const ranMs = Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '');
  const wasSteady = ranMs >= STEADY_MS || restarts.delayMs === 0;
  const delayMs = wasSteady ? FIRST_DELAY_MS : Math.min(restarts.delayMs * 2, LONGEST_DELAY_MS);
  return { count: restarts.count + 1, delayMs };
}

/**
 * The state of a container that has just ended, or the one in which it waits for its next start. Where the machine asked for its end,
 * the next boot decides (`startsAtBoot`).
 */
export function stateAfterEnd(
  policy: RestartPolicy | undefined,
  state: ContainerState,
  asked: 'user' | 'machine' | undefined,
): ContainerState {
  if (asked === 'machine') return state;
  const ended = { ...state, stopped: asked === 'user' || undefined };
  const restarts = nextRestart(policy, ended);
  return restarts === undefined ? ended : { ...ended, status: 'restarting', restarts };
}

/**
 * When a container is to be started again, in milliseconds since 1970. If the clock was set back, it waits no longer than its
 * delay.
 */
export function restartTime({ finishedAt, restarts }: ContainerState, now = Date.now()): number {
  const delayMs = restarts?.delayMs ?? 0;
  const ended = Date.parse(finishedAt ?? '');
  return (ended > now || Number.isNaN(ended) ? now : ended) + delayMs;
}

/**
 * Whether `system start` starts a container after a reboot: always with `always`; with `unless-stopped` or `on-failure` unless
 * a user had stopped it. A container that was never started, or that had ended by itself, is left alone.
 */
export function startsAtBoot(policy: RestartPolicy | undefined, state: ContainerState): boolean {
  if (policy === undefined || state.startedAt === undefined) return false;
  if (policy.name === 'always') return true;
  if (state.stopped === true) return false;
  if (policy.name === 'unless-stopped') return true;
  const { maximumRetryCount: most } = policy;
  return policy.name === 'on-failure' && state.exitCode !== 0 && (most === 0 || (state.restarts?.count ?? 0) < most);
}
