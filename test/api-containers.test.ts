// @mounts-nothing its subject is what the daemon answers
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { supervisorPid } from '../src/container/observe.ts';
import { identityOf, isAlive } from '../src/host/process.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { type Answer, type Daemon, startDaemon } from './support/daemon.ts';
import { eventually } from './support/eventually.ts';
import { findProgram, requires } from './support/requires.ts';

/** Containers and execs, asked for over HTTP and by Docker's own client. */
const test = requires('root', 'overlayfs', 'busybox', 'docker');

let box: BusyboxEngine;
let daemon: Daemon;
let folder: string;

test.before(async () => {
  box = await busyboxEngine();
  daemon = await startDaemon(box);
  folder = temporaryFolder('docker-config');
});

test.after(async () => {
  await daemon.end();
});

const docker = (args: string[], input: string | Buffer = '') => {
  const env = { ...process.env, DOCKER_CONFIG: folder };
  const options = { input, env, encoding: 'utf8', timeout: 60_000 } as const;
  const { status, stdout, stderr } = spawnSync(findProgram('docker')!, ['-H', daemon.host, ...args], options);
  return { status, stdout, stderr };
};

test('docker run gives output, errors and the exit code, and hands on what it reads', () => {
  const ran = docker(
    ['run', '--rm', '-i', '--network', 'none', 'bb', 'sh', '-c', 'cat; echo oops >&2; exit 3'],
    'hello\n',
  );
  assert.equal(ran, { status: 3, stdout: 'hello\n', stderr: 'oops\n' });
});

test('a container lives its life by requests alone', async () => {
  const body = {
    Image: 'bb',
    Cmd: ['sh', '-c', 'echo one; echo two >&2; sleep 60'],
    HostConfig: { NetworkMode: 'none' },
  };
  const made = await daemon.ask('POST', '/v1.41/containers/create?name=life', body);
  assert.is(made.status, 201);
  const at = '/v1.41/containers/life';
  const post = async (path: string) => (await daemon.ask('POST', `${at}/${path}`)).status;
  assert.is((await daemon.ask('POST', '/v1.41/containers/create?name=life', body)).status, 409);
  assert.equal([await post('start'), await post('start')], [204, 304]);
  assert.equal([await post('pause'), await post('unpause'), await post('rename?name=other')], [204, 204, 204]);
  assert.is((await daemon.ask('GET', `${at}/json`)).status, 404);
  const now = (await daemon.ask('GET', '/v1.41/containers/other/json')).json;
  assert.equal([now.Id, now.State.Status], [made.json.Id, 'running']);
  const { json: top } = await daemon.ask('GET', '/v1.41/containers/other/top?ps_args=-o pid,args'.replace(' ', '%20'));
  assert.equal(top.Titles, ['PID', 'COMMAND']);
  const kill = await daemon.ask('POST', '/v1.41/containers/other/kill');
  const waited = await daemon.ask('POST', '/v1.41/containers/other/wait');
  assert.equal([kill.status, waited.json], [204, { Error: null, StatusCode: 137 }]);
  assert.is((await daemon.ask('POST', '/v1.41/containers/other/stop')).status, 304);
  const logs = await daemon.ask('GET', '/v1.41/containers/other/logs?stdout=1&stderr=1');
  assert.is(logs.text, '\u0001\0\0\0\0\0\0\u0004one\n\u0002\0\0\0\0\0\0\u0004two\n');
  assert.is((await daemon.ask('GET', '/v1.41/containers/other/logs')).status, 400);
  assert.is((await daemon.ask('DELETE', '/v1.41/containers/other')).status, 204);
  assert.is((await daemon.ask('DELETE', '/v1.41/containers/other')).status, 404);
});

test("docker exec, cp, diff, top and logs work on a container of the command line's", async () => {
  await box.start('echo started; sleep 60', '--name', 'cli');
  assert.equal(docker(['exec', '-i', 'cli', 'sh', '-c', 'cat; exit 4'], 'typed\n'), {
    status: 4,
    stdout: 'typed\n',
    stderr: '',
  });
  assert.is(docker(['exec', 'cli', 'sh', '-c', 'echo content > /file']).status, 0);
  assert.is(docker(['cp', 'cli:/file', `${folder}/copy`]).status, 0);
  assert.is(docker(['cp', `${folder}/copy`, 'cli:/again']).status, 0);
  assert.equal(docker(['exec', 'cli', 'cat', '/again']).stdout, 'content\n');
  assert.match(docker(['diff', 'cli']).stdout, /^A \/file$/m);
  assert.match(docker(['top', 'cli']).stdout, /sleep 60/);
  assert.is(docker(['logs', 'cli']).stdout, 'started\n');
  assert.is(docker(['rm', '-f', 'cli']).status, 0);
});

