// @mounts-nothing its subject is the network
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { requires } from './support/requires.ts';

/** `--link` on the default network, where no names are answered. What it gives was taken from Docker 20.10. */
const test = requires('root', 'busybox', 'overlayfs', 'iptables');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => box.removeAll());

const run = (name: string, ...flags: string[]) =>
  box.start('sleep 1000', '--name', name, '--network', 'bridge', ...flags);
const addressOf = (name: string) => box.inspect(name, '{{.NetworkSettings.IPAddress}}');
const refused = async (...words: string[]) => {
  const { exitCode, stderr } = await box.minidock(words);
  return `${exitCode} ${String(stderr).split('\n')[0]}`;
};

test('hosts and the environment have the other container, for exec as well, and follow its name', async () => {
  await run('db', '--expose', '5432', '-e', 'SECRET=s', '--hostname', 'database');
  await run('app', '--link', 'db:my-store', '-e', 'MY_STORE_NAME=own');
  const address = await addressOf('db');
  assert.match(await box.inside('app', 'cat /etc/hosts'), `${address}\tmy-store database db\n`);
  const inside = async (script: string) =>
    (await box.inside('app', script))
      .split('\n')
      .filter(one => /^MY_STORE/.test(one))
      .sort();
  const all = [
    `MY_STORE_PORT=tcp://${address}:5432`,
    `MY_STORE_PORT_5432_TCP=tcp://${address}:5432`,
    `MY_STORE_PORT_5432_TCP_ADDR=${address}`,
    'MY_STORE_PORT_5432_TCP_PORT=5432',
    'MY_STORE_PORT_5432_TCP_PROTO=tcp',
    'MY_STORE_NAME=own',
    'MY_STORE_ENV_SECRET=s',
  ].sort();
  assert.equal(await inside('tr "\\0" "\\n" < /proc/1/environ'), all);
  assert.equal(await inside('env'), all);
  assert.is(await box.inspect('app', '{{json .HostConfig.Links}}'), '["/db:/app/my-store"]');
  await box.ok(['rename', 'db', 'base']);
  await box.ok(['restart', '-t', '0', 'app']);
  assert.match(await box.inside('app', 'cat /etc/hosts'), `${address}\tmy-store database base\n`);
  await box.ok(['stop', '-t', '0', 'base', 'app']);
  assert.match(
    await refused('start', 'app'),
    /^1 .*Cannot link to a non running container: \/base AS \/app\/my-store$/,
  );
});

test('links that cannot be are refused, and leave nothing', async () => {
  await run('db');
  await box.start('sleep 1000', '--name', 'apart');
  for (const [words, said] of [
    ['--link nobody:x', /could not get container for nobody: No such container: nobody$/],
    ['--link db:x:y', /invalid argument "db:x:y" for "--link" flag: bad format for links: db:x:y$/],
    ['--network host --link db', /conflicting options: host type networking can't be used with links/],
    ['--link apart:x', /Cannot link to \/apart, as it does not belong to the default network$/],
  ] as const) {
    const answer = await refused('run', '--rm', ...words.split(' '), 'bb', 'true');
    assert.match(answer, /^125 /, words);
    assert.match(answer, said);
  }
  assert.is(await box.ok(['ps', '-aq']).then(ids => ids.split('\n').length), 2);
});

test.run();
