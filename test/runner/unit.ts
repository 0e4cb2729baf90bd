import { type FileResult, judge } from './judge.ts';
import type { Ended } from './process.ts';

/** Starts unit-host.ts with these files and hands its output on, piece by piece. */
export type StartHost = (files: string[], onOutput: (text: string) => void) => Promise<Ended>;

/**
 * Runs unit tests in one process and reports each file when it is done. A file that ends the process, or keeps it past the
 * time limit, has failed; those after it get another process.
 */
export async function runUnits(
  files: readonly string[],
  start: StartHost,
  report: (result: FileResult) => void,
): Promise<void> {
  for (let left = [...files]; left.length > 0; ) {
    const reader = new HostReader(report);
    const { code } = await start(left, text => reader.read(text));
    left = left.slice(reader.end(code));
  }
}

/** Takes the host's output apart; see unit-host.ts. */
class HostReader {
  #reported = 0;
  #file: string | undefined;
  #text = '';
  #rest = '';
  #began = 0;
  readonly #report: (result: FileResult) => void;

  constructor(report: (result: FileResult) => void) {
    this.#report = report;
  }

  read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines)
      if (line.startsWith('\u001e=')) this.#close(Number(line.slice(2)));
      else if (line.startsWith('\u001e')) this.#open(line.slice(1));
      else this.#text += `${line}\n`;
  }

  /** The host ended with `code`; returns how many files need no other host: all, where it ended before the first. */
  end(code: number | string): number {
    this.read('\n');
    if (this.#file !== undefined) this.#close(code);
    // It ended badly after a file, or could not begin: no file is to blame.
    else if (code !== 0 || this.#reported === 0)
      this.#report({ file: 'unit tests in one process', ...judge(this.#text, code), milliseconds: 0 });
    return this.#reported === 0 ? Number.POSITIVE_INFINITY : this.#reported;
  }

  #open(file: string): void {
    this.#file = file;
    this.#began = Date.now();
    this.#text = '';
  }

  #close(code: number | string): void {
    this.#report({ file: this.#file!, ...judge(this.#text, code), milliseconds: Date.now() - this.#began });
    this.#file = undefined;
    this.#text = '';
    this.#reported++;
  }
}
