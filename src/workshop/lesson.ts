import { pieces } from '../engine/compile/pieces.ts';
import type { Namespace } from '../oci/runtime-spec.ts';
import { call, sync } from '../syscalls/calls.ts';
import { str, strings } from '../syscalls/data.ts';
import { type Program, program, type Step, slot } from '../syscalls/step.ts';
import type { Figure } from './figure/figure.ts';
import type { Evidence, Moment } from './play/evidence.ts';
import type { Requirement } from './play/requirements.ts';
import type { Text } from './text/language.ts';

/** What a folder under lessons/ exports as `lesson` from its lesson.ts. */
export interface Lesson {
  /** The folder's name: `04-pid-namespace`. The part behind the number is stable; progress is kept under it. */
  readonly id: string;
  readonly title: Text;
  /** One line for the list. */
  readonly about: Text;
  readonly needs: readonly Requirement[];
  /** Whether it runs for ordinary users, too, in a user namespace of theirs (rootless/). */
  readonly rootless?: boolean;
  /** How long it takes with its exercise: 15 to 40. */
  readonly minutes: number;
  /** Shown where the text has its image: below the idea, when the question is answered. */
  readonly figure?: Figure;
  /** Asked before anything is shown. */
  readonly question: Question;
  /** Makes what the program needs on disk; everything inside `scratch`, which is removed afterwards. */
  prepare?(scratch: string): Promise<void> | void;
  /** Removes what the lesson made outside of `scratch`, once its process is gone: at the end and at every early one. */
  tidy?(scratch: string): Promise<void> | void;
  readonly run: Run | Demonstration;
  /**
   * Steps that are performed and not shown one by one, in all programs of the lesson: what only prepares it, or repeats what was
   * explained once. Of a hidden group its reason is said; a step that fails is shown all the same.
   */
  hides?(step: Step): boolean;
  /** The shell of `--shell`, where the program changes the root; otherwise the host's bash or sh. */
  readonly shell?: string;
  readonly byHand: ByHand;
  /** Further runs: famous failures, cures, attacks. */
  readonly experiments: readonly Experiment[];
  /** At least one. */
  readonly breakIt: readonly Breakage[];
  /** The same by other means (C, libc), compared with the kernel's evidence of `run`. */
  compare?(stage: Stage, seen: { host: Moment; container: Moment }): Promise<Comparison>;
  /** Why the comparison is left out for who is root of a user namespace only. */
  readonly comparisonNeedsRoot?: Text;
  /** What has been seen, one sentence each. */
  readonly seen: readonly Text[];
  /** Three questions on the whole, at the end. */
  readonly recap: readonly Question[];
  readonly glossary: readonly GlossaryEntry[];
  readonly reading: readonly Reading[];
  /** Where the engine does the same, to read on. */
  readonly sources: readonly string[];
  /**
   * The command whose program holds the steps of `run` as an ordered subsequence. Undefined where the calls are examples that
   * no container needs.
   */
  readonly engineCommand?: readonly string[];
}

/** One question with one right answer. The answers are shown shuffled (question.ts), so that no place betrays the right one. */
export interface Question {
  readonly ask: Text;
  readonly right: Answer;
  readonly wrong: readonly Answer[];
}

/** An answer, and what is said to who chose it. Of a wrong one: why somebody may think so, and what is really the case. */
export interface Answer {
  readonly text: Text;
  readonly because: Text;
}

/** One program on the real kernel. */
export interface Run {
  /** Composes the program. Pure: the folder and the command are all it knows. */
  program(stage: Stage): Program;
  /** Shell script for the process that the program makes; what it prints is shown. `$LESSON` is the scratch directory. */
  readonly inside: string;
  evidence(host: Moment, container: Moment): Evidence;
}

/**
 * For a subject that has no syscalls of its own (formats, registries): the very functions that the engine calls are called,
 * and what they do is told.
 */
export interface Demonstration {
  /**
   * `tell` prints a line at once; everything on disk is inside `scratch`. What it starts it ends, also when it fails.
   */
  show(scratch: string, tell: (line: string) => void): Promise<Evidence> | Evidence;
  /** The refusal that is the point: code of the engine's error (errors.ts), which is printed. Without it `show` must succeed. */
  readonly refused?: string;
}