/** What a list says of one container: `/NAME STATE STATUS`, or `gone`. */
async function listed(id: string): Promise<string> {
  const { json } = await daemon.ask('GET', '/v1.41/containers/json?all=1');
  const one = json.find(({ Id }: { Id: string }) => Id === id);
  return one === undefined ? 'gone' : `${one.Names} ${one.State} ${one.Status}`;
}

test('what other processes do to a container is in the very next list, though nothing had changed for a while', async () => {
  const health = ['--health-cmd', 'test ! -e /bad', '--health-interval', '300ms', '--health-retries', '1'];
  const id = await box.start('sleep 1000', '--name', 'seen', ...health);
  const until = (status: string) =>
    eventually(async () => assert.is(await box.inspect(id, '{{.State.Health.Status}}'), status), 30);
  const sicken = () => box.inside(id, 'touch /bad').then(() => until('unhealthy'));
  const killSupervisor = async () => {
    const supervisor = identityOf(supervisorPid(box, id)!);
    process.kill(supervisor.pid, 'SIGKILL');
    await eventually(() => assert.is(isAlive(supervisor), false), 30);
  };
  await until('healthy');
  const changes: [change: () => unknown, shown: RegExp][] = [
    [() => box.ok(['rename', id, 'other']), /^\/other running Up .*\(healthy\)$/],
    [() => box.ok(['pause', id]), /^\/other paused Up .*\(Paused\)$/],
    [() => box.ok(['unpause', id]), /^\/other running Up .*\(healthy\)$/],
    [() => box.ok(['pause', id]), /^\/other paused Up .*\(Paused\)$/],
    [() => box.ok(['unpause', id]), /^\/other running Up .*\(healthy\)$/],
    [sicken, /^\/other running Up .*\(unhealthy\)$/],
    [() => box.ok(['stop', '-t', '0', id]), /^\/other exited Exited \(137\) /],
    [() => box.ok(['start', id]), /^\/other running Up /],
    [killSupervisor, /^\/other exited Exited \(137\) /],
    [() => box.ok(['rm', id]), /^gone$/],
  ];
  for (const [change, shown] of changes) {
    // Long enough for what does not change to be remembered.
    for (let i = 0; i < 3; i++) {
      await listed(id);
      await new Promise(resolve => setTimeout(resolve, 60));
    }
    await change();
    assert.match(await listed(id), shown, String(change));
  }
});

test('top waits for ps, and the daemon for nobody', async () => {
  await box.ok(['run', '-d', '--name', 'topped', '--network', 'none', 'bb', 'sleep', '1000']);
  const held = temporaryFolder('held-ps');
  const ps = findProgram('ps')!;
  copyFileSync(ps, join(held, 'ps'));
  const lines = ['#!/bin/sh', `echo >> ${held}/called`, `while [ ! -e ${held}/go ]; do sleep 0.05; done`];
  writeFileSync(join(held, 'slow'), [...lines, `exec ${held}/ps "$@"`, ''].join('\n'), { mode: 0o755 });
  await daemon.end();
  // In a mount namespace of the daemon's own ps is another.
  daemon = await startDaemon(
    box,
    [],
    ['unshare', '-m', 'sh', '-c', `mount --bind ${held}/slow ${ps} && exec "$@"`, 'sh'],
  );
  const top = daemon.ask('GET', '/v1.41/containers/topped/top');
  await eventually(() => existsSync(join(held, 'called')), 30);
  const pinged = await Promise.race([daemon.ask('GET', '/_ping'), sleep(20_000, 'no answer', { ref: false })]);
  writeFileSync(join(held, 'go'), '');
  assert.is((pinged as Answer).status, 200);
  const { json } = await top;
  assert.is(json.Processes.length, 1);
  assert.is(json.Processes[0].at(-1), 'sleep 1000');
  await box.ok(['rm', '-f', 'topped']);
});

test.run();
