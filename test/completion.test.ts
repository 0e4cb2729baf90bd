// @mounts-nothing what is completed is the same
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { onExit, temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { findProgram, requires } from './support/requires.ts';

const test = requires('root', 'overlayfs', 'busybox', 'script');

let box: BusyboxEngine;
const folder = temporaryFolder('completion');
/** Where the shells stand. */
const files = join(folder, 'files');
const environment = () => ({
  ...box.env,
  HOME: folder,
  PATH: `${dirname(minidockPath)}:${process.env.PATH}`,
  LANG: 'C.UTF-8',
});

test.before(async () => {
  mkdirSync(join(files, 'inner'), { recursive: true });
  writeFileSync(join(files, 'some.env'), '');
  box = await busyboxEngine();
  await box.ok(['tag', 'bb', 'example.com/tools/box:1.2']);
  await box.start('sleep 100000', '--name', 'webserver');
  await box.ok(['run', '--name', 'ended', '--network', 'none', 'bb', 'true']);
});

const cases: readonly [typed: string, completed: string][] = [
  ['minidock vers', 'minidock version '],
  ['minidock --insec', 'minidock --insecure-registry '],
  ['minidock image hist', 'minidock image history '],
  ['minidock stop web', 'minidock stop webserver '],
  ['minidock stop end', 'minidock stop end'],
  ['minidock rm end', 'minidock rm ended '],
  ['minidock rm -f web', 'minidock rm -f webserver '],
  ['minidock --debug logs -f --tail 5 web', 'minidock --debug logs -f --tail 5 webserver '],
  ['minidock --root missing stop web', 'minidock --root missing stop web'],
  ['minidock run --rm example', 'minidock run --rm example.com/tools/box:1.2 '],
  ['minidock rmi example.com/tools/box:', 'minidock rmi example.com/tools/box:1.2 '],
  ['minidock run --hostn', 'minidock run --hostname '],
  ['minidock run --network ho', 'minidock run --network host '],
  ['minidock run --network=ho', 'minidock run --network=host '],
  ['minidock run --pull al', 'minidock run --pull always '],
  ['minidock run --restart unl', 'minidock run --restart unless-stopped '],
  ['minidock stop --signal SIGQ', 'minidock stop --signal SIGQUIT '],
  ['minidock ps -f nam', 'minidock ps -f name='],
  ['minidock run --env-file so', 'minidock run --env-file some.env '],
  ['minidock run --env-file=so', 'minidock run --env-file=some.env '],
  ['minidock load -i som', 'minidock load -i some.env '],
  ['minidock run -v ./inn', 'minidock run -v ./inner/'],
  ['minidock --root inn', 'minidock --root inner/'],
  [`${minidockPath} stop web`, `${minidockPath} stop webserver `],
  ['docker stop web', 'docker stop webserver '],
];

/**
 * What an interactive shell makes of each line at a press of Tab: Ctrl-T, bound by its start file, writes the line down.
 * `ready> ` is the prompt.
 */
async function completedBy(shell: string, log: string): Promise<string[]> {
  writeFileSync(log, '');
  const written = () => readFileSync(log, 'utf8').split('\n').slice(0, -1);
  const args = ['-qec', `cd ${files}; stty rows 50 cols 200; ${shell}`, '/dev/null'];
  const terminal = spawn(findProgram('script')!, args, { env: environment(), stdio: ['pipe', 'pipe', 'ignore'] });
  const end = onExit(() => terminal.kill('SIGKILL'));
  let shown = '';
  terminal.stdout.on('data', chunk => {
    shown += chunk;
  });
  try {
    await eventually(() => shown.includes('ready> '), 60);
    for (const [at, [typed]] of cases.entries()) {
      terminal.stdin.write(`${typed}\t\x14\x15`);
      await eventually(() => written().length > at, 60);
    }
    return written();
  } catch (error) {
    throw new Error(`${(error as Error).message}; shown: ${JSON.stringify(shown.slice(-2000))}`);
  } finally {
    end();
  }
}

const expected = cases.map(([, completed]) => completed);

test('bash completes verbs, flags, values, containers, images, files and an alias', async () => {
  const [start, log] = [join(folder, 'bashrc'), join(folder, 'bash.log')];
  const lines = [
    `PS1='ready> '; bind 'set bell-style none'`,
    'source <(minidock completion bash)',
    'alias docker=minidock',
    `write_line() { printf '%s\\n' "$READLINE_LINE" >> ${log}; }`,
    `bind -x '"\\C-t": write_line'`,
  ];
  writeFileSync(start, `${lines.join('\n')}\n`);
  assert.equal(await completedBy(`bash --noprofile --rcfile ${start} -i`, log), expected);
});

requires(
  'root',
  'overlayfs',
  'busybox',
  'script',
  'zsh',
)('so does zsh', async () => {
  for (const options of ['', 'setopt completealiases']) {
    const log = join(folder, 'zsh.log');
    const lines = [
      `PS1='ready> '; ${options}`,
      'autoload -Uz compinit && compinit -u',
      'alias docker=minidock',
      'source <(minidock completion zsh)',
      `write-line() { print -r -- "$BUFFER" >> ${log} }`,
      `zle -N write-line; bindkey -e; bindkey '^T' write-line`,
    ];
    writeFileSync(join(folder, '.zshrc'), `${lines.join('\n')}\n`);
    assert.equal(await completedBy(`ZDOTDIR=${folder} zsh -i`, log), expected);
  }
});

requires(
  'root',
  'overlayfs',
  'busybox',
  'script',
  'fish',
)('so does fish', () => {
  const fish = (command: string) => {
    const args = ['-N', '-c', `minidock completion fish | source; alias docker=minidock; ${command}`];
    const { stdout, stderr } = spawnSync(findProgram('fish')!, args, {
      cwd: files,
      env: environment(),
      encoding: 'utf8',
    });
    assert.is(stderr, '');
    return stdout
      .split('\n')
      .filter(Boolean)
      .map(line => line.replace(/\t.*/, ''));
  };
  const marks = cases.map(([typed]) => `complete -C '${typed}'; echo ---`).join('\n');
  const answers = fish(marks)
    .join('\n')
    .split('---')
    .map(answer => answer.trim());
  for (const [at, [typed, completed]] of cases.entries()) {
    const [before, word] = [typed.slice(0, typed.lastIndexOf(' ') + 1), completed.trimEnd()];
    assert.is(answers[at], word === typed ? '' : word.slice(before.length), typed);
  }
});

requires('root', 'readable-checkout')('without root nothing is offered of the engine, and nothing is said', () => {
  const args = ['--reuid', '65534', '--clear-groups', minidockPath, '__complete', 'fish', '--', 'stop', ''];
  const { status, stdout, stderr } = spawnSync(findProgram('setpriv')!, args, { env: environment(), encoding: 'utf8' });
  assert.equal([status, stdout, stderr], [0, 'words\n', '']);
});

test.run();
