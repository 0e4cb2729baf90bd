import { spawn } from 'node:child_process';
import { chmodSync, createReadStream, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { endProcesses, onExit, temporaryFolder } from './support/cleanup.ts';
import { context } from './support/context.ts';
import { type Daemon, startDaemon } from './support/daemon.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';

/** Contexts and sources of ADD that are git repositories, from a git daemon and from a server of files. */
// @mounts-nothing its subject is what is fetched
const test = requires('root', 'busybox', 'overlayfs', 'git');
let box: BusyboxEngine;
let served: string;
let port: number;
let files: string;
let daemon: Daemon | undefined;
const commits: Record<string, string> = {};

test.before(async () => {
  box = await busyboxEngine();
  served = temporaryFolder('git');
  const repository = join(served, 'app.git');
  const own = join(served, 'own');
  const git = async (...words: string[]) => (await execa('git', ['-C', own, ...words], { env: identity })).stdout;
  mkdirSync(join(own, 'sub/deep'), { recursive: true });
  await git('init', '-q', '-b', 'main');
  const put = (name: string, text: string) => writeFileSync(join(own, name), text);
  put('Dockerfile', 'FROM bb\nCOPY . /w\n');
  put('sub/Dockerfile', 'FROM bb\nCOPY . /sub\n');
  put('sub/deep/file', 'deep\n');
  put('run.sh', '#!/bin/sh\n');
  chmodSync(join(own, 'run.sh'), 0o755);
  await git('add', '.');
  await git('commit', '-q', '-m', 'one');
  await git('tag', 'v1');
  commits.one = await git('rev-parse', 'HEAD');
  put('second', 'second\n');
  await git('add', '.');
  await git('commit', '-q', '-m', 'two');
  commits.two = await git('rev-parse', 'HEAD');
  await git('clone', '-q', '--bare', own, repository);
  await execa('git', ['-C', repository, 'update-server-info'], { env: identity });
  port = await freePort();
  const words = [
    'daemon',
    '--export-all',
    '--reuseaddr',
    '--listen=127.0.0.1',
    `--port=${port}`,
    `--base-path=${served}`,
  ];
  const child = spawn('git', [...words, served], { stdio: 'ignore' });
  child.unref();
  onExit(() => endProcesses([child.pid!]));
  await eventually(
    () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => resolve(void socket.destroy())).once('error', reject);
      }),
  );
  const server = createServer((request, response) => {
    const file = join(served, new URL(request.url!, 'http://x').pathname);
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    createReadStream(file).pipe(response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  files = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

test.after(async () => {
  await daemon?.end();
});

const identity = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@b',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@b',
};

const build = (words: string[], options: object = {}) =>
  box.minidock(['build', '--network', 'none', '-t', 'built', ...words], options);

async function built(words: string[], options: object = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await build(words, options);
  assert.is(exitCode, 0, `${stdout}\n${stderr}`);
  return String(stdout);
}

const shown = (script: string) => box.ok(['run', '--rm', '--network', 'none', 'built', 'sh', '-c', script]);

test('a context: the branch of the server, a tag, a commit, a directory of it', async () => {
  const url = `git://127.0.0.1:${port}/app.git`;
  await execa('sh', ['-c', `umask 077; exec "$0" build -q --network none -t built ${url}`, minidockPath], {
    env: box.env,
  });
  assert.is(await shown('cd /w; find . | sort; stat -c %a run.sh second'), paths('second', '755\n644'));
  await built([`${url}#v1`]);
  assert.is(await shown('cd /w; find . | sort'), paths());
  await built([`${url}#${commits.one}`]);
  assert.is(await shown('cd /w; find . | sort'), paths());
  await built([`${url}#main:sub`]);
  assert.is(await shown('cat /sub/deep/file'), 'deep');
  await built(['-f', 'sub/Dockerfile', `${url}#v1`]);
  assert.is(await shown('cat /sub/sub/deep/file'), 'deep');
  assert.equal(
    readdirSync(tmpdir()).filter(name => name.startsWith('minidock-context-') && isOurs(name)),
    [],
  );
});

/** Of this test, and no other that runs beside it. */
const isOurs = (name: string) => existsSync(join(tmpdir(), name, 'run.sh'));

const paths = (more = '', rest = '') =>
  [
    '.',
    './Dockerfile',
    './run.sh',
    ...(more ? [`./${more}`] : []),
    './sub',
    './sub/Dockerfile',
    './sub/deep',
    './sub/deep/file',
    ...(rest ? [rest] : []),
  ].join('\n');

test('a server of files alone, and a commit by the beginning of its id', async () => {
  await built([`${files}/app.git`]);
  assert.is(await shown('cat /w/second'), 'second');
  await built([`${files}/app.git#${commits.one!.slice(0, 9)}`]);
  assert.is(await shown('ls /w'), 'Dockerfile\nrun.sh\nsub');
});

test('the API fetches what `remote` names: a repository, a Dockerfile, an archive', async () => {
  daemon = await startDaemon(box);
  const ask = async (remote: string, more = '') => {
    const query = `t=remote:1&networkmode=none&remote=${encodeURIComponent(remote)}${more}`;
    const { status, text } = await daemon!.ask('POST', `/v1.41/build?${query}`);
    return `${text} ${status}`;
  };
  const seen = (script: string) => box.ok(['run', '--rm', '--network', 'none', 'remote:1', 'sh', '-c', script]);
  const url = `git://127.0.0.1:${port}/app.git`;
  assert.match(await ask(`${url}#v1`), /Step 2\/2 : COPY \. \/w[\s\S]*Successfully tagged remote:1[\s\S]* 200$/);
  assert.is(await seen('cat /w/sub/deep/file; ls /w'), 'deep\nDockerfile\nrun.sh\nsub');
  assert.match(await ask(url, '&dockerfile=sub/Dockerfile'), 'Successfully tagged');
  assert.is(await seen('cat /sub/sub/deep/file'), 'deep');
  writeFileSync(join(served, 'alone'), 'FROM bb\nENV A=alone\n');
  assert.match(await ask(`${files}/alone`), 'Successfully tagged');
  assert.is(await seen('echo $A'), 'alone');
  await execa('tar', ['-C', join(served, 'own/sub'), '-czf', join(served, 'sub.tgz'), '.']);
  assert.match(await ask(`${files}/sub.tgz`), 'Successfully tagged');
  assert.is(await seen('cat /sub/deep/file'), 'deep');
  for (const [remote, reason] of [
    [`${files}/nope`, 'the server answered 404'],
    ['/etc', 'it is no URL of http, https or git'],
    [`${url}#nosuch`, 'nosuch'],
    ['ext::sh -c x', 'it is no URL'],
  ] as const) {
    const answer = await ask(remote);
    assert.match(answer, reason);
    assert.match(answer, / [45]\d\d$/, answer);
  }
  const left = () => readdirSync(tmpdir()).filter(name => name.startsWith('minidock-context-') && isOurs(name));
  await eventually(() => assert.equal(left(), []));
});

test('ADD of a repository, with and without its history, checked by the commit', async () => {
  const url = `git://127.0.0.1:${port}/app.git`;
  const folder = context({
    Dockerfile: `FROM bb\nADD ${url}#v1 /src\nADD --keep-git-dir=true ${url} /whole/\nADD ${url}#:sub /sub\n`,
  });
  await built([folder]);
  assert.is(
    await shown('ls -A /src /whole /sub; cat /whole/.git/HEAD'),
    [
      '/src:\nDockerfile\nrun.sh\nsub\n',
      '/sub:\nDockerfile\ndeep\n',
      `/whole:\n.git\nDockerfile\nrun.sh\nsecond\nsub\n${commits.two}`,
    ].join('\n'),
  );
  const line = (checksum: string) => `FROM bb\nADD --checksum=${checksum} ${url} /src\n`;
  writeFileSync(join(folder, 'Dockerfile'), line(commits.two!));
  await built([folder]);
  writeFileSync(join(folder, 'Dockerfile'), line(commits.one!));
  const { exitCode, stderr } = await build([folder]);
  assert.is(exitCode, 1);
  assert.match(String(stderr), `Dockerfile:2:16: ${url} is at the commit ${commits.two}, not ${commits.one}`);
  assert.equal(readdirSync(join(box.root, 'build/running')), []);
});

for (const [address, expected] of [
  ['git://127.0.0.1:PORT/nope.git', 'cannot get git://127.0.0.1:PORT/nope.git: fatal: '],
  ['git://127.0.0.1:PORT/app.git#nope', "couldn't find remote ref nope"],
  ['git://127.0.0.1:PORT/app.git#main:nope', 'there is no directory "nope" in git://127.0.0.1:PORT/app.git'],
  ['git://127.0.0.1:PORT/app.git#--upload-pack=x', 'invalid ref "--upload-pack=x" of a git repository'],
  ['git://-oProxy/app.git', 'invalid address "git://-oProxy/app.git"'],
  ['git@-oProxy:app.git', 'invalid address "git@-oProxy:app.git"'],
] as const)
  test(`refused: ${address}`, async () => {
    const { exitCode, stderr } = await build([address.replace('PORT', String(port))]);
    assert.is(exitCode, 1);
    assert.ok(String(stderr).includes(expected.replaceAll('PORT', String(port))), String(stderr));
    assert.not.match(String(stderr), /^\s+at |looks like a defect/m);
  });

test('what the repository says is not run, and no transport that runs programs is taken', async () => {
  const proof = join(temporaryFolder('proof'), 'ran');
  const evil = join(served, 'evil');
  const git = (...words: string[]) =>
    execa('git', ['-C', evil, '-c', 'protocol.file.allow=always', ...words], { env: identity });
  mkdirSync(evil);
  await git('init', '-q', '-b', 'main');
  writeFileSync(join(evil, 'Dockerfile'), 'FROM bb\nCOPY . /w\n');
  writeFileSync(join(evil, '.gitattributes'), '* filter=evil diff=evil\n');
  // A repository that is the work tree of another has these as its own files.
  writeFileSync(join(evil, '.gitmodules'), `[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% ${proof}\n`);
  await git('add', '.');
  await git('update-index', '--add', '--cacheinfo', `160000,${commits.one},x`);
  await git('commit', '-q', '-m', 'evil');
  await execa('git', ['clone', '-q', '--bare', evil, join(served, 'evil.git')], { env: identity });
  const { exitCode, stderr } = await build([`git://127.0.0.1:${port}/evil.git`], {
    env: { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'filter.evil.smudge', GIT_CONFIG_VALUE_0: `touch ${proof}` },
  });
  assert.is(exitCode, 1);
  assert.match(String(stderr), /transport 'ext' not allowed/);
  assert.not.ok(existsSync(proof));
});

test.run();
