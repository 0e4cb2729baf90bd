import type { SectionName } from '../../../syscalls/step.ts';
import type { Figure } from '../../figure/figure.ts';
import type { Evidence } from '../../play/evidence.ts';
import type { Text } from '../../text/language.ts';

/** What a lesson's program did on a real kernel, as plain data: the pages' stepper draws it again. */
export interface Recording {
  /** The state before the first step. */
  readonly start?: Figure;
  readonly steps: readonly RecordedStep[];
  /** What the process printed. */
  readonly output: readonly string[];
  readonly evidence: Evidence;
}

export interface RecordedStep {
  /** In the program, from 1. */
  readonly number: number;
  readonly section: SectionName;
  /** The step as strace would show it. */
  readonly call: string;
  readonly why: Text;
  /** How many of the same group follow it, that are not written down one by one. */
  readonly more?: number;
  /** Slug of the lesson that explains the step. */
  readonly lesson?: string;
  /** What the kernel answered; missing while the step waits. */
  readonly answer?: Answer;
  /** What is different after it, a line each. */
  readonly changes: readonly Text[];
  /** The state after it; missing where that looks as it did before. */
  readonly picture?: Figure;
}

export interface Answer {
  readonly text: string;
  /** `tolerated`: an errno that the step names. */
  readonly kind: 'done' | 'tolerated' | 'refused';
}
