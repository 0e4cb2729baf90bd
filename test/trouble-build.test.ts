import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { context } from './support/context.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath, sandbox } from './support/minidock.ts';
import { requires } from './support/requires.ts';
import { smallDisk } from './support/small-disk.ts';

/** What `build` is given and cannot do: one error that points at the place, exit code 1, and nothing half-built to be seen. */
// @mounts-nothing what RUN mounts is what `run` mounts, and that is looked at elsewhere
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

/** Builds, and expects a refusal after which nothing is left. Returns what was said. */
async function refused(words: readonly string[], options: object = {}): Promise<string> {
  const { exitCode, stderr, stdout } = await box.minidock(
    ['build', '--network', 'none', '-t', 'bad', ...words],
    options,
  );
  const said = String(stderr);
  assert.is(exitCode, 1, `${stdout}\n${said}`);
  assert.not.match(said, /^\s+at |looks like a defect/m);
  assert.is(await box.ok(['images', '-q', 'bad']), '', 'nothing is tagged');
  assert.is(await box.ok(['ps', '-aq']), '', 'no container is left');
  return said;
}

const long = 'x'.repeat(200_000);
for (const [name, dockerfile, expected] of [
  ['a NUL byte', 'FROM bb\nRUN echo a\0b\n', 'Dockerfile:2:11: a NUL byte'],
  [
    'a huge line',
    `FROM bb\nENV A=${long}\n`,
    'Dockerfile:2:1: the line has 200006 characters, and at most 65535 are read',
  ],
  [
    'stages in a circle',
    'FROM bb AS a\nCOPY --from=b /x /\nFROM a AS b\n',
    'Dockerfile:2:1: the stage "b" is not built yet',
  ],
  ['a stage of itself', 'FROM bb AS a\nCOPY --from=0 /x /y\n', 'a stage cannot copy from itself'],
  [
    'an open here-document',
    'FROM bb\nRUN <<EOF\necho x\n',
    'Dockerfile:2:5: unterminated here-document: no line "EOF" follows',
  ],
  [
    'the second of two',
    'FROM bb\nCOPY <<A <<B /w/\nx\nA\ny\n',
    'Dockerfile:2:10: unterminated here-document: no line "B"',
  ],
  ['no FROM', 'RUN x\n', 'Dockerfile:1:1: RUN stands before the first FROM'],
  ['comments alone', '# x\n', 'Dockerfile: it has no instruction'],
  ['a list that is none', 'FROM bb\nSHELL ["a",\n', 'Dockerfile:2:7: SHELL needs a list in JSON form'],
  ['a pattern that is none', 'FROM bb\nCOPY [a /x/\n', 'Dockerfile:2:6: syntax error in the pattern "[a"'],
  [
    'an exclusion that is none',
    'FROM bb\nCOPY --exclude=[ Dockerfile /x/\n',
    'Dockerfile:2:16: syntax error in pattern: "["',
  ],
  [
    'a file that is left out',
    'FROM bb\nCOPY a.log /x\n',
    '"a.log" is not in the build context: .dockerignore leaves it',
  ],
  [
    'a list with single quotes',
    "FROM bb\nCMD ['a']\n",
    "Dockerfile:2:6: this is no list in JSON form\n  2 | CMD ['a']\n    |      ^^^\n",
  ],
  ['a signal that is none', 'FROM bb\nSTOPSIGNAL SIGFOO\n', 'Dockerfile:2:12: Invalid signal: SIGFOO'],
  ['a platform that is none', 'FROM --platform=nonsense bb\n', 'Dockerfile:1:17: "nonsense": unknown operating system'],
  [
    'a stage that is spelt wrong',
    'FROM bb AS Builder\nFROM bb\nCOPY --from=Bulder /x /\n',
    '\n  3 | COPY --from=Bulder /x /\n    |             ^^^^^^\n  fix: did you mean the stage builder?',
  ],
  ['an image of another tag', 'FROM bb:NO!\n', 'fix: did you mean the image bb:latest?'],
  [
    'an image that is a stage below',
    'FROM Base AS a\nFROM bb AS base\nCOPY --from=a / /\n',
    '\n  1 | FROM Base AS a\n    |      ^^^^\n  fix: the stage Base stands below: only those above can be used',
  ],
  [
    'a file outside of the context',
    'FROM bb\nCOPY ./../a.conf /x\n',
    '"./../a.conf" is not in the build context\n  2 | COPY ./../a.conf /x\n    |      ^^^^^^^^^^^\n  fix: no file outside of it',
  ],
  [
    'a comment behind an instruction',
    'FROM bb\nCOPY Dockerfile /x/ # 说明\n',
    '"/x/" is not in the build context\n  2 | COPY Dockerfile /x/ # 说明\n    |                 ^^^\n  fix: a comment needs a line of its own',
  ],
  ['a quote that stays open', 'FROM bb\nENV A=1 B=x"y z\n', 'Dockerfile:2:12: the closing double quote is missing'],
  [
    'a file of a list',
    'FROM bb\nCOPY ["Dockerfile", "nope", "/x/"]\n',
    '"nope" is not in the build context\n  2 | COPY ["Dockerfile", "nope", "/x/"]\n    |                     ^^^^^^\n',
  ],
  ['a source that is empty', 'FROM bb\nCOPY $NOPE /x\n', 'Dockerfile:2:6: '],
] as const)
  test(`refused: ${name}`, async () => {
    const said = await refused([context({ Dockerfile: dockerfile, 'a.log': '', '.dockerignore': '*.log' })]);
    assert.ok(said.includes(expected), said);
    assert.ok(said.length < 1000, 'a line that is too long is not printed whole');
  });

