import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endProcesses, onExit } from './cleanup.ts';
import { checkout } from './requires.ts';

/** How long a block may take, in seconds. */
const patience = 120;

/**
 * The one shell in which a reader types a sheet's blocks, from top to bottom: variables and functions stay. A command that fails ends it, as
 * nobody would go on. What is typed for `npm run lab` is noted, for the test to do in its own process: a block says what, not when.
 */
export class LearnersShell {
  private readonly shell: ChildProcess;
  private readonly typed: string;
  private readonly script: string;
  private output = '';
  private heard: () => void = () => {};

  constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.typed = join(folder, 'typed');
    this.script = join(folder, 'block.sh');
    this.shell = spawn('bash', ['--norc'], {
      cwd: checkout,
      env: { ...process.env, ...env, LC_ALL: 'C', PATH: `${join(checkout, 'bin')}:${process.env.PATH}` },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onExit(() => endProcesses([this.shell.pid!]));
    this.shell.stdout!.on('data', chunk => {
      this.output += chunk;
      this.heard();
    });
    this.shell.on('exit', () => this.heard());
    this.shell.stdin!.write(`exec 2>&1\nnpm() { printf '%s\\0' "$@" '' >> ${this.typed}; }\n`);
  }

  /** Types a block; resolves with what it printed, and with the words of each `npm run lab` in it. Rejects where a command of it failed. */
  async type(block: string): Promise<{ output: string; labs: string[][] }> {
    writeFileSync(this.script, block);
    rmSync(this.typed, { force: true });
    this.output = '';
    this.shell.stdin!.write(`set -e; . ${this.script}; set +e; echo; echo done:$$\n`);
    const end = `\ndone:${this.shell.pid}\n`;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no end after ${patience} s:\n${block}\n${this.output}`)),
        patience * 1000,
      );
      this.heard = () => {
        const hasEnded = this.shell.exitCode !== null;
        if (!hasEnded && !this.output.endsWith(end)) return;
        clearTimeout(timer);
        if (hasEnded) reject(new Error(`ended with ${this.shell.exitCode}:\n${block}\n${this.output}`));
        else resolve();
      };
      this.heard();
    });
    return { output: this.output.slice(0, -end.length), labs: this.labCommands() };
  }

  close(): void {
    this.shell.stdin!.end();
    endProcesses([this.shell.pid!]);
  }

  /** `run -s lab 05 -- answer 1 x` → `05 answer 1 x`, as npm hands it on. */
  private labCommands(): string[][] {
    let noted: string;
    try {
      noted = readFileSync(this.typed, 'utf8');
    } catch {
      return [];
    }
    return noted
      .split('\0\0')
      .filter(Boolean)
      .map(words => words.split('\0'))
      .map(words =>
        words.slice(words.indexOf('lab') + 1).filter((word, i, all) => word !== '--' || i !== all.indexOf('--')),
      );
  }
}
