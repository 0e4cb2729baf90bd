import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Both, both } from './support/both.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { requires } from './support/requires.ts';

/**
 * What Docker 20.10's classic builder says when it takes steps from its cache, and what it refuses. What builders make of a Dockerfile is
 * compared in parity-dockerfiles.test.ts.
 */
// @mounts-nothing what RUN mounts is what `run` mounts, and that is looked at elsewhere
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10');
let pair: Both;
let context: string;

const files: Record<string, string> = {
  'a.txt': 'a\n',
  'b.txt': 'b\n',
  'dir/one': '1\n',
  'skip.log': 'no\n',
  '.dockerignore': '*.log\n',
};

test.before(async () => {
  process.env.DOCKER_BUILDKIT = '0';
  pair = await both();
  context = temporaryFolder('build');
  for (const [name, text] of Object.entries(files)) {
    const file = join(context, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
});

/** The lines of steps, without what names containers and images. */
const steps = (text: string) =>
  text
    .replace(/\u001b\[\d+m/g, '')
    .split('\n')
    .filter(line => /^Step |^Successfully tagged|Using cache$|^# Exec/.test(line));

async function same(dockerfile: string, flags: readonly string[] = []): Promise<void> {
  const words = ['build', '--network', 'none', '-t', 'built:1', ...flags, '-f', '-', context];
  const { there, here } = await pair.ask(words, dockerfile);
  const shown = `${dockerfile}\nDocker: ${JSON.stringify(there)}\nminidock: ${JSON.stringify(here)}`;
  assert.is(here.code, 0, shown);
  assert.equal(steps(here.stdout), steps(there.stdout), shown);
}

test('what is cached, with labels, several names and without the cache: the same steps', async () => {
  const dockerfile = 'FROM bb\nRUN mkdir /w; echo 1 > /w/a\nCOPY a.txt /w/\nENV A=1\n';
  await same(dockerfile);
  await same(dockerfile);
  await same(`${dockerfile}ENV B=2\n`, ['--label', 'x=y', '-t', 'built:2']);
  await same(dockerfile, ['--no-cache']);
});

test('triggers that run are told as steps', async () => {
  const base = 'FROM bb\nONBUILD COPY a.txt /w/t\nONBUILD RUN cat /w/t > /w/u\n';
  await pair.ask(['build', '--network', 'none', '-t', 'base:1', '-f', '-', context], base);
  await same('FROM base:1\nENV A=1\n');
});

for (const [name, dockerfile] of [
  ['an unknown instruction', 'FROM bb\nCOPPY a b\n'],
  ['no FROM', 'RUN x\n'],
  ['an empty file', '\n'],
  ['a missing file', 'FROM bb\nCOPY nope /\n'],
  ['a file that is ignored', 'FROM bb\nCOPY skip.log /\n'],
  ['a way out of the context', 'FROM bb\nCOPY ../../etc/passwd /\n'],
  ['several files to one that is no directory', 'FROM bb\nCOPY a.txt b.txt /w\n'],
  ['a stage of later', 'FROM bb AS a\nCOPY --from=b /x /\nFROM bb AS b\n'],
  ['an unknown flag', 'FROM bb\nCOPY --form=x a b\n'],
  ['ENV without a value', 'FROM bb\nENV A\n'],
  ['a bad port', 'FROM bb\nEXPOSE 99999\n'],
  ['an unknown signal', 'FROM bb\nSTOPSIGNAL SIGFOO\n'],
  ['a platform that is none', 'FROM --platform=nonsense bb\n'],
  ['FROM with two words', 'FROM bb x\n'],
  ['a directory over a file', 'FROM bb\nCOPY a.txt /w\nCOPY dir /w\n'],
  ['FROM nothing', 'ARG X\nFROM $X\n'],
  ['a command that fails', 'FROM bb\nRUN exit 3\n'],
  ['a program that is not there', 'FROM bb\nRUN ["/nonexistent-program"]\n'],
  ['a quote that is not closed', 'FROM bb\nVOLUME "/with blank"\n'],
  ['an unknown user', 'FROM bb\nCOPY --chown=nosuchuser a.txt /\n'],
] as const)
  test(`refused by both: ${name}`, async () => {
    const { there, here } = await pair.ask(['build', '--network', 'none', '-f', '-', context], dockerfile);
    assert.is(here.code, 1, here.stderr);
    assert.ok(there.code !== 0);
    assert.not.match(here.stderr, /^\s+at /m);
  });

test.run();
