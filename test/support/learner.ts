import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from './cleanup.ts';
import { eventually } from './eventually.ts';
import { checkout } from './requires.ts';

/** What `npm run lesson` starts, after its set-up. */
export const lessonCommand = ['--import', 'tsx', 'src/workshop/main.ts'];

/** A learner: a folder for progress and scratch directories, and an environment that says so. */
export function learner(name: string) {
  const state = temporaryFolder(name);
  const environment = {
    ...process.env,
    XDG_STATE_HOME: state,
    TMPDIR: state,
    LANG: 'C',
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
    // chalk writes no colours where it is set.
    CI: undefined,
  };

  function lesson(args: string[], input = ''): { status: number | null; output: string } {
    const result = spawnSync(process.execPath, [...lessonCommand, ...args], {
      cwd: checkout,
      env: environment,
      input,
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { status: result.status, output: result.stdout + result.stderr };
  }

  /** Processes that a lesson of ours made: they know its directory. */
  function processes(): number[] {
    return fs
      .readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(Number)
      .filter(pid => {
        try {
          return fs.readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`LESSON=${state}/`);
        } catch {
          return false;
        }
      });
  }

  /** What a lesson could leave: its directory, mounts below it, processes. */
  function leftovers(): (string | number)[] {
    const directories = fs.readdirSync(state).filter(name => name.startsWith('minidock-lesson-'));
    const mounts = fs
      .readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter(line => line.includes(state));
    return [...directories, ...mounts, ...processes()];
  }

  let terminals = 0;

  /** A lesson on a terminal of its own, typed at like a learner would, from the title on. */
  async function onTerminal(
    args: string[],
    play: (terminal: {
      /** A key, as tmux names it. */
      press(key: string): void;
      shows(pattern: RegExp): Promise<RegExpMatchArray>;
      screen(): string;
      /** Answers every prompt by the key that goes on, until one that matches, or until the lesson ends. */
      playOn(until?: RegExp): Promise<void>;
      /** All that was written to the terminal so far, as it came. */
      written(): string;
    }) => Promise<void>,
    { columns = 100, rows = 50, env = {} }: { columns?: number; rows?: number; env?: Record<string, string> } = {},
  ): Promise<void> {
    const socket = path.join(state, `tmux-${++terminals}`);
    const tmux = (...words: string[]) =>
      spawnSync('tmux', ['-S', socket, ...words], { encoding: 'utf8', env: environment }).stdout;
    const screen = () => tmux('capture-pane', '-p', '-S', '-300');
    const record = `${socket}.txt`;
    const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const line = ['env', ...settings, process.execPath, ...lessonCommand, ...args].join(' ');
    const size = ['-x', String(columns), '-y', String(rows)];
    // Nothing is lost: the lesson begins when the recorder is there.
    const command = `tmux -S ${socket} wait-for begin; ${line}; echo "status $?"; sleep 60`;
    tmux('new-session', '-d', ...size, '-c', checkout, command);
    tmux('pipe-pane', '-o', `cat > ${record}`);
    tmux('wait-for', '-S', 'begin');
    const press = (key: string) => void tmux('send-keys', key);
    const lastLine = () => screen().trimEnd().split('\n').at(-1)!.trim();
    const prompts = /^(Press a number|请按数字键|Enter: do it|Enter: go on|回车：继续|… Enter: more|…… 回车|status \d)/;
    const playOn = async (until?: RegExp) => {
      for (;;) {
        const prompt = await eventually(() => prompts.exec(lastLine())?.[1] ?? false, 30);
        if (prompt.startsWith('status') || until?.test(prompt)) return;
        const shown = screen();
        press(prompt === 'Enter: do it' ? 'c' : 'Enter');
        await eventually(() => screen() !== shown, 10);
      }
    };
    try {
      await play({
        screen,
        press,
        playOn,
        written: () => fs.readFileSync(record, 'utf8'),
        shows: pattern => eventually(() => screen().match(pattern) ?? false, 20),
      });
    } finally {
      tmux('kill-server');
    }
  }

  return { state, environment, lesson, processes, leftovers, onTerminal };
}
