import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { busyboxEngine } from './support/busybox.ts';
import { dockerd } from './support/dockerd.ts';
import { requires } from './support/requires.ts';

/** The log as Docker 20.10 writes it, byte by byte, and what `logs` shows of it. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker');

const letters = (count: number, letter: string) => `head -c ${count} /dev/zero | tr '\\0' ${letter}`;
/** What a copier and an encoder may do differently: escapes, what is no UTF-8, lines around 16 KiB, a line without an end. */
const script = [
  `printf 'plain\\n\\n'`,
  `printf 'tab\\there\\001\\033\\177 "q" \\\\ <b>&amp; \\r\\n'`,
  `printf '\\000nul\\b\\f\\v\\n'`,
  `printf 'utf8 \\303\\251 \\342\\202\\254 \\360\\237\\230\\200 \\342\\200\\250 \\342\\200\\251 \\364\\217\\277\\277\\n'`,
  `printf 'none \\377 \\300\\200 \\340\\237\\277 \\355\\240\\200 \\360\\217\\277\\277 \\364\\220\\200\\200 \\365 \\303( \\342\\202(\\n'`,
  `printf 'cut \\303\\n\\342\\202\\n\\360\\237\\230\\n'`,
  `${letters(16383, 'a')}; echo`,
  `${letters(16384, 'b')}; echo`,
  `${letters(16385, 'c')}; echo`,
  `${letters(40000, 'd')}; echo; echo after`,
  `${letters(16383, 'e')}; printf '\\303\\251x\\n'`,
  `head -c 20000 /dev/zero; echo`,
  `printf 'one ' >&2; printf 'two\\nlast of stderr' >&2`,
  `printf 'no end'`,
].join('\n');

interface Side {
  run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
}

async function sides(): Promise<[Side, Side]> {
  const box = await busyboxEngine();
  const daemon = await dockerd();
  daemon.docker(['import', '-', 'bb'], readFileSync((await busyboxImage()).rootfs));
  return [
    {
      run: async (...args) => {
        const { status, stdout, stderr } = daemon.result(args);
        return { code: status, stdout, stderr };
      },
    },
    {
      run: async (...args) => {
        const { exitCode, stdout, stderr } = await box.minidock(args);
        return { code: exitCode ?? null, stdout: String(stdout).trimEnd(), stderr: String(stderr).trimEnd() };
      },
    },
  ];
}

const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z/g;
const started = ['--network', 'none', 'bb', 'sh', '-c'];

/** What a log has of each stream: both come by pipes of their own, and in no order. */
function recordsOf(file: string) {
  const lines = readFileSync(file, 'latin1').split('\n').slice(0, -1);
  const masked = lines.map(line => line.replace(/"time":"[^"]*"\}$/, '"time":"T"}'));
  return ['stdout', 'stderr'].map(stream => masked.filter(line => line.includes(`","stream":"${stream}"`)));
}

const [there, here] = await sides();

test('the file is the same byte by byte, but for its times', async () => {
  const files = [];
  for (const { run } of [there, here]) {
    const { code, stderr } = await run('run', '--name', 'odd', ...started, script);
    assert.is(code, 0, stderr);
    const { stdout } = await run('inspect', '-f', '{{.LogPath}} {{.Id}}', 'odd');
    const [path = '', id = ''] = stdout.split(' ');
    assert.is(basename(path), `${id}-json.log`);
    assert.is(statSync(path).mode & 0o7777, 0o640);
    assert.equal(
      readdirSync(dirname(path)).filter(name => name.includes('-json.log')),
      [`${id}-json.log`],
    );
    files.push(recordsOf(path));
    for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) {
      const { time } = JSON.parse(line);
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z$/);
      assert.ok(Math.abs(Date.now() - Date.parse(time)) < 600_000, time);
    }
  }
  const [expected, found] = files as [string[][], string[][]];
  for (const stream of [0, 1]) {
    const differing = expected[stream]!.findIndex((line, i) => line !== found[stream]![i]);
    assert.is(found[stream]![differing], expected[stream]![differing]);
    assert.is(found[stream]!.length, expected[stream]!.length);
  }
});

