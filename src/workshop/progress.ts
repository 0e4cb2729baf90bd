import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { errnoOf } from '../errors.ts';
import { readIfPresent, writeAtomic } from '../state/files.ts';
import { withLock } from '../state/lock.ts';
import { languageOf } from './text/language.ts';

/** What is kept of a learner, by the lessons' slugs. */
interface State {
  /** Lessons that were played to their end, with the day. */
  readonly done: Readonly<Record<string, string>>;
  /** Exercises that passed, with the hash of the file that did. */
  readonly passed: Readonly<Record<string, { readonly on: string; readonly hash: string }>>;
  /** How many hints were shown. */
  readonly hints: Readonly<Record<string, number>>;
}

const nothing: State = { done: {}, passed: {}, hints: {} };

/**
 * What a learner has seen and passed: a JSON file of the learner's, outside the checkout so that an update does not touch
 * it. Lessons are known by their name without the number, so that renumbering loses nobody's progress. A file that is not
 * what it should be is kept aside and never written over. Where the home directory cannot be written, nothing is recorded
 * and the course goes on.
 */
export class Progress {
  private constructor(
    private readonly file: string,
    private record: State,
  ) {}

  static load(env: NodeJS.ProcessEnv = process.env): Progress {
    const state = env.XDG_STATE_HOME || path.join(os.homedir(), '.local/state');
    const file = path.join(state, 'minidock/lessons.json');
    return new Progress(file, read(file, env));
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
    return this.change(now => ({ ...now, done: { ...now.done, [slugOf(id)]: first ?? today() } }));
  }

  markPassed(id: string, hash: string): Promise<void> {
    return this.change(now => ({ ...now, passed: { ...now.passed, [slugOf(id)]: { on: today(), hash } } }));
  }

  /** The exercise is as new. */
  forget(id: string): Promise<void> {
    const without = <T>(table: Readonly<Record<string, T>>) =>
      Object.fromEntries(Object.entries(table).filter(([slug]) => slug !== slugOf(id)));
    return this.change(now => ({ ...now, passed: without(now.passed), hints: without(now.hints) }));
  }

  countHint(id: string, shown: number): Promise<void> {
    return this.change(now => ({ ...now, hints: { ...now.hints, [slugOf(id)]: shown } }));
  }

  /** Others may have written since we read: the change is made to what is there now. */
  private async change(change: (now: State) => State): Promise<void> {
    this.record = change(this.record);
    try {
      fs.mkdirSync(path.dirname(this.file), { recursive: true });
      await withLock(`${this.file}.lock`, () => {
        this.record = change(read(this.file));
        writeAtomic(this.file, `${JSON.stringify(this.record, null, 2)}\n`);
      });
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
  }
}

const today = () => new Date().toISOString().slice(0, 10);
const slugOf = (id: string) => id.replace(/^\d+-/, '');

function read(file: string, env: NodeJS.ProcessEnv = process.env): State {
  let content: string | undefined;
  try {
    content = readIfPresent(file);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
  if (content === undefined) return nothing;
  return parse(content) ?? keepAside(file, env);
}

function parse(content: string): State | undefined {
  let record: Partial<State>;
  try {
    record = JSON.parse(content) as Partial<State>;
  } catch {
    return undefined;
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined;
  const { done = {}, passed = {}, hints = {} } = record;
  const holds = <T>(table: Readonly<Record<string, T>>, fits: (value: T) => boolean) =>
    typeof table === 'object' && table !== null && !Array.isArray(table) && Object.values(table).every(fits);
  const sound =
    holds(done, value => typeof value === 'string') &&
    holds(passed, value => typeof value?.on === 'string' && typeof value.hash === 'string') &&
    holds(hints, value => Number.isSafeInteger(value) && value >= 0);
  return sound ? { ...record, done, passed, hints } : undefined;
}

/** Whoever can make sense of it finds it beside the new one. */
function keepAside(file: string, env: NodeJS.ProcessEnv): State {
  const aside = `${file}.broken-${today()}-${randomBytes(2).toString('hex')}`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    // Somebody else was quicker, or may write here and we may not.
    if (errnoOf(error) === undefined) throw error;
    return nothing;
  }
  process.stderr.write(
    languageOf(env) === 'zh'
      ? `lesson: 进度文件 ${file} 无法解读，已改名保存为 ${path.basename(aside)}；从头开始记录\n`
      : `lesson: the progress file ${file} makes no sense; it is kept as ${path.basename(aside)}, and a new one is begun\n`,
  );
  return nothing;
}
