import type { Sandbox } from './minidock.ts';

/** A stack trace of Node's: an error that nobody expected. */
export const stackTrace = /^\s+at .*(:\d+:\d+|<anonymous>)\)?$/m;

/** Commands that somebody gives one after the other, whatever became of those before; every surprise is a line of `problems`. */
export class Attempts {
  readonly problems: string[] = [];

  constructor(readonly box: Sandbox) {}

  /** A command that has to work, or else to say `refusal`. Resolves with what it said. */
  async do(args: readonly string[], refusal?: RegExp): Promise<string> {
    const { exitCode, all, timedOut } = await this.box.minidock([...args], { all: true, timeout: 30_000 });
    const text = String(all);
    const isRight = exitCode === 0 || refusal?.test(text);
    if (timedOut || stackTrace.test(text) || !isRight) this.say(`${args.join(' ')} = ${exitCode}`, text);
    return text;
  }

  say(what: string, text: string): void {
    this.problems.push(`${what}: ${text}`);
  }
}
