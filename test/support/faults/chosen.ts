import { availableParallelism } from 'node:os';
import type { Outcome } from './inject.ts';
import { type Fault, faultsAt, type Point } from './points.ts';

/**
 * Which of a command's faults are tried: all with MINIDOCK_FULL=1, of them with MINIDOCK_PART=2/8 the second eighth; else every so
 * many-th, others at each MINIDOCK_SEED. For one that went wrong: MINIDOCK_ONLY='^KILL at mkdirat 3 '. MINIDOCK_WIDTH=4 strikes four
 * engines at once; of all faults one engine a processor.
 */
const full = process.env.MINIDOCK_FULL === '1';
export const seed = Number(process.env.MINIDOCK_SEED ?? 0);
const [part, parts] = (process.env.MINIDOCK_PART ?? '1/1').split('/').map(Number) as [number, number];
const only = process.env.MINIDOCK_ONLY === undefined ? undefined : new RegExp(process.env.MINIDOCK_ONLY);
/** In the gate other files of tests run beside this one. */
const width = Number(process.env.MINIDOCK_WIDTH ?? (full ? availableParallelism() : 1));

export interface Case {
  point: Point;
  fault: Fault;
}

/** The faults that are tried, `sample` of them where not all are; says how many there are. */
export function chosen(title: string, points: readonly Point[], sample: number): Case[] {
  const all = points.flatMap(point => faultsAt(point).map(fault => ({ point, fault })));
  const cases = choose(all, sample);
  console.log(`  ${title}: ${points.length} calls, ${all.length} faults, ${cases.length} of them now (seed ${seed})`);
  return cases;
}

/** Evenly spread, and with each seed others. */
function choose(all: readonly Case[], count: number): Case[] {
  const wanted = all.filter(one => only === undefined || only.test(describe(one)));
  if (full) return wanted.filter((_, i) => i % parts === part - 1);
  if (only || wanted.length <= count) return wanted;
  const step = wanted.length / count;
  const offset = (seed * 0.6180339887) % 1;
  return Array.from({ length: count }, (_, i) => wanted[Math.floor((i + offset) * step)]!);
}

const describe = ({ point: { call, n, role }, fault }: Case) => `${fault} at ${call} ${n} (${role})`;

/** How one engine after the other is struck. */
interface Targets<T> {
  open(): Promise<T>;
  /** One fault, and all that is found wrong afterwards. */
  strike(target: T, one: Case): Promise<{ outcome: Outcome; problems: string[] }>;
  /** One that a fault has left in disorder: what is left of that must not be taken for the next fault's. */
  close(target: T): void;
  /** One that no fault has harmed; resolves with what is wrong all the same. */
  end(target: T): Promise<string[]>;
}

/** Resolves with what went wrong, and with how many faults struck: a run may take another way than the reference did. */
export async function strikeAll<T>(cases: readonly Case[], targets: Targets<T>) {
  const wrong: string[] = [];
  const rest = [...cases];
  let struck = 0;
  const work = async (first: T) => {
    let target = first;
    for (let one = rest.shift(); one !== undefined; one = rest.shift()) {
      if (process.env.MINIDOCK_VERBOSE) console.log(new Date().toISOString(), describe(one));
      const { outcome, problems } = await targets.strike(target, one);
      struck += outcome.struck ? 1 : 0;
      if (problems.length === 0) continue;
      problems.push(`(it had said: exit ${outcome.exitCode}, ${outcome.output.trim()})`);
      wrong.push(`${describe(one)}\n${problems.join('\n')}`.replace(/\n/g, '\n    '));
      console.log(`  ✘ ${wrong.at(-1)}`);
      targets.close(target);
      target = await targets.open();
    }
    wrong.push(...(await targets.end(target)));
  };
  const opened: T[] = [];
  while (opened.length < Math.min(width, cases.length)) opened.push(await targets.open());
  const ends = await Promise.allSettled(opened.map(work));
  wrong.push(...ends.flatMap(end => (end.status === 'rejected' ? [String(end.reason)] : [])));
  if (full) console.log(`  ${struck} of ${cases.length} struck`);
  return { wrong, struck };
}
