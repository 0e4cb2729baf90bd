// @mounts-nothing what containers mount is seen by other files; here it is asked for over HTTP
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { type Daemon, startDaemon } from './support/daemon.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

/** Debian's docker-compose keeps a project of two services through our daemon: up, looked at, scaled, changed, down. */
const test = requires('root', 'overlayfs', 'iptables', 'busybox', 'docker-compose');
let daemon: Daemon;
let box: BusyboxEngine;
let project: string;

const file = (greeting: string) => `
version: '3.7'
services:
  web:
    image: bb
    command: sh -c 'echo "$$GREETING from $$(hostname)" > /index.html; echo serving; exec httpd -f -p 80 -h /'
    environment:
      GREETING: ${greeting}
    depends_on: [db]
    stop_signal: SIGKILL
  db:
    image: bb
    command: sh -c 'echo stored >> /data/rows; echo ready; exec httpd -f -p 5432 -h /data'
    volumes: ['rows:/data']
    networks:
      default:
        aliases: [database]
    stop_signal: SIGKILL
volumes:
  rows:
`;

test.before(async () => {
  box = await busyboxEngine();
  daemon = await startDaemon(box);
  project = join(box.folder, 'shop');
  mkdirSync(project);
  writeFileSync(join(project, 'docker-compose.yml'), file('hello'));
});
test.after(async () => {
  await daemon.end();
});
test.after.each(async () => {
  if ((await box.ok(['ps', '-aq'])) !== '') await compose('down', '-v', '--remove-orphans', '-t', '0');
});

const compose = (...args: string[]) =>
  execa('docker-compose', ['--no-ansi', ...args], {
    cwd: project,
    reject: false,
    stdin: 'ignore',
    env: { DOCKER_HOST: daemon.host, DOCKER_CONFIG: box.folder },
    timeout: 60_000,
  });
async function said(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await compose(...args);
  if (exitCode !== 0) throw new Error(`docker-compose ${args.join(' ')}: ${exitCode}\n${stdout}\n${stderr}`);
  return stdout;
}

const noted = (text: string) => text.split('\n').sort();
const running = async (service: string) =>
  box.ok(['ps', '-q', '--no-trunc', '--filter', `label=com.docker.compose.service=${service}`]);

test('a project: up, ps, logs, exec, names, scale, down', async () => {
  await said('up', '-d');
  assert.equal(noted(await box.ok(['ps', '--format', '{{.Names}}'])), ['shop_db_1', 'shop_web_1']);
  const listed = await said('ps');
  assert.match(listed, /shop_db_1 .* Up/);
  assert.match(listed, /shop_web_1 .* Up/);
  const look =
    'for page in db:5432/rows database:5432/rows web; do until wget -q -O- http://$page; do sleep 0.1; done; done; exit 7';
  await box.inside('shop_web_1', 'until wget -q -O- http://127.0.0.1/; do sleep 0.1; done');
  const { exitCode, stdout } = await compose('exec', '-T', 'web', 'sh', '-c', look);
  assert.match(stdout, /^stored\nstored\nhello from [0-9a-f]{12}$/);
  assert.is(exitCode, 7);
  assert.match(await said('logs', 'web'), /web_1 +\| serving/);
  assert.match(await said('top', 'db'), /httpd -f -p 5432/);

  await said('up', '-d', '--scale', 'web=3');
  assert.is(noted(await running('web')).length, 3);
  await said('up', '-d', '--scale', 'web=1');
  assert.is(noted(await running('web')).length, 1);

  await said('down', '-v', '-t', '0');
  assert.is(await box.ok(['ps', '-aq']), '');
  assert.is(await box.ok(['volume', 'ls', '-q']), '');
  assert.equal(noted(await box.ok(['network', 'ls', '--format', '{{.Name}}'])), ['bridge', 'host', 'none']);
});

test('a second up leaves what has not changed, makes anew what has, and keeps its volume', async () => {
  await said('up', '-d');
  const [web, db] = [await running('web'), await running('db')];
  await said('up', '-d');
  assert.equal([await running('web'), await running('db')], [web, db]);
  writeFileSync(join(project, 'docker-compose.yml'), file('salut'));
  await said('up', '-d', '-t', '0');
  assert.is(await running('db'), db);
  assert.is.not(await running('web'), web);
  assert.is(await said('run', '--rm', '-T', '--no-deps', 'web', 'sh', '-c', 'echo $GREETING'), 'salut');
  await said('rm', '-sfv', 'db');
  assert.is(await running('db'), '');
  await said('up', '-d', '-t', '0');
  await eventually(async () => (await box.inside('shop_db_1', 'cat /data/rows')) === 'stored\nstored', 30);
  await said('restart', '-t', '0', 'web');
  await said('stop', '-t', '0');
  assert.is(await box.ok(['ps', '-q']), '');
  await said('start');
  assert.equal(noted(await box.ok(['ps', '--format', '{{.Names}}'])), ['shop_db_1', 'shop_web_1']);
});

test('a service that is built: up shows its output until it ends, down removes its image', async () => {
  writeFileSync(join(project, 'Dockerfile'), 'FROM bb\nRUN echo built > /made\nCMD ["cat", "/made"]\n');
  const built = `version: '3.7'\nservices:\n  made:\n    build: .\n    network_mode: none\n`;
  writeFileSync(join(project, 'docker-compose.yml'), built);
  const { exitCode, stdout, stderr } = await compose('up');
  assert.is(exitCode, 0, stderr);
  assert.match(stdout, /made_1 +\| built/);
  assert.match(stdout, /shop_made_1 exited with code 0/);
  await said('down', '--rmi', 'all');
  assert.is(await box.ok(['images', '-q', 'shop_made']), '');
});

test.run();
