import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { registeredEngines } from '../src/state/engines.ts';
import { cgroupParent, enginesDirectory } from '../src/state/paths.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { onExit, testRun } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { heldBy } from './support/faults/held.ts';
import type { Sandbox } from './support/minidock.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip', 'curl');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => box.removeAll());

const sh = (command: string) => {
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', command], { encoding: 'utf8', timeout: 10_000 });
  assert.is(status, 0, `${command}: ${stderr}`);
  return stdout.trim();
};

/** What of an engine is outside of its root: its bridge, rules, cgroups, exec-root, entry. */
function outside({ root, execRoot, bridge }: Pick<Sandbox, 'root' | 'execRoot' | 'bridge'>): string[] {
  return [
    ...(existsSync(`/proc/sys/net/ipv4/conf/${bridge}`) ? [`bridge ${bridge}`] : []),
    ...sh('iptables-save')
      .split('\n')
      .filter(line => line.includes(bridge) && !line.startsWith(':'))
      .sort(),
    ...readdirSync('/sys/fs/cgroup')
      .map(name => `/sys/fs/cgroup/${name}${cgroupParent({ root, execRoot })}`)
      .filter(existsSync),
    ...(existsSync(execRoot) ? [`exec-root ${execRoot}`] : []),
    ...registeredEngines().flatMap(one =>
      one.root === root ? [`entry ${one.id} ${one.execRoots} ${one.bridges}`] : [],
    ),
  ];
}

/** An engine that has run a container on its bridge, and whose root is deleted. */
async function goneEngine(): Promise<BusyboxEngine> {
  const gone = await busyboxEngine();
  await gone.ok(['run', '--rm', 'bb', 'true']);
  // The supervisor ends a moment after the command, and what still runs keeps an engine.
  await eventually(() => assert.equal(heldBy(gone), []), 20);
  rmSync(gone.root, { recursive: true });
  return gone;
}

test('what an engine left whose root was deleted goes; a living engine beside it loses nothing', async () => {
  const port = await freePort();
  const serve = 'mkdir /srv; echo page > /srv/index.html; exec httpd -f -p 80 -h /srv';
  const id = await box.start(serve, '--network', 'bridge', '-p', `${port}:80`);
  const page = () => sh(`curl -s -m 2 http://127.0.0.1:${port}/`);
  await eventually(() => assert.is(page(), 'page'));
  const gone = await goneEngine();
  assert.ok(outside(gone).length > 20, 'there is something to remove');
  const before = outside(box);
  const output = await box.ok(['system', 'prune', '-f']);
  assert.match(output, new RegExp(`^Deleted Networks:\n(.+\n)*${gone.bridge}\n`));
  assert.match(output, new RegExp(`^Deleted Engines:\n(.+\n)*${gone.root}\n`, 'm'));
  assert.match(output, /\n\nTotal reclaimed space: 0B$/);
  assert.equal(outside(gone), []);
  assert.equal(outside(box), before);
  assert.is(page(), 'page');
  assert.is(await box.inspect(id, '{{.State.Status}}'), 'running');
  assert.not.match(await box.ok(['system', 'prune', '-f']), new RegExp(gone.bridge), 'the second time nothing is left');
});

test('so do the networks that a user made there: their bridges, their rules, and who answered names on them', async () => {
  const gone = await busyboxEngine();
  const bridges: string[] = [];
  for (const flags of [
    ['made'],
    ['--internal', 'inside'],
    ['-o', `com.docker.network.bridge.name=own-${gone.bridge.slice(-6)}`, 'named'],
  ])
    await gone.ok(['network', 'create', ...flags]);
  bridges.push(...registeredEngines().flatMap(one => (one.root === gone.root ? one.bridges : [])));
  assert.is(bridges.filter(name => name !== gone.bridge).length, 3);
  await gone.ok(['run', '-d', '--name', 'web', '--network', 'made', 'bb', 'sleep', '1000']);
  await gone.ok(['rm', '-f', 'web']);
  const left = () => bridges.flatMap(bridge => outside({ ...gone, bridge }).filter(line => line.includes(bridge)));
  assert.ok(left().length > 20, 'there is something to remove');
  rmSync(gone.root, { recursive: true });
  // The keeper, which answered names, sees that there is nothing to keep any more.
  await eventually(async () => {
    await box.ok(['system', 'prune', '-f']);
    assert.equal([...left(), ...outside(gone)], []);
  });
});

