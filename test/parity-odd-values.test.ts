import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Both, both } from './support/both.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { requires } from './support/requires.ts';

// @mounts-nothing it asks for words, codes and output

/** What a script's empty variable or odd value means to the verbs of a container, beside Docker 20.10. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10');
let pair: Both;
const folder = temporaryFolder('odd');
const withNul = join(folder, 'nul');
writeFileSync(withNul, 'A=1\0B=2\n');

test.before(async () => {
  pair = await both();
  await pair.same(['run', '-d', '--name', 'one', '--network', 'none', '-u', '1:1', 'bb', 'sleep', '1000']);
  await pair.ask(['commit', '-c', 'USER 7', 'one', 'seven']);
});
test.after(async () => {
  await pair.ask(['rm', '-f', 'one', 'two']);
  await pair.ask(['volume', 'rm', '-f', 'odd', 'typed']);
});

// A blank within a word is written as one that does not break; nothing between two blanks is an empty word.
const words = (line: string) => line.split(' ').map(word => word.replaceAll('\u00a0', ' '));
const run = 'run --rm --network none';

/** The same exit code, output and gist of the error. */
const same: [what: string, ...lines: string[]][] = [
  ['no user: the container’s, or the image’s', 'exec -u  one id -u', `${run} -u  seven id -u`, `${run} -u  bb id -u`],
  ['what can be no image is nothing', 'inspect UPPER', 'inspect a\u00a0b', 'inspect ../x', 'inspect '],
  ['too many, too few', 'commit one a b', 'port one 80 90', 'commit'],
  [
    'the newest, and so many',
    `create --name two --network none --domainname dd -v /tmp:/h: -v odd:/v: bb true`,
    'ps -l -n 0 --format {{.Names}}',
    'ps -l -n 2 --format {{.Names}}',
    'inspect -f {{range\u00a0.HostConfig.Binds}}{{if\u00a0lt\u00a0.\u00a0"/z"}}{{.}}{{end}}{{end}}{{len\u00a0.HostConfig.Binds}}{{range\u00a0.Mounts}}{{if\u00a0eq\u00a0.Destination\u00a0"/v"}}{{.Mode}}{{end}}{{end}} two',
    'commit two withdomain',
    'inspect -f {{.Config.Domainname}} withdomain',
    'update --pids-limit -5 two',
    'inspect -f {{json\u00a0.HostConfig.PidsLimit}} two',
    'rm two',
    'inspect -s --type volume -f {{.Name}} odd',
    'inspect -s --type image -f {{.Os}} bb',
    'inspect -s -f {{.Name}} odd',
    'volume rm odd',
  ],
  [
    'two times',
    ...['container', 'image', 'system'].map(noun => `${noun} prune -f --filter until=1h --filter until=2h`),
  ],
  ['a name server that a container cannot reach', `${run} --dns 1.1.1.1 --dns ::1 bb cat /etc/resolv.conf`],
  ['names of Go', 'info -f {{.CPUCfsPeriod}}{{.CPUCfsQuota}}{{.HTTPProxy}}{{.HTTPSProxy}}'],
  ['a domain with its root', `${run} --dns 1.1.1.1 --dns-search A.b. bb cat /etc/resolv.conf`],
  ['a template that no row fits', 'ps -f name=nobody --format table\u00a0{{.Nope}}'],
  [
    'sizes and modes of --tmpfs',
    `${run} --tmpfs /m:size=0x10000,uid=0x5,gid=6,mode=00750,nr_inodes=1k bb stat -c %u\u00a0%g\u00a0%a /m`,
    `${run} --tmpfs /m:size=50% bb true`,
  ],
];
for (const [what, ...lines] of same)
  test(what, async () => {
    for (const line of lines) await pair.same(words(line));
  });

