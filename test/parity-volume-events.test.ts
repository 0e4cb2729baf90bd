import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Both, both } from './support/both.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

/** What events tell of volumes, of what is pruned, and of memory that runs out, on Docker 20.10 and here. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10');
let two: Both;
test.before(async () => {
  two = await both();
});
test.after(() => two.box.removeAll());

const form = '{{.Type}} {{.Action}} {{.Actor.ID}} {{json .Actor.Attributes}}';
const now = () => (Date.now() / 1000).toFixed(3);

const ofVolumes = ['--filter', 'type=container', '--filter', 'type=volume'];

/** Events since a time, of containers and volumes unless others are named. Docker ends with volumes in any order. */
async function events(engine: 'docker' | 'ours', since: string, which = ofVolumes): Promise<string[]> {
  const words = ['events', '--since', since, '--until', now(), '--format', form];
  const { stdout } = await two[engine]([...words, ...which]);
  const lines = stdout.trimEnd().split('\n').map(normal);
  for (let from = 0; from < lines.length; from++) {
    const action = lines[from]!.split(' ', 2).join(' ');
    let end = from;
    while (lines[end]?.startsWith(`${action} `)) end++;
    if (end > from) lines.splice(from, end - from, ...lines.slice(from, end).sort());
  }
  return lines;
}

const normal = (line: string) => line.replace(/[0-9a-f]{64}/g, 'ID').replace(/"reclaimed":"\d+"/, '"reclaimed":"N"');

/** The same commands on both, then the events of all of them. `until` is waited for after each where it is given. */
async function same(commands: (string[] | [string[], string])[]): Promise<string[]> {
  const told: Record<string, string[]> = {};
  for (const engine of ['docker', 'ours'] as const) {
    const began = now();
    for (const one of commands) {
      const [words, last] = Array.isArray(one[0]) ? (one as [string[], string]) : [one as string[], undefined];
      await two[engine](words);
      if (last !== undefined)
        await eventually(async () => assert.match((await events(engine, began)).at(-1) ?? '', last), 30);
    }
    told[engine] = await events(engine, began);
  }
  assert.equal(told.ours, told.docker);
  return told.ours!;
}

test('volumes are created, mounted, unmounted and destroyed where Docker says so', async () => {
  const folder = temporaryFolder('cp');
  const told = await same([
    ['volume', 'create', 'pre'],
    [
      'create',
      '--name',
      'r1',
      '--network=none',
      '-v=named:/n',
      '-v=/anon',
      '-v=pre:/p:ro',
      '-v=/tmp:/t:ro',
      'bb',
      'true',
    ],
    [['start', 'r1'], 'volume unmount'],
    ['cp', 'r1:/n', join(folder, 'out')],
    ['create', '--name', 'r2', '--network=none', '--volumes-from', 'r1', 'bb', 'true'],
    ['rm', 'r2'],
    ['rm', '-v', 'r1'],
    [['run', '-d', '--rm', '--name', 'r3', '--network=none', '-v=/anon', 'bb', 'true'], 'container destroy'],
    ['create', '--name', 'bad', '--network=none', '-v=named:/n', 'bb', '/nonexistent'],
    ['start', 'bad'],
    ['rm', 'bad'],
    ['volume', 'rm', 'pre'],
    ['volume', 'prune', '-f'],
  ]);
  assert.is(told.filter(line => line.startsWith('volume mount')).length, 3 + 3 + 1 + 1);
});

/** What prunes tell: how much room they made differs, and whether any. */
test('every prune is told with the room that it made, also where nothing was there to remove', async () => {
  const prunes = [
    ...['container', 'volume', 'network', 'image', 'builder'].map(what => [what, 'prune', '-f']),
    ['system', 'prune', '-f', '--volumes'],
  ];
  const told: Record<string, string[]> = {};
  const shown: Record<string, string> = {};
  for (const engine of ['docker', 'ours'] as const) {
    const began = now();
    await two[engine](['create', '--name', 'p1', '--network=none', 'bb', 'sh', '-c', 'true']);
    await two[engine](['network', 'create', 'pruned']);
    for (const words of prunes) assert.is((await two[engine](words)).code, 0, words.join(' '));
    told[engine] = await events(engine, began, ['--filter', 'event=prune', '--filter', 'event=destroy']);
    shown[engine] = (
      await two[engine](['events', '--since', began, '--until', now(), '--filter', 'event=prune'])
    ).stdout;
  }
  // Ours has no cache apart from images: what their pruning leaves of it counts as none.
  assert.is(told.docker!.pop()?.split(' ', 2).join(' '), 'builder prune');
  assert.equal(told.ours, told.docker);
  const line = (text: string) => text.replace(/^\S+ /gm, '').replace(/=\d+/g, '=N');
  const [mine, its] = [line(shown.ours!).split('\n'), line(shown.docker!).split('\n')];
  assert.equal(mine, its.toSpliced(its.length - 2, 1));
});

test('memory that runs out is told at once, while the container lives on; a restart tells of its volumes', async () => {
  const script = 'trap "exit 0" TERM; test -e /ran || tail /dev/zero; touch /ran; while :; do sleep 0.1; done';
  const limits = ['-m', '20m', '--memory-swap', '20m'];
  await same([
    [
      ['run', '-d', '--name', 'r4', '--network=none', ...limits, '-v=named:/n', 'bb', 'sh', '-c', script],
      'container oom',
    ],
    ['restart', 'r4'],
    ['rm', '-f', 'r4'],
    [['run', '-d', '--name', 'r5', '--network=none', ...limits, 'bb', 'tail', '/dev/zero'], 'container die'],
    ['rm', 'r5'],
    ['volume', 'rm', 'named'],
  ]);
});

test.run();