test('a root that was deleted and is there again is another engine: what the first left goes', async () => {
  const gone = await goneEngine();
  mkdirSync(gone.root);
  assert.match(await gone.ok(['system', 'prune', '-f']), new RegExp(`${gone.bridge}\n`));
  assert.equal(outside(gone), [`exec-root ${gone.execRoot}`], 'it is the one that did this');
});

test('a new engine in the place of one that is gone keeps what it took over', async () => {
  const gone = await goneEngine();
  await gone.ok(['import', '-c', 'CMD ["sh"]', (await busyboxImage()).rootfs, 'bb']);
  await gone.ok(['run', '-d', 'bb', 'sleep', '1000']);
  const before = outside(gone).filter(line => !line.startsWith('entry'));
  await box.ok(['system', 'prune', '-f']);
  assert.equal(
    outside(gone).filter(line => !line.startsWith('entry')),
    before,
  );
  assert.is(outside(gone).filter(line => line.startsWith('entry')).length, 1, 'the entry of the first one is gone');
  gone.close();
});

test('of an engine whose containers still run nothing is touched, and it is said which processes they are', async () => {
  const gone = await busyboxEngine();
  const id = await gone.start('sleep 1000', '--network', 'bridge');
  const pid = Number(await gone.inspect(id, '{{.State.Pid}}'));
  onExit(() => spawnSync('kill', ['-9', String(pid)]));
  rmSync(gone.root, { recursive: true });
  const before = outside(gone);
  const { stdout, stderr } = await box.minidock(['system', 'prune', '-f']);
  assert.match(
    String(stderr),
    new RegExp(`^minidock: warning: the engine of ${gone.root} is gone, .*\\b${pid}\\b`, 'm'),
  );
  assert.not.match(String(stdout), new RegExp(gone.bridge));
  assert.equal(outside(gone), before);
  process.kill(pid, 'SIGKILL');
  await eventually(async () => {
    await box.ok(['system', 'prune', '-f']);
    assert.equal(outside(gone), []);
  });
});

test('what cannot be removed of one engine is said, and keeps no other', async () => {
  const id = '00000000-0000-4000-8000-000000000000';
  const entry = { id, root: join(box.root, 'gone'), execRoots: [], bridges: ['x y'] };
  const file = join(enginesDirectory, `${id}.json`);
  writeFileSync(file, JSON.stringify(entry));
  onExit(() => rmSync(file, { force: true }));
  const gone = await goneEngine();
  const { exitCode, stderr } = await box.minidock(['system', 'prune', '-f']);
  assert.is(exitCode, 0);
  assert.match(String(stderr), /^minidock: warning: the engine of .*\/gone is gone, .*invalid bridge name "x y"/m);
  assert.equal(outside(gone), []);
  rmSync(file);
});

test('a bridge that cannot be one is refused before anything is entered', async () => {
  const entries = () => registeredEngines().filter(({ root }) => root === box.root);
  const before = entries();
  const { exitCode, stderr } = await box.minidock(['--bridge', 'x y', 'run', '--rm', 'bb', 'true']);
  assert.is(exitCode, 125);
  assert.match(String(stderr), /^minidock: invalid bridge name "x y"/);
  assert.equal(entries(), before);
});