/** Arguments of `logs`. The container said `one`, `two` and `four`, without an end. */
const views = [
  [],
  ['-t'],
  ['--details'],
  ['--details', '-t'],
  ['--tail', '1'],
  ['-n', '2'],
  ['--tail', '0'],
  ['--tail', 'all'],
  ['--tail', 'x'],
  ['--tail', '1.5'],
  ['--tail', '+1'],
  ['--tail', '99999999999999999999'],
  ['-f'],
  ['-f', '--tail', '1'],
  ['--since', '1h'],
  ['--since', '1h30m', '--until', '1h'],
  ['--since', '-1h'],
  ['--since', '0'],
  ['--since', ''],
  ['--since', '1700000000.5'],
  ['--since', '2026'],
  ['--since', '2020-01-02Z'],
  ['--since', '2020-01-02T15:04'],
  ['--since', '2020-01-02T15:04:05+08:00'],
  ['--since', '2020-01-02T15:04:05.123456789'],
  ['--since', '9020-01-02'],
  ['--since', '9020-01-02', '--tail', '1'],
  ['--until', '0'],
  ['--until', '10'],
  ['--until', '1ms'],
  ['--since', 'garbage'],
  ['--since', '1e3'],
  ['--until', '1h 2m'],
];
for (const args of views)
  test(`logs ${args.map(arg => arg || "''").join(' ')}`, async () => {
    const results = [];
    for (const { run } of [there, here]) {
      if ((await run('inspect', 'said')).code !== 0)
        await run('run', '--name', 'said', ...started, `echo one; echo two; printf four`);
      const { code, stdout, stderr } = await run('logs', ...args, 'said');
      // Where it is refused the wording is ours.
      results.push({ code, stdout: stdout.replace(time, 'T'), stderr: code === 0 ? stderr.replace(time, 'T') : '' });
    }
    assert.equal(results[1], results[0]);
  });

/** Options of a log, as Docker refuses them. */
const refusals = [
  ['--log-driver', 'nope'],
  ['--log-opt', 'foo=bar'],
  ['--log-opt', ''],
  ['--log-opt', 'max-size='],
  ['--log-opt', 'max-size=x'],
  ['--log-opt', 'max-size=0'],
  ['--log-opt', 'max-file=0'],
  ['--log-opt', 'max-file=x', '--log-opt', 'max-size=1k'],
  ['--log-opt', 'compress=true'],
  ['--log-opt', 'compress=true', '--log-opt', 'max-size=1k'],
  ['--log-opt', 'compress=x'],
  ['--log-opt', 'mode=x'],
  ['--log-opt', 'max-buffer-size=1m'],
  ['--log-opt', 'max-buffer-size=1x', '--log-opt', 'mode=non-blocking'],
  ['--log-driver', 'local', '--log-opt', 'foo=1'],
  ['--log-driver', 'local', '--log-opt', 'max-size=x'],
  ['--log-driver', 'local', '--log-opt', 'max-file=1'],
  ['--log-driver', 'none', '--log-opt', 'max-size=1k'],
];
for (const flags of refusals)
  test(`run ${flags.map(flag => flag || "''").join(' ')}`, async () => {
    const docker = await there.run('run', '--rm', ...flags, ...started, 'true');
    const reason = /^docker: (?:Error response from daemon: )?(.*)$/m.exec(docker.stderr)?.[1];
    assert.ok(reason);
    const ours = await here.run('run', '--rm', ...flags, ...started, 'true');
    assert.is(ours.code, docker.code);
    assert.ok(ours.stderr.includes(reason), ours.stderr);
  });

