import { type Endpoint, type Point, type Rewrite, roles, type Walk } from '../model.ts';
import { tupleOf } from '../nat/conntrack.ts';
import { isForGroup } from '../packet/words.ts';

/** A stop on the way as it is drawn: a point, or a process of the host, which no point sees. */
export interface Stop {
  readonly name: string;
  readonly point?: number;
  readonly source?: Endpoint;
  readonly destination?: Endpoint;
}

/** From one stop to the next. */
export interface Stretch {
  readonly rewrites: readonly Rewrite[];
  readonly nanoseconds?: number;
}

export interface Way {
  /** In the order in which the packet passed them. */
  readonly stops: readonly Stop[];
  /** One fewer. */
  readonly stretches: readonly Stretch[];
  /** Drawn from right to left, so that each point keeps its place whichever way packets go: outside is left. */
  readonly leftward: boolean;
}

/** What a process of the host is called, whose packets are translated before the first point sees them. */
const hostProcess = '(host)';

/**
 * The stops of a walk. Sights of one point that follow each other are one stop: a packet that turns round at a bridge. What
 * only the kernel's table shows, before the first point or behind the last, is a stop of its own.
 */
export function wayOf(walk: Walk, points: readonly Point[]): Way {
  const stops: Stop[] = [];
  const stretches: { rewrites: Rewrite[]; nanoseconds?: number }[] = [];
  let pending: Rewrite[] = [];
  const add = (stop: Stop, nanoseconds?: number) => {
    if (stops.length > 0) stretches.push({ rewrites: pending, nanoseconds });
    pending = [];
    stops.push(stop);
  };
  const early = walk.rewrites.filter(({ at }) => at === 0);
  const late = walk.rewrites.filter(({ at }) => at >= walk.visits.length);
  const [first, last] = [walk.visits[0]!, walk.visits.at(-1)!];
  if (early.length > 0) {
    add({ name: hostProcess, ...tupleOf(first.packet), ...endpoints(early, 'before') });
    pending = early;
  }
  for (const [at, { frame, packet }] of walk.visits.entries()) {
    if (at > 0) pending.push(...walk.rewrites.filter(rewrite => rewrite.at === at));
    const before = walk.visits[at - 1]?.frame;
    if (before?.point === frame.point) continue;
    // A broadcast that a bridge sends back to its sender has arrived all the same.
    if (isForGroup(packet) && stops.some(({ point }) => point === frame.point)) continue;
    const { name } = points[frame.point]!;
    add({ name, point: frame.point, ...tupleOf(packet) }, before && Number(frame.time - before.time));
  }
  if (late.length > 0) {
    pending.push(...late);
    add({ name: hostProcess, ...tupleOf(last.packet), ...endpoints(late, 'after') });
  }
  return { stops, stretches, leftward: isLeftward(walk, first.frame.point, last.frame.point) };
}

function endpoints(
  rewrites: readonly Rewrite[],
  side: 'before' | 'after',
): Partial<Record<Rewrite['field'], Endpoint>> {
  return Object.fromEntries(rewrites.map(rewrite => [rewrite.field, rewrite[side]]));
}

function isLeftward({ heading }: Walk, first: number, last: number): boolean {
  return heading === 'between' ? first > last : heading === 'out';
}

/** Which column each stop of a way is drawn in. */
export interface Grid {
  readonly columns: number;
  /** By the index of the stop. */
  readonly places: readonly number[];
}

/**
 * Where one container is captured the columns stay what they are: outside, bridge, veth, container. Ways that do not fit there, from
 * container to container or back through the bridge, have a column for each of their stops.
 */
export function gridOf({ stops, leftward }: Way, points: readonly Point[]): Grid {
  const inner = roles.slice(1).filter(role => points.some(point => point.role === role));
  const single = inner.every(role => points.filter(point => point.role === role).length === 1);
  const roleOf = ({ point }: Stop) => (point === undefined ? 'host' : points[point]!.role);
  const fixed = stops.map(stop => ['host', ...inner].indexOf(roleOf(stop)));
  const ordered = leftward ? [...fixed].reverse() : fixed;
  if (single && ordered.every((place, at) => at === 0 || place > ordered[at - 1]!))
    return { columns: inner.length + 1, places: fixed };
  const places = stops.map((_, at) => (leftward ? stops.length - 1 - at : at));
  return { columns: stops.length, places };
}