/** Refused by both with the same exit code; ours names the value. */
const refused: [line: string, ours: RegExp][] = [
  [`volume create ${'v'.repeat(256)}`, /volume name is too long\n {2}fix: .*255/],
  [`${run} --tmpfs /m:size=x bb true`, /invalid tmpfs option \["size=x"\]/],
  [`${run} --tmpfs /m:size= bb true`, /invalid tmpfs option \["size="\]/],
  [`${run} --tmpfs /m:mode=8 bb true`, /invalid tmpfs option \["mode=8"\]/],
  [`${run} --tmpfs /m:uid=-1 bb true`, /invalid tmpfs option \["uid=-1"\]/],
  [`${run} --tmpfs /m:nr_inodes=5% bb true`, /invalid tmpfs option \["nr_inodes=5%"\]/],
  [`${run} -h ${'h'.repeat(65)} bb true`, /invalid hostname "h{65}": it has 65 bytes/],
  [`${run} --device-cgroup-rule c\u00a099999999999:3\u00a0r bb true`, /'c 99999999999:3 r': a number .* 32 bits/],
  [`${run} --env-file ${withNul} bb true`, /cannot hold a NUL byte: "A=1\\u0000B=2"/],
  [`exec --env-file ${withNul} one true`, /cannot hold a NUL byte: "A=1\\u0000B=2"/],
];
for (const [line, ours] of refused)
  test(`refused: ${line.replace(folder, '')}`, async () => {
    const { there, here } = await pair.ask(words(line));
    assert.is(here.code, there.code, there.stderr + there.stdout);
    assert.match(here.stderr, ours);
    assert.not.match(here.stderr, /looks like a defect|step \d+/);
  });

test('what a volume does not have is told in the words of its type', async () => {
  await pair.same(words('volume create typed'));
  for (const template of ['{{.Nope}}', '{{.Name.x}}']) {
    const { there, here } = await pair.ask(['volume', 'inspect', '-f', template, 'typed']);
    assert.is(here.code, there.code);
    pair.sameGist(there.stderr, here.stderr);
  }
  await pair.same(words('volume rm typed'));
});

test('stats of several that are not there names each', async () => {
  const { there, here } = await pair.ask(words('stats --no-stream nosuch one missing'));
  assert.equal([here.code, here.stdout], [there.code, there.stdout]);
  for (const { stderr } of [there, here])
    assert.match(stderr, /No such container: nosuch\n[\s\S]*No such container: missing\n/);
});

test('an empty word is no option of ps', async () => {
  const { there, here } = await pair.ask(['top', 'one', '']);
  assert.equal([here.code, here.stdout.split('\n')[0]], [there.code, there.stdout.split('\n')[0]]);
});

test('an empty -o is standard output', async () => {
  for (const line of ['export -o  one', 'save -o  bb']) {
    const { there, here } = await pair.ask(words(line));
    assert.equal([here.code, here.stderr], [there.code, there.stderr]);
    assert.ok(there.stdout.length > 10_000 && here.stdout.length > 10_000, line);
  }
  assert.equal(
    readdirSync('.').filter(name => name.endsWith('.tmp')),
    [],
  );
});

test('--device of the whole /dev leaves what is the container’s own; /dev/null is nobody else', async () => {
  const here = await pair.ours([...words(`${run} --device /dev bb sh -c`), 'ls -l /dev/ptmx /dev/null | cut -c1']);
  assert.equal([here.code, here.stdout], [0, 'c\nl\n'], here.stderr);
  const { code, stderr } = await pair.ours(words(`${run} --device /dev/zero:/dev/null bb true`));
  assert.is(code, 125);
  assert.match(stderr, /a device cannot be made at "\/dev\/null" in the container\n {2}fix: name another file/);
});

test('an end just before a new name happened to the old one', async () => {
  const began = (Date.now() / 1000).toFixed(3);
  await pair.ours(words('create --name before0 --network none bb true'));
  for (const round of [0, 1, 2]) {
    for (const line of ['start', 'wait']) await pair.ours([line, `before${round}`]);
    await pair.ours(['rename', `before${round}`, `before${round + 1}`]);
  }
  await pair.ours(['rm', 'before3']);
  const filters = ['-f', 'event=die', '-f', 'event=rename', '--format', '{{.Action}} {{.Actor.Attributes.name}}'];
  const { stdout } = await pair.ours(['events', '--since', began, '--until', '0s', ...filters]);
  const expected = [0, 1, 2].map(round => `die before${round}\nrename before${round + 1}\n`).join('');
  assert.is(stdout, expected);
});

test.run();