test('a bridge of that name that somebody else has made since, and other files in the exec-root, stay', async () => {
  const gone = await goneEngine();
  sh(`ip link del ${gone.bridge}; ip link add ${gone.bridge} type bridge`);
  writeFileSync(join(gone.execRoot, 'notes'), 'not ours');
  await box.ok(['system', 'prune', '-f']);
  assert.ok(existsSync(`/sys/class/net/${gone.bridge}`));
  assert.is(readFileSync(join(gone.execRoot, 'notes'), 'utf8'), 'not ours');
  sh(`ip link del ${gone.bridge}`);
});

/** Without the sections on engines, which another run on this machine may have left something for. */
const own = (output: unknown) => String(output).replace(/^Deleted (Networks|Engines):\n(.+\n)*\n/gm, '');

test('stopped containers, volumes and images go, each only when asked for; what runs and what it has stays', async () => {
  await box.build('other', []);
  const image = (await box.ok(['images', '-q', '--no-trunc', 'other'])).trim();
  const write = 'head -c 100000 /dev/zero > /file; echo hello > /data/file';
  await box.ok([
    'run',
    '--name',
    'ended',
    '--network',
    'none',
    '-v',
    'kept:/data',
    '-v',
    '/anonymous',
    'bb',
    'sh',
    '-c',
    write,
  ]);
  const ended = await box.inspect('ended', '{{.Id}}');
  const anonymous = await box.inspect('ended', '{{range .Mounts}}{{.Name}} {{end}}');
  const running = await box.start('sleep 1000', '-v', 'used:/data');
  const list = (folder: string) =>
    readdirSync(join(box.root, folder))
      .filter(name => !name.startsWith('.'))
      .sort();
  const volumes = [...anonymous.trim().split(' '), 'used'].sort();

  const first = await box.ok(['system', 'prune', '-f']);
  assert.is(own(first), `Deleted Containers:\n${ended}\n\nTotal reclaimed space: 100kB`);
  assert.equal(list('containers'), [running]);
  assert.equal(list('volumes'), volumes);

  const second = own(await box.ok(['system', 'prune', '-a', '-f', '--volumes']));
  const [, names = '', images = '', size] =
    /^Deleted Volumes:\n((?:.+\n)+)\nDeleted Images:\n((?:.+\n)+)\nTotal reclaimed space: (.+)$/.exec(second) ?? [];
  assert.equal(
    names.trim().split('\n').sort(),
    volumes.filter(name => name !== 'used'),
  );
  assert.match(images, new RegExp(`^untagged: other:latest\ndeleted: ${image}\n`));
  assert.match(size ?? '', /^\d[\d.]*[kM]B$/);
  assert.equal(list('volumes'), ['used']);
  assert.is(await box.ok(['images', '--format', '{{.Repository}}']), 'bb', 'a running container has it');
  assert.is(await box.inspect(running, '{{.State.Status}}'), 'running');
});

test('filters: labels and time of containers and images', async () => {
  await box.build('labelled', [], ['LABEL course=os']);
  await box.ok(['run', '--network', 'none', '--name', 'one', 'labelled', 'true']);
  await box.ok(['run', '--network', 'none', '--name', 'two', 'bb', 'true']);
  const prune = async (...args: string[]) => own(await box.ok(['system', 'prune', '-f', ...args]));
  const nothing = 'Total reclaimed space: 0B';
  assert.is(await prune('--filter', 'until=1h'), nothing);
  assert.is(await prune('--filter', 'label=course=biology'), nothing);
  assert.is(await prune('--filter', 'label=course', '--filter', 'label!=course=os'), nothing);
  const one = await box.inspect('one', '{{.Id}}');
  assert.is(await prune('--filter', 'label=course=os'), `Deleted Containers:\n${one}\n\n${nothing}`);
  assert.match(await prune('-a', '--filter', 'label=course'), /^Deleted Images:\nuntagged: labelled:latest\n/);
  const two = await box.inspect('two', '{{.Id}}');
  assert.is(await prune('--filter', 'label!=course'), `Deleted Containers:\n${two}\n\n${nothing}`);
});