export type Experiment = {
  readonly title: Text;
  /** Before: what is done and why. After: what the outcome means. */
  readonly before: Text;
  readonly after: Text;
  /** Asked after `before`, answered before `after`. */
  readonly question: Question;
} & (ProgramTrial | Demonstration);

/** A further program on the real kernel. */
export interface ProgramTrial {
  program(stage: Stage): Program;
  readonly inside?: string;
  /** The failure that is the point: this syscall answers this errno. Without it the program must succeed. */
  readonly fails?: Refusal;
  /** Why it is left out for who is root of a user namespace only. */
  readonly needsRoot?: Text;
  evidence?(host: Moment, container: Moment): Evidence;
}

/** This syscall answers with this errno. */
export interface Refusal {
  readonly call: string;
  readonly errno: string;
}

/** What the lesson did, with a step removed, swapped or changed (break.ts): the learner guesses what will be the answer. */
export type Breakage = {
  readonly title: Text;
  /** What is removed, swapped or changed. */
  readonly change: Text;
  readonly question: Question;
} & (BrokenProgram | Demonstration);

export interface BrokenProgram {
  program(stage: Stage): Program;
  readonly inside?: string;
  /** What the kernel does, verified on it. */
  readonly outcome: Refusal | 'runs';
  /** Why it is left out for who is root of a user namespace only. */
  readonly needsRoot?: Text;
  evidence?(host: Moment, container: Moment): Evidence;
}

/** The programs of a lesson, in the order in which they run. */
export function programsOf(lesson: Lesson, stage: Stage): Program[] {
  const all = [lesson.run, ...lesson.experiments, ...(lesson.breakIt ?? [])];
  return all.flatMap(one => ('show' in one ? [] : one.program(stage)));
}

/** The form that books show, beside our steps. */
export interface ByHand {
  readonly caption: Text;
  readonly language: 'sh' | 'c';
  readonly lines: string;
}

/** A word that the lesson introduces; each stands in one lesson's glossary only. */
export interface GlossaryEntry {
  readonly term: Text;
  readonly means: Text;
}

/** A man page, a document of the kernel, an RFC, a section of an OCI specification. */
export interface Reading {
  readonly what: Text;
  readonly where: string;
}

/** Where a lesson happens and what its process executes. */
export interface Stage {
  /** A private directory, removed afterwards. */
  readonly scratch: string;
  readonly command: Command;
}

export interface Command {
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
}

export interface Comparison {
  readonly title: Text;
  readonly evidence: Evidence;
}

/**
 * A lesson's program: the engine's clone for the given namespaces, the child's steps, a sync in which the runner looks, and
 * execve. The engine's programs have the same frame.
 */
export function lessonProgram(parts: {
  namespaces: readonly Namespace['type'][];
  child: readonly Step[];
  command: Command;
}): Program {
  const child = slot('child');
  const { path, argv, env } = parts.command;
  return program({
    host: [pieces.cloneProcess(parts.namespaces, child)],
    child: [
      ...parts.child,
      sync({ why: { en: 'wait until the launcher has looked and says go', zh: '等启动者看完，说“继续”' } }),
    ],
    exec: [
      call('execve', [str(path), strings(argv, shortArgv(argv)), strings(env, `[${env.length} variables]`)], {
        why: {
          en: 'replace this process by the program; everything above stays',
          zh: '换上新程序；上面做过的一切都会留下来',
        },
        lesson: 'process',
      }),
    ],
    supervise: { child, status: slot('status') },
  });
}

/** A script that is an argument is shown by its first line only. */
function shortArgv(argv: readonly string[]): string {
  const shown = argv.map(arg => {
    const [line = ''] = arg.split('\n');
    return line.length < arg.length || line.length > 48 ? `${line.slice(0, 48)}…` : arg;
  });
  return `[${shown.map(arg => JSON.stringify(arg)).join(', ')}]`;
}
