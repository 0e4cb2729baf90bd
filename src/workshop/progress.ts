import { type Format, isRecord, LearnersFile } from './learners-file.ts';

/** What is kept of a learner, by the lessons' slugs. */
interface State {
  /** Lessons that were played to their end, with the day. */
  readonly done: Readonly<Record<string, string>>;
  /** Exercises that passed, with the hash of the file that did. */
  readonly passed: Readonly<Record<string, { readonly on: string; readonly hash: string }>>;
  /** How many hints were shown. */
  readonly hints: Readonly<Record<string, number>>;
}

const format: Format<State> = {
  nothing: { done: {}, passed: {}, hints: {} },
  parse(record) {
    const { done = {}, passed = {}, hints = {} } = record as Partial<State>;
    const holds = <T>(table: Readonly<Record<string, T>>, fits: (value: T) => boolean) =>
      isRecord(table) && Object.values(table).every(fits);
    const sound =
      holds(done, value => typeof value === 'string') &&
      holds(passed, value => typeof value?.on === 'string' && typeof value.hash === 'string') &&
      holds(hints, value => Number.isSafeInteger(value) && value >= 0);
    return sound ? { ...record, done, passed, hints } : undefined;
  },
};

/**
 * What a learner has seen and passed. Lessons are known by their name without the number, so that renumbering loses nobody's
 * progress.
 */
export class Progress {
  private constructor(private readonly file: LearnersFile<State>) {}

  static load(env: NodeJS.ProcessEnv = process.env): Progress {
    return new Progress(new LearnersFile('lessons.json', format, env));
  }

  /** Whether a lesson was played to its end. @param id `04-pid-namespace` or its slug */
  isSeen(id: string): boolean {
    return Object.hasOwn(this.record.done, slugOf(id));
  }

  /** Whether its exercise was passed. */
  isPassed(id: string): boolean {
    return Object.hasOwn(this.record.passed, slugOf(id));
  }

  /** The hash of the file with which its exercise was passed last. */
  passedHash(id: string): string | undefined {
    return this.isPassed(id) ? this.record.passed[slugOf(id)]!.hash : undefined;
  }

  /** How many of its hints were shown. */
  hintsShown(id: string): number {
    return Object.hasOwn(this.record.hints, slugOf(id)) ? this.record.hints[slugOf(id)]! : 0;
  }

  markSeen(id: string): Promise<void> {
    const { [slugOf(id)]: first } = this.record.done;
    return this.file.change(now => ({ ...now, done: { ...now.done, [slugOf(id)]: first ?? today() } }));
  }

  markPassed(id: string, hash: string): Promise<void> {
    return this.file.change(now => ({ ...now, passed: { ...now.passed, [slugOf(id)]: { on: today(), hash } } }));
  }

  /** The exercise is as new. */
  forget(id: string): Promise<void> {
    const without = <T>(table: Readonly<Record<string, T>>) =>
      Object.fromEntries(Object.entries(table).filter(([slug]) => slug !== slugOf(id)));
    return this.file.change(now => ({ ...now, passed: without(now.passed), hints: without(now.hints) }));
  }

  countHint(id: string, shown: number): Promise<void> {
    return this.file.change(now => ({ ...now, hints: { ...now.hints, [slugOf(id)]: shown } }));
  }

  private get record(): State {
    return this.file.state;
  }
}

const today = () => new Date().toISOString().slice(0, 10);
const slugOf = (id: string) => id.replace(/^\d+-/, '');
