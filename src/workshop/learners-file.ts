import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { errnoOf } from '../errors.ts';
import { readIfPresent, writeAtomic } from '../state/files.ts';
import { withLock } from '../state/lock.ts';
import { languageOf } from './text/language.ts';

/** The folder of what is kept of a learner: outside of the checkout, so that an update does not touch it. */
export function learnersFolder(env: NodeJS.ProcessEnv = process.env): string {
  return path.join(env.XDG_STATE_HOME || path.join(os.homedir(), '.local/state'), 'minidock');
}

/** How a file's content becomes a state. */
export interface Format<State extends object> {
  readonly nothing: State;
  /** The state in a JSON value; undefined where it makes no sense. */
  parse(record: Readonly<Record<string, unknown>>): State | undefined;
}

/**
 * A JSON file of the learner's. One that is not what it should be is kept aside and never written over. Where the home directory
 * cannot be written, nothing is recorded and all goes on.
 */
export class LearnersFile<State extends object> {
  private record: State;
  private readonly file: string;

  constructor(
    name: string,
    private readonly format: Format<State>,
    private readonly env: NodeJS.ProcessEnv = process.env,
  ) {
    this.file = path.join(learnersFolder(env), name);
    this.record = this.read();
  }

  get state(): State {
    return this.record;
  }

  /** Others may have written since we read: the change is made to what is there now. */
  async change(change: (now: State) => State): Promise<void> {
    this.record = change(this.record);
    try {
      fs.mkdirSync(path.dirname(this.file), { recursive: true });
      await withLock(`${this.file}.lock`, () => {
        this.record = change(this.read());
        writeAtomic(this.file, `${JSON.stringify(this.record, null, 2)}\n`);
      });
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
  }

  private read(): State {
    let content: string | undefined;
    try {
      content = readIfPresent(this.file);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
    if (content === undefined) return this.format.nothing;
    return this.parse(content) ?? this.keepAside();
  }

  private parse(content: string): State | undefined {
    let record: unknown;
    try {
      record = JSON.parse(content);
    } catch {
      return undefined;
    }
    return isRecord(record) ? this.format.parse(record) : undefined;
  }

  /** Whoever can make sense of it finds it beside the new one. */
  private keepAside(): State {
    const { file, env } = this;
    const aside = `${file}.broken-${new Date().toISOString().slice(0, 10)}-${randomBytes(2).toString('hex')}`;
    try {
      fs.renameSync(file, aside);
    } catch (error) {
      // Somebody else was quicker, or may write here and we may not.
      if (errnoOf(error) === undefined) throw error;
      return this.format.nothing;
    }
    process.stderr.write(
      languageOf(env) === 'zh'
        ? `lesson: 进度文件 ${file} 无法解读，已改名保存为 ${path.basename(aside)}；从头开始记录\n`
        : `lesson: the progress file ${file} makes no sense; it is kept as ${path.basename(aside)}, and a new one is begun\n`,
    );
    return this.format.nothing;
  }
}

/** Whether a value of JSON is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
