// @mounts-nothing what containers mount is seen by other files; here it is asked for over HTTP
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { type Daemon, startDaemon } from './support/daemon.ts';
import { eventually } from './support/eventually.ts';
import { docker2010, requires } from './support/requires.ts';
import { onTerminal } from './support/terminal.ts';

/** Docker's own command line, an older and where there is one a newer, does its everyday work through our daemon. */
const test = requires('root', 'overlayfs', 'iptables', 'busybox', 'docker-20.10', 'script');
let daemon: Daemon;
let box: BusyboxEngine;
let folder: string;
let minidock: BusyboxEngine['minidock'];
let ok: BusyboxEngine['ok'];

test.before(async () => {
  box = await busyboxEngine();
  ({ folder, minidock, ok } = box);
  daemon = await startDaemon(box);
});

const clients = [...new Set([docker2010()!, 'docker'])];
const docker = (args: string[], options: { input?: string; client?: string } = {}) =>
  execa(options.client ?? clients[0]!, args, {
    reject: false,
    env: { DOCKER_HOST: daemon.host, DOCKER_BUILDKIT: '0', DOCKER_CONFIG: folder },
    timeout: 60_000,
    ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
  });
async function said(args: string[], options: Parameters<typeof docker>[1] = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await docker(args, options);
  if (exitCode !== 0) throw new Error(`docker ${args.join(' ')}: ${exitCode}\n${stdout}\n${stderr}`);
  return stdout;
}

for (const client of clients)
  test(`run with ${client}: output, exit code, standard input, names of what cannot be executed`, async () => {
    const run = (args: string[], input?: string) => docker(['run', '--rm', ...args], { client, input });
    assert.is((await run(['bb', 'echo', 'hello'])).stdout, 'hello');
    const both = await run(['bb', 'sh', '-c', 'echo out; echo err >&2; exit 3']);
    assert.equal([both.exitCode, both.stdout, both.stderr], [3, 'out', 'err']);
    assert.is((await run(['-i', 'bb', 'sh', '-c', 'cat; echo end'], 'typed\n')).stdout, 'typed\nend');
    const missing = await run(['bb', 'nosuch']);
    assert.is(missing.exitCode, 127);
    assert.match(missing.stderr, /^docker: Error response from daemon: exec: "nosuch": executable file not found/m);
    assert.not.match(missing.stderr, /EOF/);
    assert.is((await run(['nosuch:image', 'true'])).exitCode, 125);
    assert.is(await said(['ps', '-aq'], { client }), '');
  });

