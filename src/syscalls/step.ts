import type { Data } from './data.ts';
import type { LessonSlug } from './lessons.ts';
import type { Text } from './text/language.ts';
import type { Errno } from './uapi/errno.ts';
import type { SyscallName } from './uapi/numbers.ts';

/**
 * The language: a container is a list of these. See docs/decisions/0001-a-program-of-syscalls.md.
 *
 * A `Step` is one syscall, or one of the three operations that are no syscalls: `store`, `expect`, `sync`.
 */
export type Step = Syscall | Store | Expect | Sync;

/** A result that later steps use: a file descriptor, a pid. It is known by identity; the encoder numbers it. */
export interface Slot {
  readonly kind: 'saved';
  readonly name: string;
}

/** A 32-bit number that the kernel wrote into data (the two descriptors of pipe2, a pidfd), read when the step runs. */
export interface Word {
  readonly kind: 'word';
  readonly data: Data;
  readonly at: number;
  readonly name: string;
}

/** An argument of a syscall: an immediate number, a pointer to data, a saved result, or a word out of data. */
export type Arg = number | bigint | Data | Slot | Word;

/** Why a step is there: one sentence for `--dry-run`, the lesson that explains it, the group it is folded into. */
export interface Reason {
  /** The only source for `--dry-run`, `--trace` and the lessons: a sentence that is understood without its neighbours. */
  readonly why: Text;
  readonly lesson?: LessonSlug;
  /** Steps of one group that follow each other are one line until unfolded. */
  readonly group?: string;
  /** What the group as a whole is for, where no step's own reason says it. */
  readonly groupWhy?: Text;
}

export interface Syscall extends Reason {
  readonly op: 'syscall';
  readonly name: SyscallName;
  readonly args: readonly Arg[];
  /** Errors after which the program goes on; each is named, never "any". At most eight. */
  readonly tolerate?: readonly Errno[];
  /** Keeps the result under this name. */
  readonly save?: Slot;
  /** clone and clone3: where the result is 0 the child section begins. */
  readonly forks?: boolean;
}

/** Writes a saved result into data, so that a later syscall's structure or path holds it. */
export interface Store extends Reason {
  readonly op: 'store';
  readonly from: Slot | Word;
  readonly into: Data;
  readonly at: number;
  /** `decimal` writes ASCII digits and a NUL: room for 11 bytes. */
  readonly as: 'u32' | 'u64' | 'decimal';
}

/** Compares bytes that the kernel returned: the program dies unless `(data & mask) == value` at `at`. At most eight bytes. */
export interface Expect extends Reason {
  readonly op: 'expect';
  readonly data: Data;
  readonly at: number;
  readonly mask: Uint8Array;
  readonly value: Uint8Array;
}

/** Tells the other side that this point is reached and waits for its byte; end of file means die. Child section only. */
export interface Sync extends Reason {
  readonly op: 'sync';
}

/** A name for a result. */
export function slot(name: string): Slot {
  return { kind: 'saved', name };
}

/** The u32 that the kernel leaves at `at` in `data`. */
export function word(name: string, data: Data, at: number): Word {
  return { kind: 'word', data, at, name };
}

export const sectionNames = ['host', 'child', 'exec', 'exit', 'reap', 'reopen', 'archive', 'relay', 'notice'] as const;
export type SectionName = (typeof sectionNames)[number];

/** What the supervisor serves once the host section is done. */
export interface Supervise {
  /** The child's pid, saved by clone. */
  readonly child: Slot;
  /** The writable end of the container's standard input. */
  readonly stdin?: Arg;
  /** The readable ends of its output. */
  readonly stdout?: Arg;
  readonly stderr?: Arg;
  /** Socket on which the child sends the pty's master (SCM_RIGHTS). */
  readonly console?: Arg;
  /** Log file, opened O_APPEND. */
  readonly log?: Arg;
  /** The text of one record of each stream: src/container/logging/form.ts. */
  readonly formStdout?: Data;
  readonly formStderr?: Data;
  /** The size in bytes at which the log is rotated: sections `reopen` and `archive`. */
  readonly logSize?: number;
  /** Becomes readable when the kernel has something to say: section `notice` (eventfd(2)). */
  readonly bell?: Arg;
  /**
   * A file of lines `WORD NUMBER` that the kernel announces with POLLPRI when one of them changes, and the word with what follows it: where
   * its number has grown, section `notice` is run.
   */
  readonly counter?: Arg;
  readonly counterWord?: Data;
  /** Listening unix socket for attach, signals, resize. */
  readonly listen?: Arg;
  /** Readable where somebody wants to be served by what section `relay` starts: an epoll(7) descriptor. */
  readonly relay?: Arg;
  /** Path of a file for output that clients have not taken yet. It is made when it is needed, and has no name then. */
  readonly backlog?: Data;
  /** Where the exit status (0–255, or 128 + signal) is left for the exit section. */
  readonly status?: Slot;
}

/**
 * Nine sections. `host` runs in the shim: before clone, and on after it as the parent. `child` runs in the new process,
 * `exec` after it: one execve an entry of PATH, the first that succeeds wins. `exit` and `reap` run in the supervisor
 * when the child is gone: the exit record, then the start of the keeper (only where no client said it would clean up).
 * `reopen` runs in the supervisor before the record for which the log has no room any more, and puts another file in the place of
 * its descriptor; `archive` runs after that, in a process of its own.
 * `relay` runs in a process of its own as often as the supervisor's `relay` is readable and none is left of the last time. So does
 * `notice`, while the child lives and each time that the kernel has something to say. No client gets reports of these four.
 */
export interface Program {
  readonly host: readonly Step[];
  readonly child: readonly Step[];
  readonly exec: readonly Step[];
  readonly exit: readonly Step[];
  readonly reap: readonly Step[];
  readonly reopen: readonly Step[];
  readonly archive: readonly Step[];
  readonly relay: readonly Step[];
  readonly notice: readonly Step[];
  readonly supervise?: Supervise;
}

/** A program of the given sections, the others empty. */
export function program(sections: Partial<Program>): Program {
  return {
    host: [],
    child: [],
    exec: [],
    exit: [],
    reap: [],
    reopen: [],
    archive: [],
    relay: [],
    notice: [],
    ...sections,
  };
}

/** One list after the other. `[...a, ...b]` makes an object for each step of all but the first, and a container has hundreds. */
export function sequence(...lists: readonly (readonly Step[])[]): Step[] {
  return ([] as Step[]).concat(...lists);
}
