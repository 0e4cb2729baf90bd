import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { archive, type Member } from './support/archive.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { canaryTree } from './support/canary.ts';
import { endProcesses, onExit, temporaryFolder } from './support/cleanup.ts';
import { context } from './support/context.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

/**
 * A hostile Dockerfile, context, archive or base image: nothing of the host is read, run or touched. Published attacks on other
 * builders are named by their CVE. Each has an honest twin that works.
 */
// @mounts-nothing what RUN mounts is what `run` mounts, and that is looked at elsewhere
const test = requires('root', 'busybox', 'overlayfs', 'gcc');
let box: BusyboxEngine;
const canary = canaryTree();

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => canary.check());

interface Outcome {
  readonly code: number | undefined;
  readonly said: string;
}

/** Builds `built`; nothing that is said, and no file of the image, tells the secret. */
async function build(folder: string, flags: readonly string[] = [], input?: Buffer): Promise<Outcome> {
  await box.minidock(['rmi', '-f', 'built']);
  const words = ['build', '--network', 'none', '--no-cache', '-t', 'built', ...flags, folder];
  const { exitCode, stdout, stderr } = await box.minidock(words, input ? { input, stdin: 'pipe' } : {});
  const said = `${stdout}\n${stderr}`;
  assert.not.match(said, canary.secret);
  assert.not.match(said, /^\s+at /m);
  if (exitCode === 0) {
    const file = join(temporaryFolder('saved'), 'image.tar');
    await box.ok(['save', '-o', file, 'built']);
    assert.not.ok(readFileSync(file).includes(canary.secret), 'the image has nothing of the host');
  }
  return { code: exitCode, said };
}

async function contained(dockerfile: string, files: Record<string, string> = {}, ...flags: string[]): Promise<string> {
  const { code, said } = await build(context({ Dockerfile: dockerfile, ...files }), flags);
  assert.is(code, 0, said);
  return said;
}

async function refused(dockerfile: string, files: Record<string, string> = {}, ...flags: string[]): Promise<string> {
  const { code, said } = await build(context({ Dockerfile: dockerfile, ...files }), flags);
  assert.is(code, 1, said);
  return said;
}

test('links and paths of COPY lead nowhere out of the context', async () => {
  const links = {
    abs: `-> ${canary.path}/private/secret`,
    up: `-> ${'../'.repeat(12)}${canary.path}/private/secret`,
    dir: `-> ${canary.path}`,
    'deep/chain': '-> ../dir',
    honest: '-> inner/file',
    'inner/file': 'honest\n',
  };
  for (const source of [
    ...['abs', 'up', 'dir', 'dir/private/secret', 'deep/chain/private/secret', 'dir/*/secret', 'honest/../../etc'],
    `${'../'.repeat(12)}${canary.path}/private/secret`,
    `${canary.path}/private/secret`,
    `file://${canary.path}/private/secret`,
  ])
    await refused(`FROM bb\nCOPY ${source} /w\n`, links);
  await refused(`FROM bb\nADD dir/private/secret /w\n`, links);
  await contained('FROM bb\nCOPY honest /w\nCOPY . /all\nRUN test "$(cat /w)" = honest && test -L /all/dir\n', links);
});

test('a Dockerfile and a .dockerignore in an archive are no links to the host', async () => {
  const evil = async (members: Member[]) => await archive(members);
  const toSecret = (name: string): Member => ({
    name,
    type: 'symlink',
    linkname: `${canary.path}/private/secret`,
  });
  const asDockerfile = await build('-', [], await evil([toSecret('Dockerfile'), { name: 'a', content: 'a' }]));
  assert.is(asDockerfile.code, 1, asDockerfile.said);
  const named = await build('-', ['-f', 'x/F'], await evil([{ name: 'x', type: 'symlink', linkname: canary.path }]));
  assert.is(named.code, 1, named.said);
  const ignored = await build(
    '-',
    [],
    await evil([toSecret('.dockerignore'), { name: 'Dockerfile', content: 'FROM bb\nCOPY . /w\n' }]),
  );
  assert.not.match(ignored.said, 'canary-');
  const honest = await build(
    '-',
    [],
    await evil([
      { name: 'real', content: 'FROM bb\nCOPY a /w\n' },
      { name: 'Dockerfile', type: 'symlink', linkname: 'real' },
      { name: 'a', content: 'a' },
    ]),
  );
  assert.is(honest.code, 0, honest.said);
});

test('links of the image under the destination lead nowhere out of it (CVE-2020-10696)', async () => {
  await box.build('linked', [
    { name: 'out', type: 'symlink', linkname: canary.path },
    { name: 'up', type: 'symlink', linkname: `${'../'.repeat(12)}${canary.path}` },
    { name: 'file', type: 'symlink', linkname: `${canary.path}/tool` },
    { name: 'tmp', type: 'directory' },
    { name: 'inner', type: 'symlink', linkname: 'tmp' },
  ]);
  const folder = context({ a: 'evil\n', 'd/x': 'evil\n' });
  writeFileSync(join(folder, 'a.tar'), await archive([{ name: 'etc/passwd', content: 'evil\n' }]));
  writeFileSync(
    join(folder, 'Dockerfile'),
    `FROM linked\nCOPY a /out/etc/passwd\nCOPY a /up/private/new\nCOPY a /file\nCOPY d /out/d\nADD a.tar /out/\nADD a.tar /up
WORKDIR /out/work\nCOPY a .\nCOPY a /inner/honest\nRUN test "$(cat /tmp/honest)" = evil\n`,
  );
  const { code, said } = await build(folder);
  assert.is(code, 0, said);
});

