import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { errnoOf } from '../errors.ts';
import { writeAtomic } from '../state/files.ts';

/**
 * Which lessons were run to their end: a JSON file of the learner's, outside the checkout so that an update does not touch
 * it. Lessons are known by their name without the number, so that renumbering loses nobody's progress.
 */
export class Progress {
  private constructor(
    private readonly file: string,
    private readonly done: Record<string, string>,
  ) {}

  static load(env: NodeJS.ProcessEnv = process.env): Progress {
    const state = env.XDG_STATE_HOME || path.join(os.homedir(), '.local/state');
    const file = path.join(state, 'minidock/lessons.json');
    return new Progress(file, readDone(file));
  }

  isDone(id: string): boolean {
    return nameOf(id) in this.done;
  }

  /**
   * Records the lesson with today's date. Where the home directory cannot be written, nothing is recorded and the
   * lesson goes on.
   */
  markDone(id: string): void {
    this.done[nameOf(id)] ??= new Date().toISOString().slice(0, 10);
    try {
      fs.mkdirSync(path.dirname(this.file), { recursive: true });
      writeAtomic(this.file, `${JSON.stringify({ done: this.done }, null, 2)}\n`);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
  }
}

function nameOf(id: string): string {
  return id.replace(/^\d+-/, '');
}

function readDone(file: string): Record<string, string> {
  try {
    const content = JSON.parse(fs.readFileSync(file, 'utf8')) as { done?: Record<string, string> };
    return { ...content.done };
  } catch {
    return {};
  }
}
