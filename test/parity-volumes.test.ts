import * as assert from 'uvu/assert';
import { type Both, both } from './support/both.ts';
import { requires } from './support/requires.ts';

/** The verbs of volumes, beside Docker 20.10. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10');
let pair: Both;

test.before(async () => {
  pair = await both();
});
test.after.each(async () => {
  await pair.ask(['volume', 'prune', '-f']);
});

/** Commands in order; each is compared. */
const cases: [what: string, ...lines: string[]][] = [
  ['a name that is printed, and taken again', 'volume create v1', 'volume create v1', 'volume ls'],
  ['a random name', 'volume create'],
  ['labels', 'volume create v1 --label a=b --label c', 'volume inspect v1', 'volume ls -q --filter label=c'],
  ['labels as columns', 'volume create v1 --label a=b', 'volume ls --format {{.Name}}:{{.Labels}}:{{.Label\u00a0"a"}}'],
  ['all columns', 'volume create v1', 'volume ls --format {{json\u00a0.}}'],
  ['--name', 'volume create --name v2', 'volume create --name v2 v3'],
  ['too many names', 'volume create a b'],
  ['an unknown driver', 'volume create -d nodrv v9'],
  ['the driver local', 'volume create --driver local v9', 'volume inspect -f {{.Driver}},{{.Scope}} v9'],
  ['a name that is a path', 'volume create a/b'],
  ['a short name', 'volume create x'],
  ['an unknown option', 'volume create -o foo=bar v9'],
  ['an option without a device', 'volume create -o type=tmpfs v9'],
  [
    'filters by name',
    'volume create abc',
    'volume create xbx',
    'volume ls -q -f name=b',
    'volume ls -q -f name=a -f name=x',
    'volume ls -q -f name=^x',
    'volume ls -q -f name=( -f ',
    'volume ls -q --format raw -f name=abc',
  ],
  ['filters by driver', 'volume create abc', 'volume ls -q -f driver=local', 'volume ls -f driver=x'],
  ['unknown filters', 'volume ls -f foo=b', 'volume ls -f dangling=maybe', 'volume prune -f --filter x=y'],
  [
    'a volume in use',
    'volume create v1',
    'run --name user --network none -v v1:/d bb true',
    'volume rm v1',
    'volume ls -q -f dangling=true',
    'volume ls -q -f dangling=false',
    'volume prune -f',
    'rm -f user',
    'volume rm v1',
    'volume ls -q',
  ],
  [
    'a volume that run made',
    'run --rm --network none -v vn:/d bb true',
    'volume inspect vn',
    'inspect vn',
    'inspect --type volume vn',
  ],
  ['what is not there', 'volume rm nope', 'volume rm -f nope', 'volume inspect nope', 'inspect --type volume nope'],
  ['some of several', 'volume create v1', 'volume rm nope v1', 'volume ls'],
  [
    'prune by label',
    'volume create v1 --label a=b',
    'volume create v2',
    'volume prune -f --filter label!=a',
    'volume ls -q',
  ],
  ['prune asks', 'volume create v1', 'volume prune', 'volume ls -q'],
  ['nothing named', 'volume rm', 'volume inspect', 'volume ls x'],
];

for (const [what, ...lines] of cases)
  test(`volume: ${what}`, async () => {
    // A blank within a word is written as one that does not break.
    for (const line of lines) await pair.same(line.split(' ').map(word => word.replaceAll('\u00a0', ' ')));
  });

test('volume prune deletes files and says how much', async () => {
  for (const line of ['volume create v1', 'run --rm --network none -v v1:/d bb sh -c'])
    await pair.same([...line.split(' '), ...(line.startsWith('run') ? ['head -c 1500 /dev/zero > /d/x'] : [])]);
  const { stdout } = await pair.same(['volume', 'prune', '-f']);
  assert.is(stdout, 'Deleted Volumes:\nv1\n\nTotal reclaimed space: 1.5kB\n');
});

test.run();
