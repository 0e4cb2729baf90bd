import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Both, both } from './support/both.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { requires } from './support/requires.ts';

/**
 * The same Dockerfiles built by Docker 20.10's classic builder and by us: the same files with their modes, owners and contents,
 * the same config, the same history, the same steps told.
 */
// @mounts-nothing what RUN mounts is what `run` mounts, and that is looked at elsewhere
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10');
let pair: Both;
let context: string;

/** Content by path; a mode before it where it is not 644; `-> target` makes a link. */
const files: Record<string, string> = {
  'a.txt': 'a\n',
  'b.txt': 'b\n',
  'run.sh': '755:#!/bin/sh\necho ran $1\n',
  'secret.txt': '600:hidden\n',
  'dir/one': '1\n',
  'dir/two': '2\n',
  'dir/deep/three': '3\n',
  'dir/link': '-> one',
  'dir/dangling': '-> nowhere',
  link: '-> a.txt',
  'with blank': 'blank\n',
  'skip.log': 'no\n',
  'keep.log': 'yes\n',
  'node_modules/x': 'no\n',
  '.dockerignore': '*.log\n!keep.log\nnode_modules\n**/*.tmp\n# comment\n',
  'dir/deep/x.tmp': 'no\n',
};

test.before(async () => {
  process.env.DOCKER_BUILDKIT = '0';
  pair = await both();
  context = temporaryFolder('build');
  for (const [name, text] of Object.entries(files)) {
    const file = join(context, name);
    mkdirSync(dirname(file), { recursive: true });
    const [, mode, content] = /^(?:(\d{3}):)?([\s\S]*)$/.exec(text)!;
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), file);
    else writeFileSync(file, content!);
    if (mode) chmodSync(file, Number.parseInt(mode, 8));
    if (!text.startsWith('-> ')) utimesSync(file, 1_600_000_000, 1_600_000_000);
  }
  chmodSync(join(context, 'dir'), 0o750);
  execFileSync('tar', ['-C', context, '-czf', join(context, 'arc.tgz'), '--owner=5', '--group=6', 'dir']);
  execFileSync('tar', ['-C', context, '-cf', join(context, 'plain.tar'), 'a.txt', 'run.sh']);
  execFileSync('sh', ['-c', `echo text | gzip -n > ${join(context, 'no-archive.gz')}`]);
});

/** What a container sees of /w: names, kinds, modes, owners, sizes, times of files, contents. */
const look =
  'cd /w 2>/dev/null || exit 0; find . ! -name .dockerignore | sort | while read -r f; do stat -c "%n %F %a %u:%g" "$f"; ' +
  '[ -L "$f" ] && readlink "$f"; [ -f "$f" ] && [ ! -L "$f" ] && md5sum "$f"; done; true';

interface Case {
  readonly flags?: readonly string[];
  /** The files are not looked at: there is no shell, or no file. */
  readonly blind?: boolean;
}

