import type { LessonSlug } from '../../syscalls/lessons.ts';
import type { SectionName } from '../../syscalls/step.ts';

/**
 * What happens at a daemon, in the order in which it happens: plain data. Requests overlap, so each event says which request, and which
 * call of the engine, it is about. `at` and `took` are milliseconds; `at` counts from 1970.
 */
export type TraceEvent =
  | {
      readonly kind: 'request';
      readonly request: number;
      readonly at: number;
      readonly verb: string;
      /** The path as it was asked, with its query. */
      readonly target: string;
      /** What the client calls itself: `Docker-Client/20.10.24 (linux)`, `minidock`. */
      readonly client: string;
    }
  | {
      readonly kind: 'call';
      readonly request: number;
      readonly call: number;
      readonly at: number;
      /** `containers.create` */
      readonly method: string;
      /** Of its arguments, what tells the most. */
      readonly about: string;
    }
  /** Steps of a program that follow each other and are taught together, with the kernel's answers. */
  | {
      readonly kind: 'steps';
      readonly request: number;
      readonly call: number;
      readonly at: number;
      readonly section: SectionName;
      /** What they do, in the words of the program's groups. */
      readonly text: string;
      readonly count: number;
      readonly lesson?: LessonSlug;
      /** The kernel refused the last of them: `mount = EPERM`. */
      readonly refused?: string;
    }
  | {
      readonly kind: 'return';
      readonly request: number;
      readonly call: number;
      readonly at: number;
      readonly took: number;
      readonly failed?: string;
    }
  | {
      readonly kind: 'answer';
      readonly request: number;
      readonly at: number;
      readonly took: number;
      /** Undefined where the client went away before. */
      readonly status?: number;
    };
