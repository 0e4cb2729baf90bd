import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../../errors.ts';
import type { ImageRecord } from '../../image/store.ts';
import { fakeEngine, fakeRecord, runLine } from '../testing/fakes.ts';
import { readLine } from './shell-line.ts';

const ended = fakeRecord({ name: 'old', id: 'c0ffee'.padEnd(64, '0') });
ended.state.status = 'exited';
const stock = [
  { id: `sha256:${'ab'.repeat(32)}`, repoTags: ['nginx:alpine', 'app:latest'] },
  { id: `sha256:${'cd'.repeat(32)}`, repoTags: [] },
] as unknown as ImageRecord[];
const { engine } = fakeEngine(fakeRecord(), 0, { list: async () => stock });
engine.containers.list = async () => ({ containers: [fakeRecord(), ended], broken: [], sizes: {} });

/** What is offered after `minidock LINE`, whose last word is the one at the cursor. */
async function offered(line: string): Promise<string[]> {
  const { stdout, stderr, code } = await runLine(['__complete', 'fish', '--', ...line.split(' ')], engine);
  assert.equal([code, stderr], [0, '']);
  const [kind, ...lines] = stdout.trimEnd().split('\n');
  const words = lines.map(line => line.replace(/\t.*/, ''));
  return kind === 'words' ? words : [`${kind}:`, ...words];
}

test('verbs, groups, flags', async () => {
  assert.equal(await offered('ru'), ['run']);
  assert.equal(await offered('co'), ['commit', 'completion', 'container']);
  assert.equal(await offered('container sto'), ['stop']);
  assert.equal(await offered('--ro'), ['--root']);
  assert.equal(await offered('stop --'), ['--signal', '--timeout', '--help']);
  assert.equal(await offered('stop -'), ['--signal', '-s', '--timeout', '-t', '--help']);
  assert.equal(await offered('help ima'), ['images', 'image']);
  assert.equal(await offered('nosuch x'), []);
});

test('containers by their state, also after flags before the verb', async () => {
  assert.equal(await offered('stop '), ['web']);
  assert.equal(await offered('rm '), ['old']);
  assert.equal(await offered('rm -f '), ['web', 'old']);
  assert.equal(await offered('--root /r --debug rm -fv w'), ['web']);
  assert.equal(await offered('-D container logs o'), ['old']);
  assert.equal(await offered('logs -f --tail 5 old '), []);
  assert.equal(await offered('logs c0f'), ['c0ffee000000']);
  assert.equal(await offered('stop web w'), ['web']);
});

test('images, as they are written', async () => {
  assert.equal(await offered('run '), ['nginx:alpine', 'app']);
  assert.equal(await offered('run --rm -it app:'), ['app:latest']);
  assert.equal(await offered('rmi nginx:alpine cd'), ['cdcdcdcdcdcd']);
  assert.equal(await offered('image inspect '), ['nginx:alpine', 'app']);
  assert.equal(await offered('inspect --type container '), ['web', 'old']);
  assert.equal(await offered('inspect '), ['web', 'old', 'nginx:alpine', 'app']);
});

test('what runs in a container is not ours to complete', async () => {
  assert.equal(await offered('run nginx:alpine --'), []);
  assert.equal(await offered('run nginx:alpine n'), []);
  assert.equal(await offered('exec web s'), []);
});

test('values of flags', async () => {
  assert.equal(await offered('run --network '), ['nospace:', 'bridge', 'host', 'none', 'container:']);
  assert.equal(await offered('run --net=h'), ['--net=host']);
  assert.equal(await offered('run --pull=a'), ['--pull=always']);
  assert.equal(await offered('run -d --restart on'), ['on-failure']);
  assert.equal(await offered('run --rm=t'), ['--rm=true']);
  assert.equal(await offered('stop -s SIGT'), ['SIGTRAP', 'SIGTERM', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU']);
  assert.equal(await offered('stop --signal QU'), ['QUIT']);
  assert.equal(await offered('ps -a --filter status=e'), ['status=exited']);
  assert.equal(await offered('ps --filter na'), ['nospace:', 'name=']);
  assert.equal(await offered('exec -e HO'), ['nospace:', 'HOME=']);
  assert.equal(await offered('run --name '), []);
  assert.equal(await offered('completion '), ['bash', 'zsh', 'fish']);
  for (const line of ['load -i ', 'run --env-file x', 'run --cidfile=', 'import ', 'run -v /e', 'run -v ./x'])
    assert.equal(await offered(line), ['files:'], line);
  assert.equal(await offered('--root '), ['directories:']);
});

test('nothing is offered, and nothing said, where the engine cannot be asked', async () => {
  const refused = async () => Promise.reject(new MinidockError('not-root', 'this is not root'));
  const args = ['__complete', 'zsh', '--', 'stop', ''];
  const failing = { ...engine, containers: { ...engine.containers, list: refused } };
  assert.equal(await runLine(args, failing), { code: 0, stdout: 'words\n', stderr: '' });
  for (const line of [[], ['bash'], ['fish', '--'], ['tcsh', 'x']])
    assert.is((await runLine(['__complete', ...line], failing)).stderr, '');
});

test('bash: only what stands after its last break is replaced', async () => {
  const answer = async (line: string) =>
    (await runLine(['__complete', 'bash', line, ' \t\n"\'><=;|&(:'], engine)).stdout;
  assert.is(await answer('minidock run --pull=al'), 'words\nalways\t\n');
  assert.is(await answer('sudo -E /opt/bin/minidock run nginx:'), 'words\nalpine\t\n');
  assert.is(await answer('minidock --root "/a b" stop w'), 'words\nweb\tnginx:alpine, running\n');
  assert.is(await answer('./minidock run --net="ho'), 'words\nhost\t\n');
});

test('a line of bash is cut into words', () => {
  const cases: [string, string[], string, number][] = [
    ['minidock rm ', ['minidock', 'rm'], '', 0],
    ['minidock rm a', ['minidock', 'rm'], 'a', 0],
    [`m 'a b' "c \\"d" e\\ f g`, ['m', 'a b', 'c "d', 'e f'], 'g', 0],
    ['m --x=a:b', ['m'], '--x=a:b', 6],
    [`m 'a:b`, ['m'], 'a:b', 0],
    ['m a\\:b', ['m'], 'a:b', 0],
    ['m ""', ['m'], '', 0],
  ];
  for (const [line, words, current, kept] of cases) assert.equal(readLine(line, '=:'), { words, current, kept }, line);
});

test('the scripts are there, for three shells and no other', async () => {
  const script = async (...args: string[]) => (await runLine(['completion', ...args], engine)).stdout;
  assert.match(await script('bash'), /^complete -F _minidock minidock docker$/m);
  assert.match(await script('zsh'), /^#compdef minidock\n/);
  assert.match(await script('fish'), /^complete -c minidock /m);
  const { code, stdout, stderr } = await runLine(['completion', 'tcsh'], engine);
  assert.equal([code, stdout], [1, '']);
  assert.is(stderr, "minidock: there is no completion for 'tcsh'\n  fix: minidock completion bash|zsh|fish\n");
});

test.run();
