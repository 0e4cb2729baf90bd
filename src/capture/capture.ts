import type { ContainerRecord } from '../container/record.ts';
import { findIdentity, isAlive } from '../host/process.ts';
import { Assembler } from './assemble.ts';
import { Follower } from './follow.ts';
import type { Captured } from './format/pcap.ts';
import type { Point, Walk } from './model.ts';
import { NatKnowledge } from './nat/knowledge.ts';
import { decode } from './packet/decode.ts';
import { choosePoints, findPoints, type PlacedPoint } from './points.ts';
import { type Listener, startListeners } from './start.ts';
import type { Surroundings } from './surroundings.ts';

export interface CaptureOptions {
  /** They run. */
  readonly containers: readonly ContainerRecord[];
  readonly points: readonly string[];
  /** An expression of libpcap, for all points. */
  readonly filter: string;
  /** A port; of a published one, the host's and the container's stand for each other. */
  readonly port?: number;
  /** Bytes of a packet that are kept. */
  readonly snapLength: number;
  /** Ends after so many packets, however many points each has passed. */
  readonly count?: number;
  readonly milliseconds?: number;
  readonly abort: AbortSignal;
  /** `SSH_CONNECTION`: the terminal's own packets are left out where all of the host is captured. */
  readonly terminal?: string;
}

/** Who is told what a capture sees. A listener that throws ends it. */
export interface CaptureListener {
  /** All points listen. Called once, before anything else. */
  begins(points: readonly ListeningPoint[], surroundings: Surroundings): void;
  /** In the order in which packets began their way. */
  walk(walk: Walk): void;
  /** No frame of a later walk is older than this, in nanoseconds since the epoch. */
  settled(time: bigint): void;
  /** Something that a reader of the walk has to know. */
  note(text: string): void;
}

export interface ListeningPoint extends Point {
  readonly linkType: number;
}

export interface Summary {
  readonly packets: number;
  /** By point: packets seen there, and those that the kernel had no room for. */
  readonly dropped: readonly number[];
  readonly evidence: 'conntrack' | 'inferred';
}

const tick = 50;
/** Before the end: for packets that are on their way to us. Milliseconds without any, and at most. */
const grace = { quiet: 150, most: 1000 };

/** Captures until something ends it, in order: what has been seen is told, and no tcpdump is left. */
export async function capture(options: CaptureOptions, listener: CaptureListener): Promise<Summary> {
  const { surroundings, points: all } = await findPoints(options.containers);
  const lives = options.containers.map(({ name, state }) => ({ name, identity: findIdentity(state.pid) }));
  const chosen = choosePoints(all, options.points);
  const early: [Listener, Captured][] = [];
  let receive = (from: Listener, packet: Captured) => void early.push([from, packet]);
  const { listeners, gone } = await startListeners(chosen, {
    snapLength: options.snapLength,
    filterOf: () => filterOf(options, surroundings),
    onPacket: (from, packet) => receive(from, packet),
  });
  try {
    return await run();
  } finally {
    for (const { tcpdump } of listeners) tcpdump.kill();
    await Promise.all(listeners.map(({ tcpdump }) => tcpdump.ended));
  }

  async function run(): Promise<Summary> {
    const points = listeners.map(({ point }) => point);
    const nat = await NatKnowledge.open(points, surroundings);
    const follower = new Follower(points, surroundings);
    const assembler = new Assembler(points, surroundings, nat);
    let [packets, lastPacket] = [0, 0];
    let enough = false;

    listener.begins(
      listeners.map(({ point, tcpdump }) => ({ ...withoutPlace(point), linkType: tcpdump.linkType })),
      surroundings,
    );
    for (const point of gone) listener.note(`${point.name} is gone, and left out`);
    receive = (from, { time, length, bytes }) => {
      lastPacket = Date.now();
      const frame = { point: listeners.indexOf(from), time, length, bytes };
      follower.add({ frame, packet: decode(from.tcpdump.linkType, bytes, length) }, lastPacket);
    };
    for (const [from, packet] of early.splice(0)) receive(from, packet);

    const finish = async (now: number) => {
      const finished = follower.takeFinished(now).filter(visits => surroundings.concerns(visits, points));
      await nat.learn(finished);
      for (const visits of finished) {
        if (enough) break;
        listener.walk(await assembler.walk(visits));
        enough = ++packets === options.count;
      }
      if (!Number.isFinite(now)) return;
      const oldest = follower.oldest;
      const recent = BigInt(now - 300) * 1_000_000n;
      listener.settled(oldest !== undefined && oldest < recent ? oldest : recent);
    };

    const silent = watchListeners(listeners, name => listener.note(`${name} is gone: no more packets are seen there`));
    const deadline = options.milliseconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.milliseconds;
    while (!options.abort.aborted && !enough && Date.now() < deadline) {
      await pause(Math.min(tick, deadline - Date.now()), options.abort);
      await finish(Date.now());
      for (const life of lives.filter(({ identity }) => identity === undefined || !isAlive(identity))) {
        lives.splice(lives.indexOf(life), 1);
        listener.note(`container ${life.name} has ended`);
        for (const { point, tcpdump } of listeners) if (point.container === life.name) tcpdump.stop();
      }
      if (lives.length === 0 || silent()) break;
    }
    const last = Date.now() + grace.most;
    while (!enough && Date.now() < last && Date.now() - lastPacket < grace.quiet) await pause(20);
    for (const { tcpdump } of listeners) tcpdump.stop();
    await Promise.all(listeners.map(({ tcpdump }) => tcpdump.ended));
    await finish(Number.POSITIVE_INFINITY);
    return { packets, dropped: listeners.map(({ tcpdump }) => tcpdump.dropped), evidence: nat.evidence };
  }
}

/** Notes each listener that ends by itself; says whether all have. */
function watchListeners(listeners: readonly Listener[], onGone: (name: string) => void): () => boolean {
  let left = listeners.length;
  for (const { point, tcpdump } of listeners)
    void tcpdump.ended.then(complaint => {
      left--;
      // The veth of a container that has ended goes with it, which is said by itself.
      if (complaint !== undefined && point.container === undefined) onGone(point.name);
    });
  return () => left === 0;
}

function filterOf({ filter, port, terminal }: CaptureOptions, { targets }: Surroundings): string {
  const parts: string[] = filter === '' ? [] : [filter];
  if (port !== undefined) {
    const mapped = targets.flatMap(({ ports }) => ports).filter(one => one.host === port || one.container === port);
    const all = new Set([port, ...mapped.flatMap(one => [one.host, one.container])]);
    parts.push([...all].map(one => `port ${one}`).join(' or '));
  }
  const [client, from, , to] = terminal?.split(' ') ?? [];
  if (to !== undefined && targets.some(({ sharesHost }) => sharesHost))
    parts.push(`not (host ${client} and port ${from} and port ${to})`);
  return parts.length > 1 ? parts.map(part => `(${part})`).join(' and ') : (parts[0] ?? '');
}

function withoutPlace({ namespace: _, ...point }: PlacedPoint): Point {
  return point;
}

function pause(milliseconds: number, abort?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, milliseconds);
    abort?.addEventListener('abort', done);
    function done() {
      clearTimeout(timer);
      abort?.removeEventListener('abort', done);
      resolve();
    }
  });
}
