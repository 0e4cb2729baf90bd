// @mounts-nothing what containers mount is seen by other files; here it is asked for over HTTP
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { GenericContainer, Network, type StartedTestContainer, Wait } from 'testcontainers';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { type Daemon, startDaemon } from './support/daemon.ts';
import { requires } from './support/requires.ts';

/**
 * Testcontainers, by which programs test themselves beside a database, works through our daemon. Its own helpers are images of
 * Docker Hub's: Ryuk, which would remove what is left, is off.
 */
const test = requires('root', 'overlayfs', 'iptables', 'busybox');
let daemon: Daemon;
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
  daemon = await startDaemon(box);
  Object.assign(process.env, {
    DOCKER_HOST: daemon.host,
    DOCKER_CONFIG: box.folder,
    HOME: box.folder,
    TESTCONTAINERS_RYUK_DISABLED: 'true',
    // It looks for a gateway where it believes that it is in a container.
    TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
  });
});
test.after(async () => {
  await daemon.end();
});
test.after.each(() => box.removeAll());

const page = async (container: StartedTestContainer, path = '/') =>
  (await fetch(`http://${container.getHost()}:${container.getMappedPort(80)}${path}`)).text();

test('a web server: files copied in, exposed at a free port of the host, awaited by its log, its port, its page', async () => {
  const folder = temporaryFolder('page');
  writeFileSync(join(folder, 'about'), 'copied from a file\n');
  const server = (wait: ReturnType<typeof Wait.forLogMessage>) =>
    new GenericContainer('bb')
      .withCommand(['sh', '-c', 'echo "serving $WHO"; exec httpd -f -p 80 -h /www'])
      .withEnvironment({ WHO: 'you' })
      .withLabels({ a: 'b' })
      .withExposedPorts(80)
      .withCopyContentToContainer([{ content: 'made of text\n', target: '/www/index.html' }])
      .withCopyFilesToContainer([{ source: join(folder, 'about'), target: '/www/about', mode: 0o644 }])
      .withWaitStrategy(wait)
      .start();
  const [first, second] = await Promise.all([
    server(Wait.forAll([Wait.forLogMessage('serving you'), Wait.forListeningPorts()])),
    server(Wait.forHttp('/about', 80).forStatusCode(200)),
  ]);
  for (const container of [first, second])
    assert.equal([await page(container), await page(container, '/about')], ['made of text\n', 'copied from a file\n']);
  assert.is.not(first.getMappedPort(80), second.getMappedPort(80));
  assert.equal([first.getLabels().a, first.getName()], ['b', await box.inspect(first.getId(), '{{.Name}}')]);

  const { output, stdout, stderr, exitCode } = await first.exec(['sh', '-c', 'echo out; echo err >&2; exit 3'], {
    env: { A: 'b' },
    workingDir: '/www',
  });
  assert.equal([stdout, stderr, exitCode, output.includes('out\n')], ['out\n', 'err\n', 3, true]);
  await first.copyContentToContainer([{ content: 'later\n', target: '/www/later' }]);
  assert.is(await page(first, '/later'), 'later\n');
  assert.match(await text(await first.copyArchiveFromContainer('/www/later')), /later/);
  await first.restart();
  assert.is(await page(first, '/later'), 'later\n');
  await first.stop();
  await second.stop({ remove: false });
  assert.is(await box.ok(['ps', '-aq', '--no-trunc']), second.getId());
});

test('a server and its client find each other by an alias on a network; a health check is awaited', async () => {
  const network = await new Network().start();
  const database = await new GenericContainer('bb')
    .withNetwork(network)
    .withNetworkAliases('database')
    .withTmpFs({ '/rows': 'rw' })
    .withUser('0:0')
    .withCommand(['sh', '-c', 'until [ -e /rows/index.html ]; do sleep 0.1; done; exec httpd -f -p 5432 -h /rows'])
    .withHealthCheck({
      test: ['CMD-SHELL', 'echo rows > /rows/index.html; wget -q -O- http://127.0.0.1:5432'],
      interval: 200,
      timeout: 10_000,
      retries: 100,
    })
    .withWaitStrategy(Wait.forHealthCheck())
    .start();
  const client = await new GenericContainer('bb')
    .withNetwork(network)
    .withCommand(['wget', '-q', '-O-', 'http://database:5432'])
    .withWaitStrategy(Wait.forOneShotStartup())
    .start();
  assert.is(await box.ok(['logs', client.getId()]), 'rows');
  assert.ok(database.getNetworkNames().includes(network.getName()));
  assert.match(database.getIpAddress(network.getName()), /^\d+\.\d+\.\d+\.\d+$/);
  for (const container of [client, database]) await container.stop();
  await network.stop();
  assert.equal((await box.ok(['network', 'ls', '--format', '{{.Name}}'])).split('\n').sort(), [
    'bridge',
    'host',
    'none',
  ]);
});

test('an image of a Dockerfile: its arguments, its exposed port, limits; a port that accepts', async () => {
  const folder = temporaryFolder('context');
  writeFileSync(join(folder, 'greeting'), 'built in\n');
  writeFileSync(
    join(folder, 'Dockerfile'),
    'FROM bb\nARG PORT\nCOPY greeting /\nEXPOSE $PORT\nENV PORT=$PORT\nCMD while nc -l -p $PORT < /greeting; do :; done\n',
  );
  const image = await GenericContainer.fromDockerfile(folder).withBuildArgs({ PORT: '7000' }).build('greeter:1');
  const container = await image
    .withExposedPorts(7000)
    .withResourcesQuota({ memory: 0.0625 })
    .withWaitStrategy(Wait.forSuccessfulCommand('test -e /greeting'))
    .start();
  const socket = connect(container.getMappedPort(7000), container.getHost());
  assert.is(await text(socket), 'built in\n');
  assert.is(await box.inspect(container.getId(), '{{.HostConfig.Memory}}'), String(64 << 20));
  const lines = await container.logs();
  lines.destroy();
  await container.stop();
});

test('what does not start in time is an error that says so, and nothing of it is left', async () => {
  const silent = new GenericContainer('bb')
    .withCommand(['sleep', '1000'])
    .withStartupTimeout(500)
    .withWaitStrategy(Wait.forLogMessage('never said'));
  const error = await silent.start().then(
    () => undefined,
    (reason: Error) => reason,
  );
  assert.match(String(error), /Log message "never said" not received after 500ms/);
  assert.is(await box.ok(['ps', '-aq']), '');
});

test.run();