test('a RUN of several lines that fails is shown whole, a long here-document in part', async () => {
  const lines = 'FROM bb\nRUN echo one && \\\n  # 说明\n  false\n';
  const said = await refused([context({ Dockerfile: lines })]);
  assert.match(said, "Dockerfile:2: The command '/bin/sh -c echo one &&   false' returned a non-zero code: 1\n");
  assert.match(said, '  2 | RUN echo one && \\\n  3 |   # 说明\n  4 |   false');
  const script = Array.from({ length: 20 }, (_, i) => `echo ${i}`).join('\n');
  const long = await refused([context({ Dockerfile: `FROM bb\nRUN <<EOF\n${script}\nfalse\nEOF\n` })]);
  assert.match(long, "Dockerfile:2: The command '/bin/sh -c echo 0 …' returned a non-zero code: 1\n");
  assert.match(long, '   2 | RUN <<EOF\n   3 | echo 0\n');
  assert.match(long, '  12 | echo 9\n     | …');
});

test('a RUN that fails: its last lines, its exit code, and what was tagged before stays', async () => {
  const folder = context({ Dockerfile: 'FROM bb\nENV A=1\n' });
  await box.ok(['build', '-t', 'kept', folder]);
  const id = await box.ok(['images', '-q', '--no-trunc', 'kept']);
  writeFileSync(
    join(folder, 'Dockerfile'),
    'FROM bb\nENV A=2\nRUN for i in 1 2 3; do echo line $i; done; echo worse >&2; exit 42\n',
  );
  const { exitCode, stdout, stderr } = await box.minidock(['build', '--network', 'none', '-t', 'kept', folder]);
  assert.is(exitCode, 1);
  assert.match(String(stdout), 'line 1\nline 2\nline 3');
  assert.match(String(stderr), /worse\n[\s\S]*Dockerfile:3: .* returned a non-zero code: 42\n {2}3 \| RUN/);
  assert.is(await box.ok(['images', '-q', '--no-trunc', 'kept']), id);
});

