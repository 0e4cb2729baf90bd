// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are a Dockerfile's
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { context } from './support/context.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { registry } from './support/registry.ts';
import { requires } from './support/requires.ts';

/** `build`, where Docker 20.10's classic builder has nothing to compare: what BuildKit added, errors, the cache, signals. */
// @mounts-nothing what RUN mounts is what `run` mounts, and that is looked at elsewhere
const test = requires('root', 'busybox', 'overlayfs');
const served = requires('root', 'busybox', 'overlayfs', 'docker-registry');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

async function build(folder: string, flags: readonly string[] = [], options: object = {}) {
  const { exitCode, stdout, stderr } = await box.minidock(
    ['build', '--network', 'none', '-t', 'built', ...flags, folder],
    options,
  );
  return { exitCode, stdout: String(stdout), stderr: String(stderr) };
}

/** Builds, and returns what it printed. */
async function built(folder: string, flags: readonly string[] = [], options: object = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await build(folder, flags, options);
  assert.is(exitCode, 0, `${stdout}\n${stderr}`);
  return stdout;
}

async function shown(script: string, image = 'built'): Promise<string> {
  return await box.ok(['run', '--rm', '--network', 'none', '--entrypoint', 'sh', '-u', '0', image, '-c', script]);
}

test('here-documents: scripts, input of a command, files', async () => {
  await built(
    context({
      Dockerfile: `FROM bb
ARG WHO=you
RUN <<EOF
mkdir /w
echo "one $WHO" > /w/one
cd /w
echo two > two
EOF
RUN cat > /w/three <<-X && echo four > /w/four
\tthree
X
COPY <<A <<"B" /w/
for $WHO
A
for $WHO
B
RUN <<EOF
#!/bin/cat
a script of another program
EOF
`,
    }),
  );
  assert.is(await shown('cd /w; cat one two three four A B'), 'one you\ntwo\nthree\nfour\nfor you\nfor $WHO');
});

test('RUN --mount: cache stays, secrets and tmpfs leave nothing, bind shows the context', async () => {
  const folder = context({
    Dockerfile: `FROM bb
RUN --mount=type=cache,target=/cache echo x >> /cache/runs; wc -l < /cache/runs > /count
RUN --mount=type=secret,id=token --mount=type=tmpfs,target=/scratch \\
  cat /run/secrets/token | tr a-z A-Z > /upper; touch /scratch/x
RUN --mount=type=bind,source=sub,target=/from cp /from/f /f; ! touch /from/x
`,
    'sub/f': 'of the context\n',
    token: 'kept out 8f3a\n',
  });
  const secret = ['--secret', `id=token,src=${join(folder, 'token')}`];
  await built(folder, secret);
  writeFileSync(join(folder, 'sub/f'), 'of the context, and changed\n');
  assert.is((await built(folder, secret)).match(/Using cache/g)?.length, 2, 'what a bind mount shows is asked for');
  await built(folder, [...secret, '--no-cache']);
  assert.is(
    await shown('cat /count /upper /f; ls -A /scratch /cache /run/secrets 2>/dev/null | grep -v :; true'),
    '2\nKEPT OUT 8F3A\nof the context, and changed',
  );
  const archive = join(folder, 'image.tar');
  await box.ok(['save', '-o', archive, 'built']);
  assert.not.ok(readFileSync(archive).includes('kept out 8f3a'), 'the secret is in no layer');
});

