import type { ContainerRecord } from '../../../container/record.ts';
import { humanDuration, timeAgo } from '../ago.ts';

/** Of the networks that the container is on; that of another container has no name. */
export function networkNames({ network: { mode, endpoints } }: Pick<ContainerRecord, 'network'>): string[] {
  if (mode === 'bridge') return endpoints.map(({ network }) => network);
  return mode === 'container' ? [] : [mode];
}

/** The state in one word: `paused` for one that runs and stands still. */
export const statusName = ({ status, paused }: ContainerRecord['state']) => (paused ? 'paused' : status);

/** `Up 3 seconds`, `Up 3 seconds (Paused)`, `Exited (0) 2 minutes ago`, `Created`. */
export function statusOf({ state }: ContainerRecord, now: number): string {
  switch (state.status) {
    case 'running':
      return `Up ${humanDuration(now - Date.parse(state.startedAt ?? ''))}${state.paused ? ' (Paused)' : healthOf(state)}`;
    case 'restarting':
      return `Restarting (${state.exitCode}) ${timeAgo(state.finishedAt ?? '', now)}`;
    case 'exited':
      return `Exited (${state.exitCode}) ${state.finishedAt === undefined ? '' : timeAgo(state.finishedAt, now)}`.trimEnd();
    case 'created':
      return 'Created';
    case 'dead':
      return 'Dead';
  }
}

/** ` (health: starting)`, ` (healthy)`; empty where there is no health check. */
function healthOf({ health }: ContainerRecord['state']): string {
  if (health === undefined) return '';
  return health.status === 'starting' ? ' (health: starting)' : ` (${health.status})`;
}

/** The command line as Docker shows it: arguments with a blank in quotes, whatever else is in them. */
export const shownCommand = ({ path, args }: ContainerRecord): string =>
  [path, ...args.map(arg => (arg.includes(' ') ? `'${arg}'` : arg))].join(' ');