/** The lines of steps, without what names containers and images. */
const steps = (text: string) =>
  text
    .replace(/\u001b\[\d+m/g, '')
    .split('\n')
    .filter(line => /^Step |^Successfully tagged|Using cache$/.test(line));

async function same(dockerfile: string, { flags = [], blind = false }: Case = {}): Promise<void> {
  const words = ['build', '--network', 'none', '-t', 'built:1', ...flags, '-f', '-', context];
  const { there, here } = await pair.ask(words, dockerfile);
  const shown = `${dockerfile}\nDocker: ${JSON.stringify(there)}\nminidock: ${JSON.stringify(here)}`;
  assert.is(here.code, there.code, shown);
  if (there.code !== 0) return;
  assert.equal(steps(here.stdout), steps(there.stdout), shown);
  for (const field of [
    'Env',
    'Cmd',
    'Entrypoint',
    'WorkingDir',
    'User',
    'Labels',
    'ExposedPorts',
    'Volumes',
    'StopSignal',
    'Shell',
    'Healthcheck',
    'OnBuild',
  ]) {
    const format = `{{json .Config.${field}}}`;
    const [theirs, ours] = [
      pair.docker(['inspect', '-f', format, 'built:1']),
      await pair.ours(['inspect', '-f', format, 'built:1']),
    ];
    const empty = (text: string) =>
      text
        .trim()
        .replace(/^(\{\}|\[\]|"")$/, 'null')
        .replace(/^.*map has no entry.*$/, 'null');
    assert.is(empty(ours.stdout), empty(theirs.stdout), `${field} of ${shown}`);
  }
  const history = ['history', '--no-trunc', '--format', '{{.CreatedBy}}', 'built:1'];
  const lines = (text: string) =>
    text
      .trimEnd()
      .replace(/ ?(file|dir|multi):[0-9a-f]+/g, ' $1:<digest>')
      .split('\n')
      .slice(0, -1);
  assert.equal(lines((await pair.ours(history)).stdout), lines(pair.docker(history).stdout), `history of ${shown}`);
  if (blind) return;
  const run = ['run', '--rm', '--network', 'none', '--entrypoint', 'sh', '-u', '0', 'built:1', '-c', look];
  const [theirs, ours] = [pair.docker(run).stdout, (await pair.ours(run)).stdout];
  assert.equal(ours.split('\n'), theirs.split('\n'), `files of ${shown}`);
}

test('COPY: files, directories, patterns, links, into what is there and what is not', async () => {
  await same(`FROM bb
COPY a.txt /w/
COPY a.txt /w/renamed
COPY a.txt b.txt run.sh /w/several/
COPY dir /w/dir
COPY dir/ /w/dir2/
COPY *.txt /w/pattern/
COPY dir/[ot]* /w/inside/
COPY di?/o[a-n]e /w/one
COPY link /w/link
COPY ["with blank", "/w/with blank"]
COPY secret.txt /w/new/deep/secret
COPY . /w/all
`);
});

test('COPY into directories of the image, over files, with owners', async () => {
  await same(`FROM bb
RUN mkdir -m 700 -p /w/there /w/target && chown 3:4 /w/there && ln -s target /w/alias && echo old > /w/there/one
COPY dir /w/there
COPY dir /w/there/
COPY a.txt /w/alias/
COPY a.txt /w/alias
COPY --chown=7:8 dir /w/owned
COPY --chown=7 a.txt /w/owned/again
COPY --chown=root:root a.txt /w/by-name
COPY --chown=9:9 a.txt /w/made/by/copy/
WORKDIR /w/work
COPY a.txt .
COPY a.txt sub/
COPY a.txt ./b
`);
});

test('ADD unpacks archives, and no others', async () => {
  await same(`FROM bb
ADD arc.tgz /w/unpacked/
ADD plain.tar /w/plain
ADD no-archive.gz /w/
ADD a.txt dir /w/both/
`);
});

test('ENV, ARG, LABEL: forms, scopes, expansions', async () => {
  const dockerfile = `ARG VERSION=1
ARG UNSET
FROM bb AS first
ARG VERSION
ENV A=1 B="two words" C=a\\ b D='$A' E=$A-\${NONE:-none} F="\${A:+set}"
ENV OLD  the rest  of it
ENV A=2 G=$A
ARG LATER=\${A}x
ARG GIVEN=default
LABEL one=1 "two words"="a \\"b\\"" three=$LATER
LABEL "multi"="a \\
b"
RUN mkdir /w; echo "$A|$B|$C|$D|$E|$F|$G|$OLD|$VERSION|$LATER|$GIVEN|$UNSET" > /w/values; env | grep -v -e HOSTNAME -e HOME -e PWD -e SHLVL | sort > /w/env
`;
  await same(dockerfile);
  await same(dockerfile, {
    flags: ['--build-arg', 'GIVEN=from outside', '--build-arg', 'VERSION=9', '--build-arg', 'HTTP_PROXY=x'],
  });
});

test('CMD, ENTRYPOINT, SHELL, USER, EXPOSE, VOLUME, STOPSIGNAL, HEALTHCHECK, ONBUILD, MAINTAINER', async () => {
  await same(`FROM bb
MAINTAINER Some One <some@example.com>
CMD echo $HOME
ENTRYPOINT ["sh", "-c"]
EXPOSE 80 443/tcp 8000-8002/udp
VOLUME /data /more
VOLUME ["/a", "/b"]
STOPSIGNAL SIGQUIT
USER 1000:1000
HEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 CMD wget -q localhost || exit 1
ONBUILD COPY a.txt /w/triggered
ONBUILD RUN echo x > /w/ran
SHELL ["/bin/sh", "-ec"]
CMD second \\
  line
`);
  await same('FROM bb\nCMD ["a"]\nENTRYPOINT b\nHEALTHCHECK NONE\nWORKDIR /x\nWORKDIR y\nWORKDIR ../z\n');
  await same('FROM bb\nENTRYPOINT ["x"]\nCMD []\nUSER nobody\nSHELL ["/bin/sh", "-c"]\nRUN id -u > /tmp/id\n');
});

test('triggers of a base image run; its ENTRYPOINT is inherited and its CMD goes with a new one', async () => {
  await pair.ask(
    ['build', '--network', 'none', '-t', 'base:1', '-f', '-', context],
    'FROM bb\nONBUILD COPY a.txt /w/t\nONBUILD ENV T=1\nCMD ["x"]\nENTRYPOINT ["sh"]\n',
  );
  await same('FROM base:1\nRUN cat /w/t > /w/u\n');
  await same('FROM base:1\nENTRYPOINT ["sh", "-c"]\n');
});

test('stages: by name, by number, an image; a target; scratch', async () => {
  const dockerfile = `FROM bb AS one
RUN mkdir /w && echo 1 > /w/f && chown 5:6 /w/f && chmod 4711 /w/f && ln -s f /w/l
FROM bb AS Two
COPY --from=one /w /w
COPY --from=0 /w/f /w/copied
FROM two
COPY --from=bb /bin/busybox /w/
`;
  // The classic builder makes the copies of a stage root's; ours keep their owner, as BuildKit has it: see docs/differences.md.
  await same(dockerfile.replace('chown 5:6 /w/f && ', ''));
  await same(dockerfile.replace('chown 5:6 /w/f && ', ''), { flags: ['--target', 'two'] });
  await same('FROM scratch\nCOPY a.txt /\nCMD ["/a.txt"]\n', { blind: true });
  await same('FROM scratch\nENV A=1\n', { blind: true });
});

test('RUN: forms, failures, continuation lines, comments between', async () => {
  await same(`# a comment
FROM bb
RUN mkdir /w && \\
  # in between
  echo "a  b" > /w/x \\

  && echo c >> /w/x
RUN ["sh", "-c", "echo exec > /w/y"]
RUN cd /w; rm x; mkdir -p d/e; touch d/e/f; chmod 1777 d; ln y hard
RUN rm -r /w/d && mkdir /w/d
`);
});

test('labels, cache and no cache, several tags', async () => {
  const dockerfile = 'FROM bb\nRUN mkdir /w; echo 1 > /w/a\nCOPY a.txt /w/\nENV A=1\n';
  await same(dockerfile);
  await same(dockerfile);
  await same(`${dockerfile}ENV B=2\n`, { flags: ['--label', 'x=y', '-t', 'built:2'] });
  await same(dockerfile, { flags: ['--no-cache'] });
});

test('escape characters and Windows line ends', async () => {
  await same('# escape=`\nFROM bb\nRUN mkdir /w && `\n  echo "a\\b" > /w/x\nENV P=C:\\dir Q=a`$b\n');
  await same('FROM bb\r\nRUN mkdir /w\r\nCOPY a.txt \\\r\n  /w/\r\n');
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