test('an archive that ADD unpacks stays below its destination', async () => {
  const evil: Record<string, Member[]> = {
    'a name that goes up': [{ name: `${'../'.repeat(12)}${canary.path}/etc/passwd`, content: 'evil' }],
    'an absolute name': [{ name: `${canary.path}/etc/passwd`, content: 'evil' }],
    'a file behind a link': [
      { name: 'l', type: 'symlink', linkname: canary.path },
      { name: 'l/etc/passwd', content: 'evil' },
    ],
    'two links': [
      { name: 'a', type: 'symlink', linkname: '..' },
      { name: 'a/b', type: 'symlink', linkname: canary.path },
      { name: 'a/b/etc/passwd', content: 'evil' },
    ],
    'a hard link to the host': [
      { name: 'h', type: 'link', linkname: `${'../'.repeat(12)}${canary.path}/private/secret` },
    ],
    'a whiteout that goes up': [{ name: '.wh...', content: '' }],
  };
  for (const [name, members] of Object.entries(evil)) {
    const folder = context({ Dockerfile: 'FROM bb\nADD evil.tar /w/\n' });
    writeFileSync(join(folder, 'evil.tar'), await archive(members));
    const { code, said } = await build(folder);
    assert.ok(code === 0 || code === 1, `${name}: ${said}`);
    canary.check();
  }
});

test('a bind mount shows nothing but the context, whatever is a link (CVE-2024-1753)', async () => {
  const links = { root: '-> /', dir: `-> ${canary.path}`, 'sub/file': 'honest\n' };
  const look = (source: string) =>
    `FROM bb\nRUN --mount=type=bind,source=${source},target=/m cat /m/private/secret /m${canary.path}/private/secret; true\n`;
  for (const source of [
    'root',
    'dir',
    '/',
    '..',
    '../..',
    `${'../'.repeat(12)}${canary.path}`,
    canary.path,
    'dir/private',
  ])
    await build(context({ Dockerfile: look(source), ...links }));
  await contained('FROM bb\nRUN --mount=type=bind,source=sub,target=/m test "$(cat /m/file)" = honest\n', links);
});

test('a mount point that is a link of the image stays in it, and its removal too (CVE-2024-23652)', async () => {
  await box.build('points', [
    { name: 'out', type: 'symlink', linkname: canary.path },
    { name: 'proc', type: 'directory' },
    { name: 'tmp', type: 'directory' },
  ]);
  const evil = `${'RUN --mount=type=tmpfs,target=/out/private --mount=type=cache,target=/x/y '}rm -rf /x; mkdir -p /x; ln -s ${canary.path}/etc /x/y; true\n`;
  await build(context({ Dockerfile: `FROM points\n${evil}` }));
  await build(
    context({
      Dockerfile: `FROM bb\nRUN --mount=type=cache,target=/x/y umount /x/y; rmdir /x/y; ln -s ${canary.path} /x/y\n`,
    }),
  );
  await contained('FROM bb\nRUN --mount=type=tmpfs,target=/x/y touch /x/y/z\nRUN test ! -e /x/y/z\n');
});

test('options of mounts that would reach the host are refused (CVE-2024-9407)', async () => {
  for (const option of ['bind-propagation=rshared', 'rw,propagation=shared', 'relabel=shared', 'src=/,from=host'])
    await refused(`FROM bb\nRUN --mount=type=bind,source=.,target=/m,${option} true\n`);
  await refused('FROM bb\nRUN --security=insecure true\n');
  await refused('FROM bb\nRUN --mount=type=ssh true\n');
});

test('the id of a cache mount is no path, and a cache is swapped by no link of its own (CVE-2024-23651)', async () => {
  const around = () => readdirSync(dirname(box.root)).concat(readdirSync(box.root)).sort().join();
  await contained('FROM bb\nRUN true\n');
  const before = around();
  for (const id of ['../../../escaped', canary.path, '..', '.'])
    await contained(`FROM bb\nRUN --mount=type=cache,id=${id},target=/c touch /c/x\n`);
  assert.is(around(), before);
  const cache = (script: string) => `FROM bb\nRUN --mount=type=cache,id=one,target=/c ${script}\n`;
  await contained(cache(`ln -s ${canary.path} /c/link; ln -s / /c/root`));
  await contained(cache(`test ! -e /c/link/private; test ! -e /c/root${canary.path}`));
});

