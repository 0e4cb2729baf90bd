// @mounts-nothing its subject is the terminal
import * as assert from 'uvu/assert';
import { namespacesOf } from '../src/host/namespaces.ts';
import { widthOf } from '../src/syscalls/text/columns.ts';
import { eventually } from '../test/support/eventually.ts';
import { learner } from '../test/support/learner.ts';
import { requires } from '../test/support/requires.ts';

/** Lessons on a terminal of their own, typed at like a learner would. */
const test = requires('root', 'overlayfs', 'gcc', 'tmux');
const { leftovers, onTerminal } = learner('terminals');
const stackTrace = /^\s+at .*:\d+:\d+|node:internal/m;

test('--step on a terminal waits for Enter, and q leaves nothing', () =>
  onTerminal(['03', '--step'], async ({ press, shows, screen, playOn }) => {
    await playOn(/Press a number/);
    press('Enter');
    await shows(/▶ {3}clone.*\n.*\n.*Enter: do it/);
    assert.not.match(screen(), /1 {2}clone/);
    press('Enter');
    await shows(/1 {2}clone[\s\S]*▶ {3}sethostname[\s\S]*Enter: do it\D*$/);
    assert.not.match(screen(), /sethostname\("container", 9\) = 0/);
    press('Enter');
    await shows(/sethostname\("container", 9\) = 0\s+hostname: \S+ → container/);
    press('q');
    await shows(/Stopped and cleaned up\.\s+status 0/);
    assert.equal(leftovers(), []);
  }));

test('c runs on to the end; a right prediction is told so', () =>
  onTerminal(['03', '--step'], async ({ press, shows, playOn }) => {
    await playOn(/Press a number/);
    press((await shows(/(\d)\. the old name/))[1]!);
    await playOn(/Enter: go on/);
    press('Enter');
    await shows(/evidence[\s\S]*Enter: go on/);
    press('Enter');
    await shows(/✓ You were right[\s\S]*Enter: go on/);
    await playOn();
    await shows(/What you have seen[\s\S]*status 0/);
  }));

test('a wrong prediction gets its own answer, before the right one', () =>
  onTerminal(['03'], async ({ press, shows, playOn }) => {
    await playOn(/Press a number/);
    press((await shows(/(\d)\. container: a machine has/))[1]!);
    for (const part of [/It prints:[\s\S]*Enter: go on/, /evidence[\s\S]*Enter: go on/]) {
      await shows(part);
      press('Enter');
    }
    await shows(/✗ You expected: container: a machine[\s\S]*Linux 2\.6\.19[\s\S]*the old name, before/);
  }));

test('Ctrl-C at a prompt, in a step: status 130, nothing is left', async () => {
  await onTerminal(['03'], async ({ press, shows, playOn }) => {
    await playOn(/Press a number/);
    press('C-c');
    await shows(/Stopped and cleaned up\.\s+status 130/);
  });
  await onTerminal(['06', '--step'], async ({ press, shows, playOn }) => {
    await playOn(/Press a number/);
    press('Enter');
    await shows(/▶ {3}clone.*[\s\S]*Enter: do it/);
    for (const call of ['mount', 'chdir', 'mount\\("overlay']) {
      press('Enter');
      await shows(new RegExp(`▶ {3}${call}[\\s\\S]*Enter: do it\\D*$`));
    }
    assert.is.not(leftovers().length, 0);
    press('C-c');
    await shows(/Stopped and cleaned up\.\s+status 130/);
    assert.equal(leftovers(), []);
  });
});

test('Ctrl-C while a program runs, and right after the key that starts it: status 130, no stack trace', async () => {
  // Each time a little later: somewhere in between the program is made, runs, and is looked at.
  for (const delay of [0, 30, 60, 120])
    await onTerminal(['06'], async ({ press, shows, playOn, written }) => {
      await playOn(/Press a number/);
      press('Enter');
      await new Promise(resolve => setTimeout(resolve, delay));
      press('C-c');
      await shows(/Stopped and cleaned up\.\s+status 130/);
      assert.not.match(written(), stackTrace);
      assert.equal(leftovers(), []);
    });
});

test('a paused process that somebody kills ends the lesson with a sentence', () =>
  onTerminal(['03', '--step'], async ({ press, shows, playOn, written }) => {
    await playOn(/Press a number/);
    press('Enter');
    await shows(/▶ {3}clone.*[\s\S]*Enter: do it/);
    press('Enter');
    const [, pid] = await shows(/child = (\d+)[\s\S]*▶ {3}sethostname[\s\S]*Enter: do it\D*$/);
    process.kill(Number(pid), 'SIGKILL');
    await shows(new RegExp(`lesson: process ${pid} was killed before the lesson was done with it[\\s\\S]*status 1`));
    assert.not.match(written(), stackTrace);
    assert.equal(leftovers(), []);
  }));