test('it asks in Docker’s words; anything but y is no', async () => {
  const id = await box.start('true');
  await eventually(async () => assert.is(await box.inspect(id, '{{.State.Status}}'), 'exited'));
  const question = 'Are you sure you want to continue? [y/N] ';
  const ask = (input: string, ...args: string[]) =>
    box.minidock(['system', 'prune', ...args], { stdin: 'pipe', input });
  for (const no of ['', '\n', 'n\n', 'yes please\n']) {
    const { exitCode, stdout } = await ask(no);
    assert.is(exitCode, 0);
    assert.is(
      stdout,
      `WARNING! This will remove:
  - all stopped containers
  - all networks not used by at least one container
  - all dangling images
  - what engines left whose root is gone: bridges, firewall rules, cgroups

${question}`,
    );
  }
  const { stdout: all } = await ask('n\n', '-a', '--volumes', '--filter', 'label=x', '--filter', 'label!=y');
  assert.is(
    all,
    `WARNING! This will remove:
  - all stopped containers
  - all networks not used by at least one container
  - all volumes not used by at least one container
  - all images without at least one container associated to them

  Items to be pruned will be filtered with:
  - label!=y
  - label=x

${question}`,
  );
  assert.is(await box.inspect(id, '{{.State.Status}}'), 'exited');
  const { stdout: done } = await ask('y\n');
  assert.match(own(String(done).split(question)[1]), new RegExp(`^Deleted Containers:\n${id}\n\nTotal`));
});

test('what makes no sense is refused before anything is removed', async () => {
  const refused = async (...args: string[]) => {
    const { exitCode, stderr } = await box.minidock(['system', 'prune', '-f', ...args]);
    return `${exitCode} ${stderr}`;
  };
  assert.is(
    await refused('--volumes', '--filter', 'until=1h'),
    '1 minidock: The "until" filter is not supported with "--volumes"',
  );
  assert.match(await refused('--filter', 'foo=bar'), /^1 minidock: invalid filter 'foo'/);
  assert.match(await refused('--filter', 'until=soon'), /^1 minidock: .*"?soon"?/);
  assert.match(await refused('x'), /accepts no arguments/);
});

test('a container that is just being started is not a stopped one, and a volume that is just being made is kept', async () => {
  const ids = new Set<string>();
  const starts = Array.from({ length: 12 }, async (_, i) => {
    const script = ['bb', 'sh', '-c', 'echo x > /data/x; sleep 1000'];
    const run = await box.minidock(['run', '-d', '--network', 'none', '-v', `fresh${i}:/data`, ...script]);
    if (run.exitCode === 0) ids.add(String(run.stdout));
    // As in Docker, one that is made and whose start has not begun is a stopped one.
    else assert.match(String(run.stderr), /No such container/);
  });
  let pending = true;
  const all = Promise.all(starts).finally(() => {
    pending = false;
  });
  while (pending) await box.ok(['system', 'prune', '-f', '--volumes']);
  await all;
  assert.is((await box.ok(['ps', '-q', '--no-trunc'])).split('\n').length, ids.size);
  for (const id of ids) await eventually(async () => assert.is(await box.inside(id, 'cat /data/x'), 'x'));
});

test('the half-written entry of a command that was killed goes, and that of one at work stays', async () => {
  const { pid } = spawnSync('true');
  const [dead, living] = [pid, process.pid].map(one => join(enginesDirectory, `${testRun}.json.${one}.tmp`));
  onExit(() => {
    for (const file of [dead!, living!]) rmSync(file, { force: true });
  });
  for (const file of [dead!, living!]) writeFileSync(file, '{');
  await box.ok(['system', 'prune', '-f']);
  assert.equal([dead!, living!].map(existsSync), [false, true]);
  rmSync(living!);
});

test.run();
