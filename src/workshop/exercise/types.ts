import type { Pieces } from '../../engine/compile/pieces.ts';
import type { LessonSlug } from '../../syscalls/lessons.ts';
import type { Program, Step } from '../../syscalls/step.ts';
import type { SyscallName } from '../../syscalls/uapi/numbers.ts';
import type { Stage } from '../lesson.ts';
import type { Moment } from '../play/evidence.ts';
import type { Text } from '../text/language.ts';

/**
 * What a lesson's `check.ts` exports as `exercise`: what the learner is to write in `exercise.ts`, and how it is judged.
 *
 *   export const exercise: Exercise<{ hostname: string }> = { …, values: random => ({ hostname: random.word() }), … };
 */
export type Exercise<V = unknown> = ProgramExercise<V> | FunctionExercise<V>;

interface Common<V> {
  readonly lesson: LessonSlug;
  /** What to write, in two or three sentences. */
  readonly task: Text;
  /** The functions to write, as `exercise.ts` exports them: names of pieces, or of the engine's own functions. */
  readonly pieces: readonly string[];
  /** Modules below src/ that `exercise.ts` may import besides src/syscalls: `network/netlink`. Never the piece itself. */
  readonly imports?: readonly string[];
  /** Fresh values for each check, so that an answer cannot be copied: a hostname, a file's name. */
  values?(random: Random): V;
  /** `-- hint` shows one more each time. From a nudge to nearly the answer. */
  readonly hints: readonly Text[];
  /** Plausible wrong answers, at least two: what CI proves to fail, each with its hint. */
  readonly wrong: readonly WrongAnswer[];
}

/** The learner writes steps. They are performed in a throw-away container, and the kernel is asked what came of them. */
export interface ProgramExercise<V = unknown> extends Common<V>, Trial<V> {
  /** All calls that the learner's steps may be; anything else is refused before it runs. */
  readonly syscalls: readonly SyscallName[];
  /** Programs of this machine that the throw-away root has besides a shell and the usual small ones: `ip`. */
  readonly programs?: readonly string[];
  /** Further programs, each in a container of its own, tried where all is well so far: an attack, another case. */
  readonly more?: readonly (Trial<V> | MustFail<V>)[];
}

/** One program in the throw-away container. */
export interface Trial<V = unknown> {
  /**
   * Makes what the program needs on disk. `scratch` is `stage.scratch` as it is reached from here: nothing in it outlives
   * the check.
   */
  prepare?(scratch: string, values: V): void;
  /**
   * Composes the program of `mine` (the learner's functions; every other piece is the engine's own) and of what the exercise
   * adds. Must be pure: it runs again for each call of a learner's function, whose answer comes from another process.
   */
  program(mine: Mine, stage: Stage, values: V): Program;
  /** Shell script for the process that results; `$LESSON` is `stage.scratch`. Its output is in `seen.process.output`. */
  readonly inside: string | ((values: V) => string);
  /** Judges the kernel's facts. Called only where the program ran; a refused step is explained before. */
  grade(seen: Seen, values: V): Finding[];
  /** What the kernel's refusal of a step means in this exercise; undefined where the general word is enough. */
  explain?(refusal: Refusal, values: V): Text | undefined;
}

/** A program that must not get to its end: an attack that the learner's steps stop. */
export interface MustFail<V = unknown> extends Pick<Trial<V>, 'prepare' | 'program'> {
  /** Where it must stop: `mount` with `EINVAL`; `expect` with `unexpected`. */
  readonly stops: { readonly call: string; readonly errno: string };
  readonly what: Text;
  /** Said where it went on, or stopped elsewhere. */
  readonly hint: Text;
}

/** The learner writes a function without syscalls. It is called without privileges, and its results are compared. */
export interface FunctionExercise<V = unknown> extends Common<V> {
  /** Calls functions of `mine` and judges what they return. Must be pure: it runs again for each call. */
  judge(mine: Mine, values: V): Finding[];
}

/** The learner's functions by their names, with the engine's own pieces where the learner writes none. */
// biome-ignore lint/suspicious/noExplicitAny: the engine's functions that are no pieces have any signature
export type Mine = Pieces & Readonly<Record<string, (...args: any[]) => any>>;

/** What was seen of the process that the program made. */
export interface Seen {
  /** The process, while its script stands still. */
  readonly process: Moment;
  /** The first process of the throw-away container, its "host": namespaces and mounts to compare with. */
  readonly outer: Moment;
  /** Its pids from the container's namespace inwards: one where it has no PID namespace of its own, else two. */
  readonly pids: readonly number[];
  /** Its /proc/PID/stat (proc_pid_stat(5)) before execve, field by field; the first is `[1]`. execve resets some. */
  readonly statBefore: readonly string[];
  /** What the process printed as `name: value`; empty where it did not. */
  said(name: string): string;
  /** The steps that came from the learner's functions. */
  readonly steps: readonly Step[];
  /** `stage.scratch` as it is reached from here, to read what lies in it. */
  readonly scratch: string;
}

/** A step that the kernel did not do. */
export interface Refusal {
  readonly step: Step;
  /** `mount`; `expect` where other bytes were there than expected. */
  readonly call: string;
  /** `EINVAL`; `unexpected` for expect. */
  readonly errno: string;
  /** Whether the step is the learner's own. */
  readonly mine: boolean;
}

/** One fact, as it should be. The hint is shown where it is not: it looks at what the learner did. */
export interface Finding {
  readonly ok: boolean;
  readonly what: Text;
  readonly hint: Text;
}

export interface WrongAnswer {
  /** `forgets the flag`. */
  readonly name: string;
  /** What stands in place of the part between `//>` and `//<` of solution.ts; a list where there are several such parts. */
  readonly code: string | readonly (string | undefined)[];
  /** What is printed for it, in English. */
  readonly hint: RegExp;
}

/** Where values come from. */
export interface Random {
  /** A name of letters that nobody has guessed: `kivotare`. */
  word(): string;
  /** A whole number, both ends included. */
  integer(least: number, most: number): number;
  /** One of several. */
  pick<T>(from: readonly T[]): T;
}