test('COPY --from keeps owners, --chmod and --exclude; ADD fetches, and knows a wrong digest', async () => {
  const server = createServer((request, response) => {
    if (request.url !== '/broken') return response.end('fetched\n');
    response.writeHead(200, { 'Content-Length': 100 }).write('x', () => response.socket?.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dir/file`;
    const digest = createHash('sha256').update('fetched\n').digest('hex');
    const folder = context({
      Dockerfile: `FROM bb AS one
RUN mkdir /w && echo 1 > /w/f && chown 5:6 /w/f
FROM bb
COPY --from=one /w/f /w/f
COPY --chmod=0640 src/a /w/a
COPY --exclude=*.o --exclude=deep/** src /w/src/
ADD --checksum=sha256:${digest} ${url} /w/
`,
      'src/a': 'a',
      'src/b.o': 'b',
      'src/deep/c': 'c',
    });
    await built(folder);
    const lines = await shown('cd /w; stat -c "%n %a %u:%g" f a file; find src | sort; cat file');
    assert.is(lines, 'f 644 5:6\na 640 0:0\nfile 600 0:0\nsrc\nsrc/a\nsrc/deep\nfetched');
    writeFileSync(join(folder, 'Dockerfile'), `FROM bb\nADD --checksum=sha256:${'0'.repeat(64)} ${url} /\n`);
    const { exitCode, stderr } = await build(folder);
    assert.is(exitCode, 1);
    assert.match(stderr, `it has the digest sha256:${digest}, not sha256:000`);
    writeFileSync(join(folder, 'Dockerfile'), `FROM bb\nADD ${new URL('/broken', url)} /\n`);
    assert.match((await build(folder)).stderr, /^minidock: Dockerfile:2: cannot get http.*broken: /);
  } finally {
    server.close();
  }
});

test('COPY --parents keeps the directories that lead to a file, --exclude leaves out what a source names as well', async () => {
  const any = '**';
  const folder = context({
    Dockerfile: `FROM bb AS made
RUN mkdir -p /a/b/c && chmod 711 /a/b && echo f > /a/b/c/f
FROM bb
COPY --parents x/./deep/?.txt x/${any}/?.md /p/
COPY --parents --from=made /a/./b/c/f /p/
COPY --exclude=*.txt --exclude=*.md hom* /e/
COPY --exclude=** --exclude=!deep/er/keep x /k/
`,
    'x/deep/1.txt': '',
    'x/deep/2.txt': '',
    'x/t.md': '',
    'x/deep/er/3.md': '',
    'x/deep/er/keep': '',
    home: '',
    'homework.txt': '',
    'hom.md': '',
    'hom/a.md': '',
    'hom/b': '',
  });
  await built(folder);
  assert.is(
    await shown('cd /p; find . -type f | sort; stat -c %a b b/c; cd /e; find . -type f | sort; cd /k; find . -type f'),
    './b/c/f\n./deep/1.txt\n./deep/2.txt\n./x/deep/er/3.md\n./x/t.md\n711\n755\n./b\n./home\n./deep/er/keep',
  );
});

test('triggers have here-documents, and they and variables name stages that nothing else needs', async () => {
  const base =
    'FROM bb\nONBUILD RUN <<EOF\necho of a trigger > /t\nEOF\nONBUILD COPY --from=made /made /from-trigger\n';
  await box.ok(['build', '-q', '-t', 'base', context({ Dockerfile: base })]);
  const output = await built(
    context({
      Dockerfile: `FROM bb AS made
RUN echo made > /made
FROM bb AS other
RUN echo other > /other
FROM bb AS never
RUN exit 1
FROM base
ARG WHERE=other
COPY --from=$WHERE /other /from-variable
`,
    }),
  );
  assert.is(await shown('cat /t /from-trigger /from-variable'), 'of a trigger\nmade\nother');
  assert.match(output, /^Step \d\/\d : FROM bb AS made$/m);
  assert.not.match(output, 'never');
});

test('a proxy is handed to RUN, and is in history and key of the cache only where ARG names it', async () => {
  const folder = context({ Dockerfile: 'FROM bb\nRUN echo "$HTTP_PROXY" > /w\n' });
  const proxy = (host: string) => ['--build-arg', `HTTP_PROXY=http://${host}`];
  const history = () => box.ok(['history', '--no-trunc', 'built']);
  await built(folder, proxy('one'));
  assert.not.match(await history(), 'http://one');
  assert.match(await built(folder, proxy('two')), 'Using cache');
  assert.is(await shown('cat /w'), 'http://one');
  writeFileSync(join(folder, 'Dockerfile'), 'FROM bb\nARG HTTP_PROXY\nRUN echo "$HTTP_PROXY" > /w\n');
  await built(folder, proxy('one'));
  assert.match(await history(), '|1 HTTP_PROXY=http://one /bin/sh');
  await built(folder, proxy('two'));
  assert.is(await shown('cat /w'), 'http://two');
});

test('a stage that nothing needs is left out; those that do not need each other run side by side, and are told in order', async () => {
  const folder = context({
    Dockerfile: `FROM bb AS never
RUN exit 1
FROM bb AS first
RUN --mount=type=cache,target=/meet touch /meet/first; until [ -e /meet/second ]; do sleep 0.05; done; echo told first
FROM bb AS second
RUN --mount=type=cache,target=/meet touch /meet/second; until [ -e /meet/first ]; do sleep 0.05; done; echo told second
FROM scratch
COPY --from=first /bin/busybox /a
COPY --from=second /bin/busybox /b
`,
  });
  const output = await built(folder, [], { timeout: 60_000 });
  assert.ok(output.indexOf('told first') < output.indexOf('FROM bb AS second'), output);
  assert.not.match(output, 'never');
});

test('the cache asks for content and not for times, and says which file changed', async () => {
  const folder = context({ Dockerfile: 'FROM bb\nCOPY . /w\nRUN echo ran\n', a: 'a', 'dir/b': 'b' });
  await built(folder);
  utimesSync(join(folder, 'a'), 1, 1);
  const again = await built(folder, ['--explain']);
  assert.is(again.match(/Using cache/g)?.length, 2, again);
  writeFileSync(join(folder, 'dir/b'), 'other');
  const changed = await built(folder, ['--explain']);
  assert.match(changed, 'Cache missed: w/dir/b changed');
  assert.not.match(changed, 'Using cache');
  assert.match(await box.ok(['builder', 'prune', '-af']), /^Deleted build cache objects:\n/);
  assert.not.match(await built(folder), 'Using cache');
});

test('with SOURCE_DATE_EPOCH the same input gives the same image', async () => {
  const folder = context({ Dockerfile: 'FROM bb\nWORKDIR /made/by/us\nCOPY a .\nENV A=1\n', a: 'a' });
  utimesSync(join(folder, 'a'), 1_600_000_000, 1_600_000_000);
  const id = async () => {
    await box.ok(['builder', 'prune', '-af']);
    return await built(folder, ['-q'], { env: { SOURCE_DATE_EPOCH: '1700000000' } });
  };
  const first = await id();
  assert.is(await id(), first);
  // Another checkout of it, later than the moment that is named, and by another umask.
  const later = context({ Dockerfile: readFileSync(join(folder, 'Dockerfile'), 'utf8'), a: 'a' });
  utimesSync(join(folder, 'a'), 1_800_000_000, 1_800_000_000);
  const young = await id();
  const words = `umask 077; exec ${minidockPath} build --no-cache -q --network none ${later}`;
  const { stdout } = await execa('sh', ['-c', words], { env: { ...box.env, SOURCE_DATE_EPOCH: '1700000000' } });
  assert.is(stdout.trim(), young);
  assert.is(await box.ok(['inspect', '-f', '{{.Created}}', 'built']), '2023-11-14T22:13:20.000Z');
});

test('with SOURCE_DATE_EPOCH a RUN that writes the same gives the same image', async () => {
  const folder = context({
    Dockerfile: `FROM bb
RUN mkdir -p /w/d && echo new > /w/f && ln -s f /w/l && ln /w/f /w/h && touch -d @1600000000 /w/old && chmod 711 /w/d && rm /bin/ls
`,
  });
  const env = { SOURCE_DATE_EPOCH: '1700000000' };
  const id = async () => (await built(folder, ['-q', '--no-cache'], { env })).trim();
  const first = await id();
  await new Promise(resolve => setTimeout(resolve, 1100));
  assert.is(await id(), first);
  assert.is(
    await shown('stat -c "%n %Y" /w /w/d /w/f /w/h /w/l /w/old'),
    '/w 1700000000\n/w/d 1700000000\n/w/f 1700000000\n/w/h 1700000000\n/w/l 1700000000\n/w/old 1600000000',
  );
});

test('contexts: a Dockerfile and a tar archive from standard input, another file by -f, its own ignore file', async () => {
  const folder = context({
    'other/My.dockerfile': 'FROM bb\nCOPY . /w\n',
    'other/My.dockerfile.dockerignore': 'other\nb',
    a: 'a',
    b: 'b',
  });
  await built(folder, ['-f', join(folder, 'other/My.dockerfile')]);
  assert.is(await shown('ls /w'), 'a');
  const idFile = join(folder, 'other/id');
  await box.minidock(['build', '-t', 'built', '--iidfile', idFile, '-'], {
    stdin: 'pipe',
    input: 'FROM bb\nENV A=1\n',
  });
  assert.is(readFileSync(idFile, 'utf8'), await box.ok(['inspect', '-f', '{{.Id}}', 'built']));
  const { stdout } = await execa('tar', ['-C', folder, '-cz', '.'], { encoding: 'buffer' });
  const packed = await box.minidock(['build', '-t', 'built', '-f', 'other/My.dockerfile', '-'], {
    stdin: 'pipe',
    input: stdout,
  });
  assert.is(packed.exitCode, 0, String(packed.stderr));
  assert.is(await shown('ls /w'), 'a');
});

served('FROM fetches from a registry, and what is built goes there and comes back', async () => {
  const { host } = await registry();
  await box.ok(['tag', 'bb', `${host}/base:1`]);
  await box.ok(['push', `${host}/base:1`]);
  const other = await busyboxEngine();
  await other.ok(['rmi', '-f', 'bb']);
  const folder = context({ Dockerfile: `FROM ${host}/base:1\nRUN echo made > /w\nCMD ["cat", "/w"]\n` });
  const output = await other.ok(['build', '--network', 'none', '-t', `${host}/made:1`, folder]);
  assert.match(output, /Step 1\/3 : FROM .*\n1: Pulling from base\n[\s\S]*Digest: sha256:[0-9a-f]{64}\n ---> /);
  await other.ok(['push', `${host}/made:1`]);
  assert.is(await box.ok(['run', '--rm', '--network', 'none', `${host}/made:1`]), 'made');
});

test('a link leads nowhere out of the context, nor out of an image that is copied from', async () => {
  const folder = context({ Dockerfile: 'FROM bb\nCOPY link /w\n', inside: 'inside' });
  symlinkSync('/etc/passwd', join(folder, 'link'));
  const { exitCode, stderr } = await build(folder);
  assert.is(exitCode, 1);
  assert.match(stderr, '"link" is not in the build context');
  writeFileSync(
    join(folder, 'Dockerfile'),
    'FROM bb AS evil\nRUN ln -s /etc/shadow /secret\nFROM bb\nCOPY --from=evil /secret /w\n',
  );
  assert.is((await build(folder)).exitCode, 1);
});

for (const [name, dockerfile, expected] of [
  [
    'a slip of the pen',
    'FROM bb\nCOPPY a b\n',
    'Dockerfile:2:1: unknown instruction: COPPY\n  2 | COPPY a b\n    | ^^^^^\n  fix: did you mean COPY?',
  ],
  [
    'a missing file',
    'FROM bb\nCOPY ap.py /\n',
    '"ap.py" is not in the build context\n  2 | COPY ap.py /\n    |      ^^^^^\n  fix: did you mean app.py?',
  ],
  ['an unknown stage of --target', 'FROM bb AS build\n', 'no stage is called "biuld"\n  fix: did you mean build?'],
  [
    'a failing command',
    'FROM bb\nENV A=1\nRUN echo last words; exit 7\n',
    "Dockerfile:3: The command '/bin/sh -c echo last words; exit 7' returned a non-zero code: 7\n  3 | RUN",
  ],
  ['a stage that copies from itself', 'FROM bb AS a\nCOPY --from=a /x /y\n', 'a stage cannot copy from itself'],
  [
    'a mount from outside',
    'FROM bb\nRUN --mount=type=bind,source=../..,target=/x true; test ! -e /x/etc && false\n',
    'returned a non-zero',
  ],
  ['RUN where nothing is', 'FROM scratch\nRUN x\n', 'there is nothing to run'],
  ['a variable that must be set', 'FROM bb\nENV A=${X:?missing}\n', 'Dockerfile:2:7: X: missing'],
] as const)
  test(`refused, with the line: ${name}`, async () => {
    await box.minidock(['rmi', '-f', 'built']);
    const folder = context({ Dockerfile: dockerfile, 'app.py': '' });
    const { exitCode, stdout, stderr } = await build(folder, name.includes('target') ? ['--target', 'biuld'] : []);
    assert.is(exitCode, 1);
    assert.ok(stderr.includes(expected), stderr);
    assert.not.match(stderr, /^\s+at /m);
    if (name.includes('failing')) assert.match(stdout, 'last words');
    assert.is(await box.ok(['images', '-q', 'built']), '', 'nothing is tagged');
    assert.is(await box.ok(['ps', '-aq']), '', 'no container is left');
  });

test('contexts that are none', async () => {
  const folder = context({ a: '' });
  for (const [operand, expected] of [
    [join(folder, 'nope'), 'not found'],
    [join(folder, 'a'), 'is no directory'],
    [folder, 'no Dockerfile in'],
  ] as const) {
    const { exitCode, stderr } = await build(operand);
    assert.is(exitCode, 1);
    assert.match(stderr, expected);
  }
  mkdirSync(join(folder, 'Dockerfile'));
  assert.match((await build(folder)).stderr, 'it is a directory');
});

test('--check gives advice with the line, and builds nothing', async () => {
  const folder = context({ Dockerfile: 'FROM bb as x\nENV DB_PASSWORD=x\n' });
  const { exitCode, stdout } = await box.minidock(['build', '--check', folder]);
  assert.is(exitCode, 1);
  assert.match(
    String(stdout),
    /Dockerfile:1:9: FromAsCasing: .*\n {2}1 \| FROM bb as x\n {4}\| {9}\^\^\nDockerfile:2:5: SecretsUsedInArgOrEnv/,
  );
});

for (const signal of ['SIGINT', 'SIGKILL'] as const)
  test(`${signal} in the middle of RUN leaves no container behind once the next build has begun, and the cache is good`, async () => {
    const folder = context({ Dockerfile: 'FROM bb\nENV A=1\nRUN touch /begun; sleep 1000\n' });
    const child = spawn(minidockPath, ['build', '--network', 'none', folder], {
      env: { ...process.env, ...box.env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    child.stdout.on('data', chunk => (said += chunk));
    await eventually(async () => assert.match(said, 'Running in'));
    await eventually(async () => assert.not.equal(await box.ok(['ps', '-q']), ''));
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill(signal);
    const code = await ended;
    if (signal === 'SIGINT') assert.is(code, 130);
    writeFileSync(join(folder, 'Dockerfile'), 'FROM bb\nENV A=1\nRUN true\n');
    const output = await built(folder);
    assert.match(output, 'Using cache');
    assert.is(await box.ok(['ps', '-aq']), '');
    assert.not.ok(existsSync('/nonexistent'));
  });

test.run();