test('attributes stand in every record, and logs --details shows them', async () => {
  const files = [];
  for (const { run } of [there, here]) {
    const options = ['labels=none', 'env=A,EMPTY,NONE', 'env-regex=^B.$', 'tag={{.Name}} {{.ImageName}}<&>'];
    const flags = options.flatMap(option => ['--log-opt', option]);
    const variables = ['A=1 é&"', 'EMPTY=', 'BB=b=b', 'BBB=x'].flatMap(one => ['-e', one]);
    const { code, stderr } = await run('run', '--name', 'tagged', ...flags, ...variables, ...started, 'echo said');
    assert.is(code, 0, stderr);
    const { stdout } = await run('inspect', '-f', '{{.LogPath}} {{json .HostConfig.LogConfig}}', 'tagged');
    const [path = ''] = stdout.split(' ');
    files.push([recordsOf(path), stdout.slice(path.length), await run('logs', '--details', 'tagged')]);
  }
  assert.equal(files[1], files[0]);
});

test('a rotated log has the files that Docker 20.10 makes, with the same lines', async () => {
  const seen = [];
  for (const { run } of [there, here]) {
    const flags = ['max-size=1k', 'max-file=3'].flatMap(option => ['--log-opt', option]);
    const script = `i=0; while [ $i -lt 23 ]; do printf '%0200d\\n' $i; i=$((i+1)); done`;
    await run('run', '--name', 'rotated', ...flags, ...started, script);
    const { stdout: path } = await run('inspect', '-f', '{{.LogPath}}', 'rotated');
    const names = readdirSync(dirname(path)).filter(one => one.startsWith(basename(path)));
    const lines = names.sort().map(name => readFileSync(`${dirname(path)}/${name}`, 'utf8').split('\n').length - 1);
    seen.push([names.map(name => name.slice(basename(path).length)), lines, await run('logs', 'rotated')]);
  }
  assert.equal(seen[1], seen[0]);
  assert.equal(seen[0]!.slice(0, 2), [
    ['', '.1', '.2'],
    [3, 4, 4],
  ]);
});

test('what is not kept cannot be read; local is kept', async () => {
  for (const { run } of [there, here]) {
    assert.equal(await run('run', '--name', 'quiet', '--log-driver', 'none', ...started, 'echo said'), {
      code: 0,
      stdout: 'said',
      stderr: '',
    });
    const { code, stderr } = await run('logs', 'quiet');
    assert.is(code, 1);
    assert.match(stderr, 'configured logging driver does not support reading');
    await run('run', '--name', 'local', '--log-driver', 'local', ...started, 'echo said');
    await run('create', '--name', 'made', ...started, 'true');
    const format = '{{.LogPath}} {{json .HostConfig.LogConfig}}';
    const shown = [];
    for (const name of ['quiet', 'local', 'made']) shown.push((await run('inspect', '-f', format, name)).stdout);
    assert.equal(shown, [
      ' {"Type":"none","Config":{}}',
      ' {"Type":"local","Config":{}}',
      ' {"Type":"json-file","Config":{}}',
    ]);
    assert.is((await run('logs', 'local')).stdout, 'said');
    assert.equal(await run('logs', 'made'), { code: 0, stdout: '', stderr: '' });
  }
});

test('logs of what is not there, has not begun, or writes to a terminal', async () => {
  for (const { run } of [there, here]) {
    const missing = await run('logs', 'nosuch');
    assert.is(missing.code, 1);
    assert.match(missing.stderr, 'No such container: nosuch');
    await run('run', '-t', '--name', 'tty', ...started, 'echo out; echo err >&2');
    const both = await run('logs', 'tty');
    assert.equal(both, { code: 0, stdout: 'out\r\nerr', stderr: '' });
    await run('run', '--name', 'two', ...started, 'echo out; echo err >&2');
    for (const flags of [[], ['-f']])
      assert.equal(await run('logs', ...flags, 'two'), { code: 0, stdout: 'out', stderr: 'err' });
  }
});

test.run();