test('a terminal: run -it, its size, the detach keys', async () => {
  const env = { DOCKER_HOST: daemon.host, DOCKER_CONFIG: folder };
  const client = clients[0]!;
  // The client tells the size once the container runs.
  const script = 'tty; until stty size 2>/dev/null | grep "33 77"; do sleep 0.1; done; exit 5';
  const { exitCode, shown } = await onTerminal(`${client} run -it --rm bb sh -c '${script}'`, [], env);
  assert.is(exitCode, 5);
  assert.match(shown, /\/dev\/pts\/0\r\n33 77\r\n/, JSON.stringify(shown));
  const left = await onTerminal(`${client} run -it --name kept bb sh`, [[/# /, '\u0010\u0011']], env);
  assert.is(left.exitCode, 0, left.shown);
  assert.is(await said(['inspect', '-f', '{{.State.Running}}', 'kept']), 'true');
  await said(['rm', '-f', 'kept']);
});

test('a container’s life, seen by the daemonless command line as well', async () => {
  const id = await said(['run', '-d', '--name', 'web', '-e', 'A=b', '-l', 'x=y', 'bb', 'sleep', '1000']);
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.is(await ok(['ps', '-q', '--no-trunc']), id);
  assert.is(await said(['ps', '-q', '--no-trunc', '--filter', 'label=x=y']), id);
  assert.is(await said(['ps', '-q', '--filter', 'name=other']), '');
  assert.is(
    await said(['inspect', '-f', '{{.Name}} {{index .Config.Labels "x"}} {{.State.Status}}', 'web']),
    '/web y running',
  );
  assert.is((await docker(['exec', 'web', 'sh', '-c', 'echo $A; exit 4'])).exitCode, 4);
  assert.is(await said(['exec', '-i', 'web', 'cat'], { input: 'to exec' }), 'to exec');
  const unknown = await docker(['exec', 'web', 'nosuch']);
  assert.is(unknown.exitCode, 126);
  assert.match(unknown.stdout, /executable file not found/);
  assert.match(await said(['top', 'web']), /sleep 1000/);
  assert.match(await said(['stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}}', 'web']), /^web 1$/);
  await said(['pause', 'web']);
  assert.match(await ok(['ps', '--format', '{{.Status}}']), /\(Paused\)/);
  await said(['unpause', 'web']);
  await said(['rename', 'web', 'site']);
  await said(['restart', '-t', '0', 'site']);
  const waiting = docker(['wait', 'site']);
  await ok(['kill', 'site']);
  assert.is((await waiting).stdout, '137');
  await said(['start', 'site']);
  await said(['stop', '-t', '0', 'site']);
  assert.is(await said(['stop', 'site']), 'site', 'one that does not run is no failure');
  assert.is(await said(['rm', 'site']), 'site');
  assert.match((await docker(['start', 'site'])).stderr, /No such container: site/);
});

test('logs: followed, with times, the last lines, each stream its own', async () => {
  await said(['run', '--name', 'talks', 'bb', 'sh', '-c', 'echo one; echo two >&2; echo three']);
  const { stdout, stderr } = await docker(['logs', 'talks']);
  assert.equal([stdout, stderr], ['one\nthree', 'two']);
  assert.match((await docker(['logs', '-t', 'talks'])).stdout, /^\d{4}-\d\d-\d\dT\S{15,}Z one\n/);
  await said(['run', '-d', '--name', 'on', 'bb', 'sh', '-c', 'for i in 1 2 3; do echo $i; sleep 0.1; done']);
  assert.is((await docker(['logs', '-f', 'on'])).stdout, '1\n2\n3');
  assert.is((await docker(['logs', '--tail', '1', 'on'])).stdout, '3');
  await said(['rm', '-f', 'talks', 'on']);
});

test('files: cp both ways, through a link, diff, export, commit', async () => {
  await said(['run', '-d', '--name', 'files', 'bb', 'sh', '-c', 'mkdir /d; echo a > /d/a; ln -s a /d/l; sleep 1000']);
  await eventually(async () => assert.is((await docker(['exec', 'files', 'readlink', '/d/l'])).exitCode, 0), 30);
  await said(['cp', 'files:/d', join(folder, 'd')]);
  assert.is(readFileSync(join(folder, 'd/l'), 'utf8'), 'a\n');
  await said(['cp', '-L', 'files:/d/l', join(folder, 'followed')]);
  assert.is(readFileSync(join(folder, 'followed'), 'utf8'), 'a\n');
  writeFileSync(join(folder, 'up'), 'up\n');
  await said(['cp', join(folder, 'up'), 'files:/d/up']);
  assert.is(await said(['exec', 'files', 'cat', '/d/up']), 'up');
  assert.match(
    (await docker(['cp', 'files:/none', folder])).stderr,
    /[Nn]o such container:path|Could not find the file/,
  );
  assert.match(await said(['diff', 'files']), /^A \/d$/m);
  await said(['export', '-o', join(folder, 'root.tar'), 'files']);
  assert.ok(existsSync(join(folder, 'root.tar')));
  await said(['commit', 'files', 'made']);
  assert.is(await said(['run', '--rm', 'made', 'cat', '/d/a']), 'a');
  await said(['rm', '-f', 'files']);
});

test('images, networks, volumes, a build, events, system', async () => {
  const context = join(folder, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), 'FROM bb\nCOPY Dockerfile /\nRUN echo built > /x\nCMD ["cat", "/x"]\n');
  assert.match(await said(['build', '-t', 'built', context]), /Step 4\/4 : CMD[\s\S]*Successfully tagged built:latest/);
  assert.is(await said(['run', '--rm', 'built']), 'built');
  assert.match(await said(['history', 'built']), /echo built/);
  await said(['tag', 'built', 'other:1']);
  await said(['save', '-o', join(folder, 'saved.tar'), 'other:1']);
  await said(['rmi', 'other:1', 'built']);
  assert.match(await said(['load', '-i', join(folder, 'saved.tar')]), /Loaded image: other:1/);
  await said(['network', 'create', 'inner']);
  await said(['run', '-d', '--name', 'first', '--network', 'inner', 'bb', 'sleep', '1000']);
  assert.match(await said(['run', '--rm', '--network', 'inner', 'bb', 'nslookup', 'first']), /Name:\s+first/);
  await said(['rm', '-f', 'first']);
  await said(['network', 'rm', 'inner']);
  await said(['volume', 'create', 'kept']);
  await said(['run', '--rm', '-v', 'kept:/v', 'bb', 'sh', '-c', 'echo there > /v/f']);
  assert.is(await said(['run', '--rm', '-v', 'kept:/v', 'bb', 'cat', '/v/f']), 'there');
  await said(['volume', 'rm', 'kept']);
  const asked = ['events', '--since', '10m', '--until', '0s', '--filter', 'volume=kept', '--format', '{{.Action}}'];
  await eventually(async () => assert.match(await said(asked), /^create[\s\S]*destroy$/), 30);
  assert.match(await said(['info', '--format', '{{.Driver}} {{.CgroupDriver}}']), /^overlay2 cgroupfs$/);
  assert.match(await said(['system', 'df']), /Images/);
  assert.match(await said(['version', '--format', '{{.Server.APIVersion}}']), /^1\.4\d$/);
});

test('bad requests get Docker’s statuses and words, and the daemon lives on', async () => {
  const { ask } = daemon;
  const status = async (...args: Parameters<typeof ask>) => (await ask(...args)).status;
  assert.equal((await ask('GET', '/v1.41/nonsense')).json, { message: 'page not found' });
  assert.is(await status('GET', '/v1.41/nonsense'), 404);
  assert.is(await status('GET', '/v1.99/info'), 400);
  assert.is(await status('GET', '/v1.10/info'), 400);
  assert.is(await status('POST', '/v1.41/containers/create', '{"Image":"bb"}'), 400, 'without a content type');
  assert.is(await status('POST', '/v1.41/containers/create', '{"Image":', { 'Content-Type': 'application/json' }), 400);
  assert.is(await status('POST', '/v1.41/containers/create', { Image: 5 }), 400);
  assert.is(await status('POST', '/v1.41/containers/create', { Image: 'nosuch' }), 404);
  assert.is(await status('GET', '/v1.41/containers/json?filters=nonsense'), 400);
  assert.is(await status('GET', '/v1.41/containers/nosuch/json'), 404);
  assert.is(await status('POST', '/v1.41/containers/nosuch/start'), 404);
  assert.is(await status('GET', '/v1.41/containers/nosuch/logs?stdout=1'), 404);
  assert.is(await status('GET', '/v1.41/_ping'), 200);
});

test('containers live on when the daemon is killed, and are its again when it is back', async () => {
  await said(['run', '-d', '--name', 'survivor', 'bb', 'sh', '-c', 'echo before; sleep 1000']);
  await daemon.end('SIGKILL');
  assert.match(String((await minidock(['ps', '--format', '{{.Names}} {{.Status}}'])).stdout), /^survivor Up/);
  daemon = await startDaemon(box);
  assert.is(await said(['exec', 'survivor', 'echo', 'alive']), 'alive');
  assert.is(await said(['logs', 'survivor']), 'before');
  const waiting = docker(['wait', 'survivor']);
  await said(['stop', '-t', '0', 'survivor']);
  assert.is((await waiting).stdout, '137');
  await said(['rm', 'survivor']);
  assert.is(await daemon.end(), 0);
});

test.run();