test('! in a step is a shell beside the process; the step is still to be done afterwards', () =>
  onTerminal(['03', '--step'], async ({ press, shows, playOn }) => {
    await playOn(/Press a number/);
    press('Enter');
    await shows(/▶ {3}clone[\s\S]*Enter: do it/);
    press('Enter');
    await shows(/▶ {3}sethostname[\s\S]*Enter: do it\D*$/);
    press('!');
    const [, pid] = await shows(/\$PID is (\d+)[\s\S]*\(beside \1\) #/);
    const { uts } = namespacesOf(Number(pid));
    assert.is.not(uts, namespacesOf('self').uts);
    for (const key of ['readlink /proc/$PID/ns/uts', 'Enter']) press(key);
    await shows(new RegExp(`# readlink.*\\n${uts!.replace(/[[\]]/g, '.')}`));
    for (const key of ['exit', 'Enter']) press(key);
    await shows(/\) # exit[\s\S]*▶ {3}sethostname[\s\S]*Enter: do it\D*$/);
    press('Enter');
    await shows(/sethostname\("container", 9\) = 0\s+hostname: \S+ → container/);
    press('q');
    await shows(/Stopped and cleaned up\.\s+status 0/);
    assert.equal(leftovers(), []);
  }));

for (const language of ['en', 'zh'])
  test(`the state fits 80×24 before each step of 06, ${language}`, () =>
    onTerminal(
      ['06', '--step', language],
      async ({ press, shows, playOn, screen, written }) => {
        await playOn(/Press a number|请按数字键/);
        press('Enter');
        for (const call of ['clone', 'mount', 'chdir', 'mount\\("overlay', 'chdir', 'pivot_root', 'umount2']) {
          await shows(new RegExp(`▶ {3}${call}[\\s\\S]*(Enter: do it|回车：执行)\\D*$`));
          assert.not.match(written(), /Enter: more|回车：下一页/);
          press('Enter');
        }
        await shows(/umount2[\s\S]*overlay[\s\S]*▶ {3}chdir/);
        assert.not.match(screen(), /undefined/);
        press('q');
        await shows(/status 0/);
      },
      { columns: 80, rows: 24, env: { LANG: 'C.UTF-8' } },
    ));

/** What was written between two prompts, without the lines that only clear the screen. */
function screens(written: string): string[][] {
  return written
    .split(/(?:Press a number.*|请按数字键.*|Enter: go on.*|回车：继续.*|Enter: more.*|回车：下一页.*|status \d)/)
    .map(part =>
      part
        .slice(part.lastIndexOf('\x1b[H') + 1)
        .replace(/\x1b\[[0-9;]*[A-Za-z]|\x1b[>=]|\[H|\r/g, '')
        .split('\n'),
    );
}

for (const [columns, rows, language] of [
  [100, 40, 'en'],
  [40, 24, 'zh'],
  [40, 24, 'en'],
] as const)
  test(`no key brings more than a screen, and no heading breaks: ${columns}×${rows}, ${language}`, () =>
    onTerminal(
      ['05', language],
      async ({ playOn, written }) => {
        await playOn();
        const all = screens(written());
        assert.ok(all.length > 12, `${all.length} screens`);
        for (const screen of all) {
          const taken = screen.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
          assert.ok(taken <= rows + 1, `${taken} rows:\n${screen.join('\n')}`);
          for (const line of screen.filter(one => /^ {2}(──|━━)/.test(one))) assert.ok(widthOf(line) <= columns, line);
        }
      },
      { columns, rows },
    ));

test('NO_COLOR is heard on a terminal; without it there are colours', async () => {
  const coloured = /\x1b\[[349]\d?m/;
  const written = async (args: string[], env: Record<string, string>) => {
    let text = '';
    await onTerminal(
      args,
      async terminal => {
        await terminal.playOn(/Press a number/);
        text = await eventually(() => terminal.written());
      },
      { env },
    );
    return text;
  };
  for (const args of [[], ['03']]) {
    assert.not.match(await written(args, { NO_COLOR: '1' }), coloured);
    assert.match(await written(args, { NO_COLOR: '' }), coloured);
  }
});

test.run();