test('an image that came from elsewhere is no step of the cache (CVE-2024-24557)', async () => {
  const folder = context({ Dockerfile: 'FROM bb\nENV A=1\nRUN echo honest > /w\n' });
  const words = ['build', '--network', 'none', '-t', 'honest', folder];
  const victim = await busyboxEngine();
  const attacker = await busyboxEngine();
  // The same parent, config, history and command: only the file is another.
  writeFileSync(join(folder, 'Dockerfile'), 'FROM bb\nENV A=1\nRUN echo honest > /w\n');
  await attacker.ok(words);
  const id = await attacker.ok(['run', '-d', '--network', 'none', 'honest', 'sh', '-c', 'echo evil > /w']);
  await attacker.ok(['wait', id]);
  await attacker.ok(['commit', id, 'honest']);
  const file = join(folder, 'image.tar');
  await attacker.ok(['save', '-o', file, 'honest']);
  await victim.ok(['load', '-i', file]);
  writeFileSync(join(folder, '.dockerignore'), '*.tar');
  const said = await victim.ok(words);
  assert.not.match(said, 'Using cache');
  assert.is(await victim.ok(['run', '--rm', '--network', 'none', 'honest', 'cat', '/w']), 'honest');
  assert.match(await victim.ok(words), 'Using cache');
});

test('a context that is a git address runs nothing (CVE-2019-13139)', async () => {
  const proof = join(canary.path, 'ran');
  for (const where of [
    `git@github.com/x.git#--upload-pack=sh -c touch ${proof}`,
    `git://127.0.0.1:1/x.git#--upload-pack=touch ${proof};:`,
    `ext::sh -c touch% ${proof}`,
    `--upload-pack=touch ${proof}`,
  ]) {
    const { exitCode, stderr } = await box.minidock(['build', '--', where]);
    assert.ok(exitCode !== 0);
    assert.not.match(String(stderr), /^\s+at /m);
    const { exitCode: added } = await box.minidock(['build', '-f', '-', context({})], {
      stdin: 'pipe',
      input: `FROM bb\nADD ["${where}", "/w"]\n`,
    });
    assert.is(added, 1);
  }
  assert.not.ok(existsSync(proof));
});

test('WORKDIR into descriptors of the engine leads nowhere (CVE-2024-21626)', async () => {
  const steps = [3, 5, 7, 8, 9, 11].map(
    fd =>
      `WORKDIR /proc/self/fd/${fd}\nRUN cat ../../../../../..${canary.path}/private/secret; ls .. >/dev/null; true\n`,
  );
  await build(context({ Dockerfile: `FROM bb\n${steps.join('')}` }));
});

test('stages and images that are copied from are scopes of their own', async () => {
  await box.build('evil', [
    { name: 'abs', type: 'symlink', linkname: `${canary.path}/private/secret` },
    { name: 'dir', type: 'symlink', linkname: canary.path },
    { name: 'honest', type: 'symlink', linkname: 'bin/busybox' },
  ]);
  for (const source of ['/abs', '/dir', '/dir/private/secret', `${'../'.repeat(12)}${canary.path}/private/secret`])
    await refused(`FROM bb\nCOPY --from=evil ${source} /w\n`);
  await contained('FROM bb\nCOPY --from=evil /honest /w/busybox\nRUN /w/busybox true\n');
});

test('a folder of the context is swapped with a link to the host while it is copied', async () => {
  const tools = temporaryFolder('tools');
  writeFileSync(join(tools, 'swap.c'), swapper);
  const made = spawnSync('gcc', ['-O2', '-o', join(tools, 'swap'), join(tools, 'swap.c')], { encoding: 'utf8' });
  assert.is(made.status, 0, made.stderr);
  const folder = context({
    Dockerfile: 'FROM bb\nCOPY t /w\n',
    't/a/secret': 'inside\n',
    't/b': `-> ${canary.path}/private`,
  });
  const child = spawn(join(tools, 'swap'), [join(folder, 't/a'), join(folder, 't/b'), join(tools, 'count')]);
  const end = onExit(() => endProcesses([child.pid ?? 0]));
  const swaps = () => Number(existsSync(join(tools, 'count')) ? readFileSync(join(tools, 'count'), 'utf8') : 0);
  try {
    await eventually(() => assert.ok(swaps() > 1000));
    let good = 0;
    for (let round = 0; round < 6 || (good === 0 && round < 60); round++) {
      const { code, said } = await build(folder);
      assert.ok(code === 0 || code === 1, said);
      if (code === 0) good++;
    }
    assert.ok(good > 0, 'the honest twin: it is built when nothing is in the way');
  } finally {
    end();
  }
});

/** swap A B COUNTER: exchanges two names for ever and writes down how often it has. */
const swapper = `#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/syscall.h>
int main(int argc, char **argv) {
	int fd = open(argv[3], O_CREAT | O_WRONLY, 0644);
	for (unsigned long n = 1; ; n++) {
		if (syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], 2)) return 1;
		if (n % 16 == 0) { char text[24]; pwrite(fd, text, sprintf(text, "%lu", n), 0); usleep(50); }
	}
}
`;

test.run();
