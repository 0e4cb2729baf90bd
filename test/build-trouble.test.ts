import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { context } from './support/context.ts';
import { sandbox } from './support/minidock.ts';
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
  ['a signal that is none', 'FROM bb\nSTOPSIGNAL SIGFOO\n', 'Dockerfile:2:12: Invalid signal: SIGFOO'],
  ['a platform that is none', 'FROM --platform=nonsense bb\n', 'Dockerfile:1:17: "nonsense": unknown operating system'],
  ['a source that is empty', 'FROM bb\nCOPY $NOPE /x\n', 'Dockerfile:2:6: '],
] as const)
  test(`refused: ${name}`, async () => {
    const said = await refused([context({ Dockerfile: dockerfile })]);
    assert.ok(said.includes(expected), said);
    assert.ok(said.length < 1000, 'a line that is too long is not printed whole');
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

test('a Dockerfile that is a directory, or endless', async () => {
  const folder = context({ 'dir/x': '', Dockerfile: 'FROM bb\n' });
  assert.match(await refused(['-f', join(folder, 'dir'), folder]), 'it is a directory');
  assert.match(await refused(['-f', '/dev/zero', folder]), 'larger than 16 MiB');
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
