import type { Roots } from '../../state/paths.ts';
import type { LessonSlug } from '../../syscalls/lessons.ts';
import type { SectionName, Xray } from '../../xray/model.ts';
import type { Finding, Random } from '../exercise/types.ts';
import type { Tool } from '../play/requirements.ts';
import type { Text } from '../text/language.ts';

/** A learner's own names, ports, subnets and limits. The sheet writes them as a shell does: `$box`. */
export type Values = Readonly<Record<string, string | number>>;

/** What `labs/NN-slug/lab.ts` exports as `lab`. Its texts for the learner stand in README.md, the key in TEACHER.md. */
export interface Lab<V extends Values = Values> {
  /** The name of its folder: `05-pid-1-detective`. */
  readonly id: string;
  /** For a learner who has done the lessons. */
  readonly minutes: number;
  /** Raised when tasks, points or values change: results of two versions cannot be compared. */
  readonly version: number;
  /** Lessons that teach what the lab uses, all of it. */
  readonly needs: readonly LessonSlug[];
  /** Programs that sheet and tasks use. */
  readonly programs: readonly Tool[];
  /** The learner's own values: the same machine and name give the same. Lower-case names, letters and digits. */
  values(random: LabRandom): V;
  /** Makes what is there when the learner begins. What is there already, mended or not, is left alone. */
  plant(place: Place, values: V): Promise<void>;
  readonly tasks: readonly Task<V>[];
  /** Takes away what was planted and what the tasks make, whatever there is of it. */
  clean(place: Place, values: V): Promise<void>;
}

export interface Task<V extends Values = Values> {
  readonly points: number;
  /** What is to be done, in one line; the sheet has the rest. */
  ask(values: V): Text;
  /** For a task that is answered with a word: what is typed behind `-- answer 1`. */
  readonly answer?: Text;
  /**
   * Judges by what the kernel says now: /proc, cgroup files, netlink, mountinfo. All findings must be well.
   *
   * @param answer what the learner has answered; never empty
   */
  check(place: Place, values: V, answer: string): readonly Finding[] | Promise<readonly Finding[]>;
  /** `-- hint` shows one more each time. From a nudge to nearly the answer. */
  readonly hints: readonly ((values: V) => Text)[];
}

/** The machine of a learner, as a lab sees it. */
export interface Place {
  /** Where the learner's engine keeps what it knows. */
  readonly roots: Roots;
  /** A folder for the learner's files; the sheet calls it `$folder`. */
  readonly folder: string;
  /** Runs `minidock` with these words; resolves with its output. @throws {MinidockError} `lab-failed` */
  minidock(...words: string[]): Promise<string>;
  /** Runs another program in the same way. */
  run(program: string, ...words: string[]): Promise<string>;
  /** A container by its name, as kernel and exit record have it; undefined where there is none. */
  container(name: string): ContainerSeen | undefined;
  /** What the kernel holds for a container. */
  xray(name: string, sections: readonly SectionName[]): Promise<Xray>;
}

export interface ContainerSeen {
  readonly id: string;
  readonly name: string;
  readonly state: 'running' | 'exited' | 'created' | 'other';
  /** Of its first process, where it runs. */
  readonly pid: number;
  /** Of the last end. */
  readonly exitCode: number;
}

/** As many values as `Count` says, where that is known: each can be taken by its place. */
export type Several<T, Count extends number, Found extends T[] = []> = number extends Count
  ? T[]
  : Found['length'] extends Count
    ? Found
    : Several<T, Count, [...Found, T]>;

/** Where a learner's values come from. */
export interface LabRandom extends Random {
  /** Names that differ from each other. */
  words<Count extends number>(count: Count): Several<string, Count>;
  /** Some of several, in random order. */
  sample<T, Count extends number>(from: readonly T[], count: Count): Several<T, Count>;
  /** A port that nothing is usually found at. */
  port(): number;
  /** The first three numbers of a network of 256 addresses: `10.117.4`. */
  network(): string;
}