test('a Dockerfile that is a directory, a FIFO, a device, or too large', async () => {
  const folder = context({ 'dir/x': '', Dockerfile: 'FROM bb\n' });
  assert.match(await refused(['-f', join(folder, 'dir'), folder]), 'it is a directory');
  const fifo = join(folder, 'fifo');
  await execa('mkfifo', [fifo]);
  assert.match(await refused(['-f', fifo, folder]), `cannot read "${fifo}": it is no regular file`);
  await execa('mkfifo', [join(folder, 'dir/Dockerfile')]);
  assert.match(await refused([join(folder, 'dir')]), 'it is no regular file');
  assert.match(await refused(['-f', '/dev/zero', folder]), 'it is no regular file');
  truncateSync(join(folder, 'dir/x'), 17 << 20);
  assert.match(await refused(['-f', join(folder, 'dir/x'), folder]), 'larger than 16 MiB');
  assert.match(await refused(['-f', '-', folder], { inputFile: '/dev/zero', stdin: 'pipe' }), 'larger than 16 MiB');
});

test('a Dockerfile from a pipe: of standard input, and one that the shell handed over', async () => {
  const folder = context({ f: 'f' });
  const words = [minidockPath, 'build', '--network', 'none', '-q'];
  const env = { ...box.env, NODE_EXTRA_CA_CERTS: undefined };
  const script = `"$@" -f - ${folder} < <(sleep 0.2; echo FROM bb) && "$@" -f <(sleep 0.2; echo FROM bb) ${folder}`;
  const { stdout } = await execa('bash', ['-c', script, 'bash', ...words], { env, timeout: 60_000 });
  const id = await box.ok(['inspect', '-f', '{{.Id}}', 'bb']);
  assert.equal(stdout.split('\n'), [id, id]);
});

