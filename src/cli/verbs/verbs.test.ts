import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Containers } from '../../engine/nouns/containers.ts';
import { MinidockError } from '../../errors.ts';
import type { PullResult } from '../../registry/pull.ts';
import { fakeEngine, fakeRecord, runLine } from '../testing/fakes.ts';

const line = (text: string) => text.split(' ');

test('ps: table, quiet, format, filters; -n asks for all', async () => {
  const { engine, calls } = fakeEngine(fakeRecord());
  const table = (await runLine(['ps'], engine)).stdout.split('\n');
  assert.match(table[0]!, /^CONTAINER ID {3}IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$/);
  assert.match(
    table[1]!,
    /^bdd8674bca38 {3}nginx:alpine {3}"nginx -g 'daemon of…" +.* ago +Up .* {3}443\/tcp, 0\.0\.0\.0:8080->80\/tcp {3}web$/,
  );
  assert.is((await runLine(['ps', '-aq'], engine)).stdout, 'bdd8674bca38\n');
  assert.is((await runLine(line('ps -q --no-trunc'), engine)).stdout, `${fakeRecord().id}\n`);
  assert.is(
    (await runLine(line('container ls --format {{.Names}}={{.Ports}}'), engine)).stdout,
    'web=443/tcp, 0.0.0.0:8080->80/tcp\n',
  );
  for (const [filter, shown] of [
    ['name=we', true],
    ['name=x', false],
    ['id=bdd8', true],
    ['status=exited', false],
    ['status=running', true],
    ['ancestor=nginx:alpine', false],
    ['name=^/?web$', true],
    ['name=^we$', false],
    ['name=we[', false],
    ['exited=0', false],
    ['network=bridge', true],
    ['network=none', false],
    ['volume=/opt', true],
    ['volume=/data', true],
    ['volume=/da', false],
    ['label=a', false],
  ] as const) {
    assert.is((await runLine(['ps', '-q', '-f', filter], engine)).stdout !== '', shown, filter);
  }
  for (const filter of ['foo=bar', 'status=foo', 'exited=x']) {
    const { code, stderr } = await runLine(['ps', '-f', filter], engine);
    assert.is(code, 1, filter);
    assert.match(stderr, /^minidock: .*filter '.*\n {2}fix: .*\n$/, filter);
  }
  assert.equal(await runLine(['ps', '-f', 'name'], engine), {
    code: 125,
    stdout: '',
    stderr:
      'invalid argument "name" for "-f, --filter" flag: bad format of filter (expected name=value)\n' +
      "See 'minidock ps --help'.\n",
  });
  const ended = fakeRecord({
    config: { Labels: { a: '1', b: '' } },
    state: { ...fakeRecord().state, status: 'exited', exitCode: 3 },
  });
  const shows = async (...args: string[]) => (await runLine(['ps', '-q', ...args], fakeEngine(ended).engine)).stdout;
  assert.is.not(await shows('-f', 'exited=1', '-f', 'exited=3'), '');
  assert.is.not(await shows('-f', 'label=a', '-f', 'label=b='), '');
  assert.is(await shows('-f', 'label=a', '-f', 'label=c'), '', 'all labels, as in Docker');
  assert.is(
    (await runLine(line('ps --format {{.Labels}}|{{.LocalVolumes}}'), fakeEngine(ended).engine)).stdout,
    'a=1,b=|0\n',
  );
  await runLine(line('ps -n 1'), engine);
  assert.equal(
    [calls[0], calls[1], calls.at(-1)],
    [
      ['list', false],
      ['list', true],
      ['list', true],
    ],
  );
});

test('run: the exit code is the container’s, output apart; -d prints the id', async () => {
  const { engine, calls } = fakeEngine(fakeRecord(), 7);
  assert.equal(await runLine(line('run --rm nginx ls -l'), engine), { code: 7, stdout: 'hello\n', stderr: 'oops\n' });
  assert.equal(calls, [
    ['create', 'nginx', ['ls', '-l']],
    ['attach', 'bdd8', false, true],
    ['start', 'bdd8'],
  ]);
  const detached = await runLine(line('run -dit nginx'), engine);
  assert.equal(detached, { code: 0, stdout: `${fakeRecord().id}\n`, stderr: '' });
});

test('run and exec: a flag after the image is not the command that was meant', async () => {
  const missing = (command: readonly string[]) =>
    Promise.reject(new MinidockError('command-not-found', `exec: "${command[0]}": not found`));
  const { engine } = fakeEngine(fakeRecord());
  const lost = {
    ...engine,
    containers: { ...engine.containers, start: () => missing(['-it']) },
    execs: {
      ...engine.execs,
      create: (_: string, { command }: { command: readonly string[] }) => missing(command),
    },
  };
  const cases: [string, number, string | undefined][] = [
    ['run nginx -it sh', 127, 'minidock run [OPTIONS] IMAGE COMMAND'],
    ['run nginx sh -c ls', 127, undefined],
    ['exec web -it sh', 126, 'minidock exec [OPTIONS] CONTAINER COMMAND'],
    ['exec -d web -it sh', 1, 'minidock exec [OPTIONS] CONTAINER COMMAND'],
    ['exec web sh', 126, undefined],
  ];
  for (const [words, exitCode, usage] of cases) {
    const { code, stderr } = await runLine(line(words), lost);
    const [, fix] = stderr.split('\n');
    assert.equal([code, fix], [exitCode, usage === undefined ? '' : `  fix: flags stand before it: ${usage}`], words);
  }
});

test('run --restart: refused beside --rm and where it says nothing', async () => {
  const { engine } = fakeEngine(fakeRecord());
  const refused: [string, string][] = [
    ['run --rm --restart always nginx', 'minidock: Conflicting options: --restart and --rm\n'],
    ['run --restart foo nginx', `invalid argument "foo" for "--restart" flag: invalid restart policy 'foo': `],
    ['run --restart on-failure:x nginx', 'invalid argument "on-failure:x" for "--restart" flag: maximum retry count'],
    ['run --restart always:3 nginx', 'invalid argument "always:3" for "--restart" flag: maximum retry count'],
  ];
  for (const [words, message] of refused) {
    const { code, stderr } = await runLine(line(words), engine);
    assert.equal([code, stderr.slice(0, message.length)], [125, message]);
  }
});

test('run: a missing image is pulled once, unless --pull never; engine errors are 125', async () => {
  let here = false;
  const { engine } = fakeEngine(fakeRecord(), 0, {
    pull: async (_name, { onProgress: show }) => {
      here = true;
      show({ kind: 'pulling', tag: 'latest', repository: 'library/nginx', from: 'docker.io', mirror: false });
      show({ kind: 'layer', layer: 'aaaaaaaaaaaa', phase: 'Pull complete' });
      show({ kind: 'digest', digest: `sha256:${'d'.repeat(64)}` });
      return [{ changed: true } as PullResult];
    },
  });
  const missing = new MinidockError('no-such-image', 'No such image: nginx');
  const create: Containers['create'] = options => (here ? engine.containers.create(options) : Promise.reject(missing));
  const lazy = { ...engine, containers: { ...engine.containers, create } };
  assert.equal(await runLine(line('run --pull never nginx'), lazy), {
    code: 125,
    stdout: '',
    stderr: 'minidock: No such image: nginx\n',
  });
  const { code, stdout, stderr } = await runLine(line('run -d nginx'), lazy);
  assert.equal([code, stdout], [0, `${fakeRecord().id}\n`]);
  assert.is(
    stderr,
    [
      `Unable to find image 'nginx:latest' locally`,
      'latest: Pulling from library/nginx',
      'aaaaaaaaaaaa: Pull complete',
      `Digest: sha256:${'d'.repeat(64)}`,
      'Status: Downloaded newer image for nginx:latest\n',
    ].join('\n'),
  );
  const { stdout: pulled } = await runLine(line('pull nginx'), lazy);
  assert.match(pulled, /^Using default tag: latest\nlatest: Pulling[\s\S]*\ndocker.io\/library\/nginx:latest\n$/);
  assert.is((await runLine(line('pull -q nginx:1'), lazy)).stdout, 'docker.io/library/nginx:1\n');
});

test('exec and logs', async () => {
  const { engine, calls } = fakeEngine(fakeRecord(), 3);
  assert.is((await runLine(line('exec -e A=b web ls -l'), engine)).code, 3);
  assert.equal(await runLine(line('exec -d web ls'), engine), { code: 0, stdout: '', stderr: '' });
  assert.equal(calls[0], ['exec', 'web', ['ls', '-l']]);
  const logs = await runLine(line('logs -f --tail=100 -t web'), engine);
  assert.equal(logs, {
    code: 0,
    stdout: '2026-11-20T18:42:01.500000000Z one\n2026-11-20T18:42:03.500000000Z three',
    stderr: '2026-11-20T18:42:02.500000000Z two\n',
  });
  assert.equal(calls.at(-1), ['logs', { follow: true, tail: 100, since: undefined, until: undefined }]);
  assert.match(
    (await runLine(line('logs --since foo web'), engine)).stderr,
    /failed to parse value as time or duration/,
  );
});

test('stop, rm and inspect go on after a failure and exit with 1', async () => {
  const { engine, calls } = fakeEngine(fakeRecord());
  assert.equal(await runLine(line('stop -t 3 nope web'), engine), {
    code: 1,
    stdout: 'web\n',
    stderr: 'minidock: No such container: nope\n',
  });
  assert.equal(calls.at(-1), ['stop', 'web', { signal: undefined, timeoutSeconds: 3 }]);
  assert.is((await runLine(line('rm -fv web'), engine)).stdout, 'web\n');
  assert.equal(calls.at(-1), ['remove', 'web', { force: true, volumes: true }]);
  const inspected = await runLine(
    ['inspect', '-f', '{{ .State.Pid }} {{.NetworkSettings.IPAddress}}', 'nope', 'web'],
    engine,
  );
  assert.equal(inspected, { code: 1, stdout: '23010 172.18.0.2\n', stderr: 'minidock: No such object: nope\n' });
  assert.equal(await runLine(line('inspect nope'), engine), {
    code: 1,
    stdout: '[]\n',
    stderr: 'minidock: No such object: nope\n',
  });
});

test.run();
