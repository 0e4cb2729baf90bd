import { MinidockError } from '../errors.ts';
import type { Captured } from './format/pcap.ts';
import type { PlacedPoint } from './points.ts';
import { findTcpdump, Tcpdump } from './tcpdump.ts';

/** A point at which tcpdump listens. */
export interface Listener {
  readonly point: PlacedPoint;
  readonly tcpdump: Tcpdump;
}

export interface StartOptions {
  readonly snapLength: number;
  /** The expression of a point. */
  readonly filterOf: (point: PlacedPoint) => string;
  readonly onPacket: (listener: Listener, packet: Captured) => void;
}

export interface Started {
  readonly listeners: readonly Listener[];
  /** Interfaces of the host that were gone, or down, by the time tcpdump came. */
  readonly gone: readonly PlacedPoint[];
}

/**
 * Starts one tcpdump a point, all at once, and resolves when all listen. Where one cannot, none is left.
 *
 * @throws {MinidockError} `no-tcpdump`, `invalid-filter`, `capture-denied`, `cannot-capture`
 */
export async function startListeners(points: readonly PlacedPoint[], options: StartOptions): Promise<Started> {
  const program = findTcpdump();
  const listeners = points.map((point): Listener => {
    const tcpdump = new Tcpdump(
      program,
      {
        interface: point.interface,
        namespace: point.namespace,
        snapLength: options.snapLength,
        filter: options.filterOf(point),
      },
      packet => options.onPacket(listener, packet),
    );
    const listener = { point, tcpdump };
    return listener;
  });
  const outcomes = await Promise.allSettled(listeners.map(({ tcpdump }) => tcpdump.listening));
  const gone: PlacedPoint[] = [];
  let failure: MinidockError | undefined;
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') continue;
    const { point } = listeners[at]!;
    const reason = (outcome.reason as Error).message;
    if (point.role === 'host' && /no such device|does ?n.t exist|is not up|disappeared|went down/i.test(reason))
      gone.push(point);
    else failure ??= explain(point, reason, options.filterOf(point));
  }
  if (failure !== undefined) {
    for (const { tcpdump } of listeners) tcpdump.kill();
    await Promise.all(listeners.map(({ tcpdump }) => tcpdump.ended));
    throw failure;
  }
  return { listeners: listeners.filter(({ point }) => !gone.includes(point)), gone };
}

function explain(point: PlacedPoint, reason: string, filter: string): MinidockError {
  if (filter !== '' && /filter|expression|syntax|unknown host|parse|illegal|invalid/i.test(reason))
    return new MinidockError(
      'invalid-filter',
      `invalid filter "${filter}": ${reason.replace(/^can't parse filter expression: /, '')}`,
      { fix: 'it is an expression of libpcap, `tcp port 80 and host 172.18.0.2`: man 7 pcap-filter' },
    );
  if (/permission|not permitted/i.test(reason))
    return new MinidockError('capture-denied', `cannot capture at ${point.name}: ${reason}`, {
      fix: 'capturing needs CAP_NET_RAW in the network namespace of the interface: run as root of the host',
    });
  return new MinidockError('cannot-capture', `cannot capture at ${point.name}: ${reason}`);
}