for (const words of [['-f', '-', '.'], ['-']])
  test(`SIGINT ends build ${words.join(' ')}, which waits for standard input`, async () => {
    const child = spawn(minidockPath, ['build', ...words], {
      cwd: context({ f: '' }),
      env: { ...process.env, ...box.env },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    try {
      // It waits for us: asleep in epoll, with a handler for the signal.
      await eventually(() => {
        assert.match(readFileSync(`/proc/${child.pid}/status`, 'utf8'), /^SigCgt:\t[0-9a-f]*[2367abef]$/m);
        assert.match(readFileSync(`/proc/${child.pid}/wchan`, 'utf8'), /ep_poll|epoll/);
        assert.is(readdirSync(`/proc/${child.pid}/task`).length > 1, true);
      });
      child.kill('SIGINT');
      const code = await new Promise(resolve => child.once('exit', resolve));
      assert.is(code, 130);
    } finally {
      child.kill('SIGKILL');
    }
  });

test('a container of RUN that cannot be made is told with the line', async () => {
  const said = await refused([context({ Dockerfile: 'FROM bb\nUSER nosuch\nRUN true\n' })]);
  assert.match(said, /Dockerfile:3: .*unable to find user nosuch.*\n {2}3 \| RUN true\n {4}\| \^\^\^/);
  const url = 'http://127.0.0.1:1/f';
  const fetched = await refused([context({ Dockerfile: `FROM bb\nADD ${url} /f\n` })]);
  assert.match(fetched, `Dockerfile:2: cannot get ${url}: `);
});

test('secrets: a path from here, and files that are none', async () => {
  const folder = context({
    Dockerfile: 'FROM bb\nRUN --mount=type=secret,id=x grep hush /run/secrets/x\n',
    'dir/word': 'hush\n',
  });
  const options = { cwd: join(folder, 'dir') };
  await box.ok(['build', '--network', 'none', '--secret', 'id=x,src=word', '..'], options);
  const none = await refused(['--secret', 'id=x,src=/nope', folder]);
  assert.is(none, 'minidock: secret x: cannot read "/nope": no such file');
  assert.match(
    await refused(['--secret', 'id=x,src=dir', '.'], { cwd: folder }),
    'secret x: cannot read "dir": it is a dir',
  );
});

for (const [lines, expected] of [
  ['a\n[\n', '.dockerignore:2: syntax error in pattern: "["'],
  ['[a-]', '.dockerignore:1: syntax error in pattern: "[a-]"'],
  ['a\\', '.dockerignore:1: syntax error in pattern: "a\\\\"'],
  ['# b\n!\n', '.dockerignore:2: illegal exclusion pattern: "!"'],
] as const)
  test(`refused, a .dockerignore of ${JSON.stringify(lines)}`, async () => {
    const said = await refused([context({ Dockerfile: 'FROM bb\n', '.dockerignore': lines })]);
    assert.ok(said.includes(expected), said);
  });

test('a build argument without a name is refused as Docker refuses it', async () => {
  const { exitCode, stderr } = await box.minidock(['build', '--build-arg', '=x', '.']);
  assert.is(exitCode, 125);
  assert.match(String(stderr), 'invalid argument "=x" for "--build-arg" flag: invalid environment variable: =x');
});

test('what is wrong in a trigger of the base image, and in a flag, is shown as it is written there', async () => {
  await box.ok(['build', '-q', '-t', 'triggers', context({ Dockerfile: 'FROM bb\nONBUILD COPY nofile /x\n' })]);
  const said = await refused([context({ Dockerfile: '# one\n# two\nFROM triggers\n' })]);
  assert.match(said, 'ONBUILD:1:6: "nofile" is not in the build context\n  1 | COPY nofile /x\n    |      ^^^^^^');
  const { exitCode, stderr } = await box.minidock(['build', '--label', '=x', '.']);
  assert.is(exitCode, 125);
  assert.match(String(stderr), 'invalid argument "=x" for "--label" flag: a label has no name');
});

test('# check=error=true makes advice an error, and a build argument goes before it', async () => {
  const folder = context({ Dockerfile: '# check=error=true\nFROM bb as x\nENV A b\n' });
  assert.match(await refused([folder]), /Dockerfile:2:9: FromAsCasing: .*, and 1 more\n {2}2 \| FROM bb as x/);
  const flag = (value: string) => ['build', '-q', '--build-arg', `BUILDKIT_DOCKERFILE_CHECK=${value}`, folder];
  await box.ok(flag('skip=all;error=true'));
  await box.ok(flag('error=false'));
  assert.match(await refused(flag('often=1').slice(1)), 'BUILDKIT_DOCKERFILE_CHECK: invalid check option "often=1"');
  const ignoring = context({ Dockerfile: 'FROM bb\nCOPY left /x\n', '.dockerignore': 'left\n', left: '' });
  const { stdout } = await box.minidock(['build', '--check', ignoring]);
  assert.match(String(stdout), 'Dockerfile:2:6: CopyIgnoredFile: COPY of left, which .dockerignore leaves out');
});

test('a disk that fills: the error says so, nothing half-built is there, and the same build succeeds with room', async () => {
  const folder = context({
    Dockerfile: 'FROM bb\nRUN head -c 60000000 /dev/zero | tr "\\\\0" x > /big\n',
    big: 'x'.repeat(1 << 20),
  });
  const engine = sandbox();
  const disk = smallDisk(engine.root, 'tmpfs', 160, 20_000);
  await box.ok(['save', '-o', join(folder, 'bb.tar'), 'bb']);
  writeFileSync(join(folder, '.dockerignore'), 'bb.tar\n');
  await engine.ok(['load', '-i', join(folder, 'bb.tar')]);
  const words = ['build', '--network', 'none', '-t', 'bad', folder];
  const images = () => engine.ok(['images', '-aq']);
  const before = await images();
  const run = await engine.minidock(words);
  assert.is(run.exitCode, 1, String(run.stdout));
  assert.match(String(run.stderr), /No space left|no space left/i);
  assert.not.match(String(run.stderr), /^\s+at /m);
  assert.is(await engine.ok(['ps', '-aq']), '');
  assert.is(await images(), before);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM bb\nCOPY big /\n');
  disk.fill(join(engine.root, 'images'));
  const copy = await engine.minidock(words);
  assert.is(copy.exitCode, 1);
  assert.match(String(copy.stderr), /no space left|disk/i);
  disk.free();
  assert.is(await images(), before);
  await engine.ok(words);
  assert.equal(readdirSync(join(engine.root, 'build', 'running')), []);
});

test.run();
