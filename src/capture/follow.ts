import type { Point, Target, Visit } from './model.ts';
import { isForGroup } from './packet/words.ts';
import type { Surroundings } from './surroundings.ts';

/** A packet whose last point may still be to come. Visits are in the order in which they were read. */
export interface OpenWalk {
  readonly visits: Visit[];
  /** Milliseconds of the caller's clock: when the last visit was added. */
  touched: number;
}

/** How long a packet is waited for that has not been everywhere yet, and one that has, in milliseconds. */
const patience = { incomplete: 1500, complete: 150 };
/** Two frames further apart are two packets, a repetition say, in nanoseconds. */
const longestWay = 1_000_000_000n;
/** How soon a broadcast is back, in nanoseconds. */
const echo = 1_000_000n;

/**
 * Puts together what several points have seen of one packet, by what address translation leaves alone
 * (`Packet.identity`). A point that sees the same packet with the same addresses again sees a repetition: another walk. With
 * other addresses it is the same packet on its way back through the bridge (hairpin).
 */
export class Follower {
  private readonly open = new Map<string, OpenWalk[]>();

  constructor(
    private readonly points: readonly Point[],
    private readonly surroundings: Surroundings,
  ) {}

  add(visit: Visit, now: number): void {
    const { identity } = visit.packet;
    const walks = this.open.get(identity) ?? [];
    let walk = walks.find(one => accepts(one.visits, visit));
    if (walk === undefined) {
      walk = { visits: [], touched: now };
      walks.push(walk);
      this.open.set(identity, walks);
    }
    walk.visits.push(visit);
    walk.touched = now;
  }

  /** Takes the walks that are over, each with its visits in the order of its way, in the order of their beginning. */
  takeFinished(now: number): Visit[][] {
    const finished: Visit[][] = [];
    for (const [identity, walks] of this.open) {
      const going = walks.filter(walk => {
        const limit = this.isComplete(walk.visits) ? patience.complete : patience.incomplete;
        return now - walk.touched < limit;
      });
      finished.push(...walks.filter(walk => !going.includes(walk)).map(walk => this.inOrder(walk.visits)));
      if (going.length > 0) this.open.set(identity, going);
      else this.open.delete(identity);
    }
    return finished.sort((a, b) => compare(a[0]!.frame.time, b[0]!.frame.time));
  }

  /** Time of the oldest frame of a walk that is not over; undefined where none is open. */
  get oldest(): bigint | undefined {
    let oldest: bigint | undefined;
    for (const walks of this.open.values())
      for (const { visits } of walks)
        for (const { frame } of visits) if (oldest === undefined || frame.time < oldest) oldest = frame.time;
    return oldest;
  }

  /** Whether no further point can see it. */
  private isComplete(visits: readonly Visit[]): boolean {
    const seen = visits.map(({ frame }) => this.points[frame.point]!);
    const wanted = new Set(this.points.map(({ role }) => role));
    if (this.surroundings.isLocal(visits)) wanted.delete('host');
    if (this.surroundings.isSwitched(visits)) wanted.delete('bridge');
    if (![...wanted].every(role => seen.some(one => one.role === role))) return false;
    // Sender and receiver, where both are captured.
    const concerned = visits.flatMap(({ packet }) => [packet.source, packet.destination]);
    return this.points.every(
      point =>
        point.role !== 'container' ||
        seen.includes(point) ||
        !concerned.some(address => this.surroundings.targetAt(address)?.name === point.container),
    );
  }

  /**
   * By where the points stand as seen from the sender, and by time among equals: the stamps of veth and bridge may be the same,
   * since the kernel stamps a packet once as it comes into a namespace.
   */
  private inOrder(visits: readonly Visit[]): Visit[] {
    const rankOf = ({ frame, packet }: Visit): number => {
      const { role, container } = this.points[frame.point]!;
      if (role === 'bridge') return 2;
      const sends = (target: Target | undefined) => target !== undefined && isFrom(target, packet);
      if (role !== 'host') {
        const own = sends(this.surroundings.targets.find(({ name }) => name === container));
        return role === 'container' ? (own ? 0 : 5) : own ? 1 : 4;
      }
      return fromContainer ? 3 : 0;
    };
    const fromContainer = visits.some(({ frame, packet }) => {
      const { role, container } = this.points[frame.point]!;
      const target = this.surroundings.targets.find(({ name }) => name === container);
      return role !== 'host' && role !== 'bridge' && target !== undefined && isFrom(target, packet);
    });
    const byTime = (a: Visit, b: Visit) => compare(a.frame.time, b.frame.time);
    const byRank = (a: Visit, b: Visit) => rankOf(a) - rankOf(b);
    const spreads = isForGroup(visits[0]!.packet);
    return [...visits].sort((a, b) => (spreads ? byTime(a, b) || byRank(a, b) : byRank(a, b) || byTime(a, b)));
  }
}

/**
 * Whether a container has sent a frame: it bears its address, or comes from its card. What a switch translates and sends back
 * to the same container keeps the card's address as its source, and has it as its destination too.
 */
export function isFrom({ addresses, macs }: Target, { source, sourceMac, destinationMac }: Visit['packet']): boolean {
  if (source !== undefined && addresses.includes(source)) return true;
  const own = (mac: string | undefined) => mac !== undefined && macs.includes(mac);
  return own(sourceMac) && !own(destinationMac);
}

/** Whether a packet that was seen at these visits can be seen here as well. */
function accepts(visits: readonly Visit[], visit: Visit): boolean {
  if (visits.some(({ frame }) => distance(frame.time, visit.frame.time) > longestWay)) return false;
  const same = visits.filter(
    ({ frame, packet }) =>
      frame.point === visit.frame.point &&
      packet.source === visit.packet.source &&
      packet.destination === visit.packet.destination &&
      packet.sourceMac === visit.packet.sourceMac,
  );
  // A bridge whose port is in hairpin mode sends a broadcast back to where it came from.
  const echoed =
    isForGroup(visit.packet) && same.length === 1 && distance(same[0]!.frame.time, visit.frame.time) < echo;
  return same.length === 0 || echoed;
}

const distance = (a: bigint, b: bigint) => (a > b ? a - b : b - a);
const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);
