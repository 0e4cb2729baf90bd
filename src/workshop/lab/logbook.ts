import os from 'node:os';
import { type Format, isRecord, LearnersFile } from '../learners-file.ts';
import type { Values } from './types.ts';

/** What one task gave. */
export interface TaskResult {
  readonly points: number;
  readonly of: number;
  /** How many of its hints were asked for. */
  readonly hints: number;
}

/** What a check of a whole lab gave. Teachers' tools read it (`-- report`): fields are added to and never renamed. */
export interface Result {
  readonly lab: string;
  readonly version: number;
  /** RFC 3339. */
  readonly on: string;
  /** Of the values: two learners who have the same one have one result. */
  readonly values: string;
  readonly points: number;
  readonly of: number;
  readonly tasks: readonly TaskResult[];
}

/** Where a learner is with one lab. */
export interface Entry {
  /** Missing where it is not begun, or cleaned up. */
  readonly begun?: { readonly on: string; readonly version: number; readonly values: Values };
  /** The day of the last clean-up. */
  readonly cleaned?: string;
  /** By the number of the task. */
  readonly answers: Readonly<Record<string, string>>;
  readonly hints: Readonly<Record<string, number>>;
  readonly best?: Result;
}

interface State {
  /** What the learner is called; by default who they are on this machine. */
  readonly learner?: string;
  readonly labs: Readonly<Record<string, Entry>>;
}

const isText = (value: unknown) => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const every = (value: unknown, fits: (one: unknown) => boolean) => isRecord(value) && Object.values(value).every(fits);

/** Whether a JSON value is a result of this format. */
export function isResult(value: unknown): value is Result {
  return (
    isRecord(value) &&
    [value.lab, value.on, value.values].every(isText) &&
    isNumber(value.version) &&
    isScore(value) &&
    Array.isArray(value.tasks) &&
    value.tasks.every(task => isScore(task) && isNumber(task.hints))
  );
}

/** Points, and not more than there are. */
const isScore = (value: unknown) =>
  isRecord(value) && isNumber(value.points) && isNumber(value.of) && value.points >= 0 && value.points <= value.of;

function isEntry(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { begun, answers, hints, best } = value;
  const isBegun =
    begun === undefined ||
    (isRecord(begun) && isNumber(begun.version) && every(begun.values, one => isText(one) || isNumber(one)));
  return isBegun && every(answers, isText) && every(hints, isNumber) && (best === undefined || isResult(best));
}

const format: Format<State> = {
  nothing: { labs: {} },
  parse: ({ learner, labs = {}, ...more }) =>
    (learner === undefined || isText(learner)) && every(labs, isEntry)
      ? ({ ...more, learner, labs } as State)
      : undefined,
};

const fresh: Entry = { answers: {}, hints: {} };

/** What is kept of a learner's labs, by their names without the number: renumbering loses nothing. */
export class Logbook {
  private readonly file: LearnersFile<State>;

  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.file = new LearnersFile('labs.json', format, env);
  }

  /** The name that the learner gave, or `root@host`, where sudo tells of whom it is. */
  get learner(): string {
    return this.file.state.learner ?? `${process.env.SUDO_USER || os.userInfo().username}@${os.hostname()}`;
  }

  /** Whether the learner has said who they are. */
  get isNamed(): boolean {
    return this.file.state.learner !== undefined;
  }

  entry(id: string): Entry {
    const { labs } = this.file.state;
    return Object.hasOwn(labs, slugOf(id)) ? labs[slugOf(id)]! : fresh;
  }

  /** The best result of each lab that was checked. */
  results(): Result[] {
    return Object.values(this.file.state.labs).flatMap(({ best }) => best ?? []);
  }

  rename(learner: string): Promise<void> {
    return this.file.change(now => ({ ...now, learner }));
  }

  begin(id: string, version: number, values: Values): Promise<void> {
    const on = new Date().toISOString();
    return this.change(id, entry => ({ ...entry, begun: { on, version, values } }));
  }

  answer(id: string, task: number, answer: string): Promise<void> {
    return this.change(id, entry => ({ ...entry, answers: { ...entry.answers, [task]: answer } }));
  }

  countHint(id: string, task: number, shown: number): Promise<void> {
    return this.change(id, entry => ({ ...entry, hints: { ...entry.hints, [task]: shown } }));
  }

  /** Of two results of one version the one with more points stays, of two equal ones the first. */
  record(id: string, result: Result): Promise<void> {
    return this.change(id, ({ best, ...entry }) => {
      const stays = best !== undefined && best.version === result.version && best.points >= result.points;
      return { ...entry, best: stays ? best : result };
    });
  }

  /** The lab is as new; its result stays. */
  clean(id: string): Promise<void> {
    const cleaned = new Date().toISOString();
    return this.change(id, ({ begun, ...entry }) => ({ ...entry, cleaned, answers: {} }));
  }

  private change(id: string, change: (entry: Entry) => Entry): Promise<void> {
    return this.file.change(now => {
      const entry = Object.hasOwn(now.labs, slugOf(id)) ? now.labs[slugOf(id)]! : fresh;
      return { ...now, labs: { ...now.labs, [slugOf(id)]: change(entry) } };
    });
  }
}

const slugOf = (id: string) => id.replace(/^\d+-/, '');
