import { type Endpoint, type Point, printEndpoint, type Walk } from '../../model.ts';
import { wordsFor } from '../../packet/words.ts';
import { wayOf } from '../way.ts';

/** What a page shows: the walks as they are drawn, in the form in which its script reads them. */
export interface PageData {
  readonly points: readonly Pick<Point, 'name' | 'interface' | 'role' | 'container'>[];
  readonly walks: readonly PageWalk[];
}

interface PageWalk {
  readonly number: number;
  /** Seconds since the first packet. */
  readonly time: string;
  readonly words: string;
  readonly leftward: boolean;
  readonly end?: Walk['end'];
  /** `point` is missing of a process of the host. */
  readonly stops: readonly { name: string; point?: number; from: string; to: string; ttl?: number }[];
  readonly stretches: readonly { nanoseconds?: number; rewrites: readonly PageRewrite[] }[];
}

interface PageRewrite {
  readonly kind: string;
  readonly field: string;
  readonly before: string;
  readonly after: string;
  readonly inferred: boolean;
  readonly chains?: string;
  readonly rule?: string;
}

export function dataOf(points: readonly Point[], walks: readonly Walk[]): PageData {
  const began = walks.reduce(
    (first, { visits }) => {
      const { time } = visits[0]!.frame;
      return first === undefined || time < first ? time : first;
    },
    undefined as bigint | undefined,
  );
  return {
    points: points.map(({ name, interface: own, role, container }) => ({ name, interface: own, role, container })),
    walks: walks.map(walk => {
      const { stops, stretches, leftward } = wayOf(walk, points);
      const first = walk.visits[0]!;
      return {
        number: walk.number,
        time: (Number((first.frame.time - began!) / 1000n) / 1e6).toFixed(6),
        words: wordsFor(first.packet),
        leftward,
        end: walk.end,
        stops: stops.map(({ name, point, source, destination }) => ({
          name,
          point,
          from: text(source),
          to: text(destination),
          ttl: walk.visits.find(({ frame }) => frame.point === point)?.packet.ttl,
        })),
        stretches: stretches.map(({ nanoseconds, rewrites }) => ({
          nanoseconds,
          rewrites: rewrites.map(({ kind, field, before, after, evidence, rule }) => ({
            kind,
            field,
            before: text(before),
            after: text(after),
            inferred: evidence === 'inferred',
            chains: rule?.chains.join(' > '),
            rule: rule?.text,
          })),
        })),
      };
    }),
  };
}

const text = (endpoint: Endpoint | undefined) => (endpoint === undefined ? '' : printEndpoint(endpoint));
