import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Both, both } from './support/both.ts';
import { sharedFolder } from './support/busybox.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

/** `cp`, `diff` and `export`, beside Docker 20.10: what is where afterwards, and what is refused. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10');
let pair: Both;
const script =
  'mkdir -p /d/sub /etc/q; echo f > /d/f; echo g > /d/sub/g; ln -s /d /ld; ln -s f /d/lf; ln -s /nowhere /dang; ' +
  'echo v > /vol/v; echo t > /tt/t; chown 55:56 /d/f; ln /d/f /d/hard; chmod 700 /bin; echo >> /etc/passwd; rm /bin/yes; touch /ready; sleep 1000';

test.before(async () => {
  pair = await both();
  const flags = ['--name', 'cc', '--network', 'none', '-v', 'cpv:/vol', '--tmpfs', '/tt'];
  await pair.same(['run', '-d', ...flags, 'bb', 'sh', '-c', script]);
  await pair.same(['run', '-d', '--name', 'user', '-u', '1000', '--network', 'none', 'bb', 'sleep', '1000']);
  const locked = ['--read-only', '-v', 'cpv:/w', '-v', 'cpv:/r:ro'];
  await pair.same(['run', '-d', '--name', 'locked', '--network', 'none', ...locked, 'bb', 'sleep', '1000']);
  await eventually(async () => {
    const { there, here } = await pair.ask(['exec', 'cc', 'test', '-e', '/ready']);
    assert.equal([there.code, here.code], [0, 0]);
  });
});
test.after(async () => {
  await pair.ask(['rm', '-f', 'cc', 'user', 'locked', 'mounted']);
});

/** A folder of the host with the same in it for each side: the commands run in it. */
function hostFolder(): string {
  const folder = sharedFolder();
  for (const name of ['dir/in', 'out']) mkdirSync(join(folder, name), { recursive: true });
  for (const [name, content] of [
    ['hf', 'hf'],
    ['dir/in/i', 'i'],
    ['out/old', 'old'],
  ] as const)
    writeFileSync(join(folder, name), content);
  for (const [target, name] of [
    ['hf', 'lhf'],
    ['dir', 'ldir'],
    ['nowhere', 'hdang'],
  ] as const)
    symlinkSync(target, join(folder, name));
  chownSync(join(folder, 'hf'), 1234, 1235);
  for (const name of ['hf', 'dir/in/i']) utimesSync(join(folder, name), 1_000_000_000, 1_000_000_000);
  return folder;
}

const list = 'find . ! -name . | sort | xargs stat -c "%n %F %a %u:%g %s"';

/** From a container: `%` is the folder. What the host has afterwards is compared too. */
const out = [
  'cp cc:/d/f %',
  'cp cc:/d/f %/new',
  'cp cc:/d/f %/nodir/',
  'cp cc:/d/f %/nodir/x',
  'cp cc:/d/f %/out',
  'cp cc:/d/f %/hf',
  'cp cc:/d %/out',
  'cp cc:/d %/new',
  'cp cc:/d %/new/',
  'cp cc:/d/. %/new',
  'cp cc:/d/. %/out',
  'cp cc:/d %/hf',
  'cp cc:/nope %',
  'cp nope:/x %',
  'cp cc:/ld %/x',
  'cp -L cc:/ld %/x',
  'cp -L cc:/ld %',
  'cp cc:/ld/ %/x',
  'cp cc:/ld/ %',
  'cp cc:/d/lf %',
  'cp -L cc:/d/lf %',
  'cp cc:/dang %',
  'cp -L cc:/dang %',
  'cp cc:/vol/v %',
  'cp cc:/tt/t %',
  'cp cc:/proc/version %',
  'cp cc:d/f %/rel',
  'cp cc:/d/../d/f %',
  'cp -a cc:/d/f %',
  'cp cc:/d/f cc:/x',
  'cp a b',
];
for (const line of out)
  test(`out: ${line}`, async () => {
    const seen: string[] = [];
    const words = (folder: string) => line.split(' ').map(word => word.replace('%', folder));
    const [one, two] = [hostFolder(), hostFolder()];
    const there = (await pair.docker(words(one)))!;
    const here = await pair.ours(words(two));
    for (const folder of [one, two]) {
      seen.push(spawnSync('sh', ['-c', list], { cwd: folder, encoding: 'utf8' }).stdout);
      rmSync(folder, { recursive: true });
    }
    const shown = `Docker: ${JSON.stringify(there)}\nminidock: ${JSON.stringify(here)}`;
    assert.is(here.code, there.code, shown);
    assert.is(seen[1], seen[0], shown);
    if (there.code !== 0) pair.sameGist(there.stderr.replaceAll(one, two), here.stderr);
  });

/** Into a container, one after the other; then what is in it is compared. */
const into = [
  'cp %/hf cc:/a1',
  'cp %/hf cc:/d',
  'cp %/hf cc:/nodir/',
  'cp %/hf cc:/nodir/x',
  'cp %/hf cc:/d/f/',
  'cp %/dir cc:/n1',
  'cp %/dir cc:/d',
  'cp %/dir/. cc:/n2',
  'cp %/dir/. cc:/d',
  'cp %/dir cc:/d/f',
  'cp %/nope cc:/',
  'cp %/lhf cc:/l1',
  'cp -L %/lhf cc:/l2',
  'cp %/ldir cc:/l3',
  'cp -L %/ldir cc:/l4',
  'cp -L %/ldir cc:/d',
  'cp %/hf cc:/ld',
  'cp %/hf cc:/d/lf',
  'cp %/hf cc:/dang',
  'cp %/hf cc:/vol/',
  'cp %/hf/ cc:/x',
  'cp %/hdang cc:/hd',
  'cp %/dir/ cc:/n5',
  'cp %/hf cc:/',
  'cp %/hf cc:rel',
  'cp -a %/hf cc:/archived',
  'cp %/hf user:/u1',
  'cp -a %/hf user:/u2',
  'cp %/hf locked:/',
  'cp %/hf locked:/w',
  'cp %/hf locked:/r',
];
for (const state of ['running', 'stopped'])
  test(`in, a ${state} container`, async () => {
    const folder = hostFolder();
    // What differs in one that does not run is how its files are reached, not the rules.
    const lines = state === 'running' ? into : into.filter((_, at) => at % 4 === 0);
    for (const line of lines) await pair.same(line.split(' ').map(word => word.replace('%', folder)));
    const tar = spawnSync('tar', ['--owner=77', '--group=78', '-c', 'dir'], { cwd: folder }).stdout;
    for (const words of ['cp - cc:/n1', 'cp - cc:/nodir', 'cp - cc:/a1', 'cp -a - user:/'])
      await pair.same(words.split(' '), { input: tar });
    if (state === 'stopped') for (const name of ['cc', 'user']) await pair.same(['start', name]);
    const look =
      'find / -xdev | grep -v "^/\\(bin\\|proc\\|sys\\|dev\\|etc\\|tt\\)" | grep -v "^/$" | sort | xargs stat -c "%n %F %a %u:%g %s %Y" | sed "s/ 1[1-9][0-9]*$//"; cat /nowhere /d/f; ls /vol';
    await pair.same(['exec', 'cc', 'sh', '-c', look]);
    // The group is that of the container's user; Docker looks it up on the host.
    await pair.same(['exec', 'user', 'sh', '-c', 'stat -c "%n %u" /u1 /u2 /dir']);
    if (state === 'running') for (const name of ['cc', 'user']) await pair.same(['stop', '-t', '0', name]);
  });

test('a file that is mounted is not replaced, and stays mounted', async () => {
  const folder = hostFolder();
  const [file, copied] = [join(folder, 'out/old'), join(folder, 'hf')];
  const look = ['exec', 'mounted', 'sh', '-c', 'cat /f /d/f; grep -cE " /(d/)?f | /etc/hosts " /proc/self/mountinfo'];
  const mounts = ['-v', `${file}:/f`, '-v', `${file}:/d/f:ro`];
  await pair.same(['run', '-d', '--name', 'mounted', '--network', 'none', ...mounts, 'bb', 'sleep', '1000']);
  for (const target of ['/f', '/d/f', '/d', '/etc/hosts']) {
    const from = target === '/d' ? join(folder, 'f') : copied;
    if (target === '/d') writeFileSync(from, 'other');
    const { there, here } = await pair.ask(['cp', from, `mounted:${target}`]);
    assert.equal([here.code, there.code], [1, 1], here.stderr + there.stderr);
    for (const { stderr } of [there, here]) assert.match(stderr, /device or resource busy/);
    await pair.same(look);
  }
  await pair.same(['rm', '-f', 'mounted']);
  assert.is(readFileSync(file, 'utf8'), 'old');
});

test('archives to standard output, and what diff and export say', async () => {
  for (const source of ['/d', '/d/f', '/d/.', '/ld', '/ld/', '/vol/.']) {
    const { there, here } = await pair.ask(['cp', `cc:${source}`, '-']);
    const [a, b] = [there, here].map(({ stdout }) => listing(stdout));
    assert.equal(b, a, source);
  }
  const { there, here } = await pair.ask(['export', 'cc']);
  const members = (archive: string) =>
    listing(archive).filter(
      line => !/ (dev|proc|sys|etc)\/|\.dockerenv/.test(line) && !/ (etc|dev|proc|sys)\/$/.test(line),
    );
  assert.equal(members(here.stdout), members(there.stdout));
  await pair.same(['diff', 'cc'], { sorted: true });
  for (const line of ['diff nope', 'diff', 'export nope', 'export -o /nodir/x cc', 'export cc cc'])
    await pair.same(line.split(' '));
});

/** Without times, since the two containers made their files by themselves. */
function listing(archive: string): string[] {
  const { stdout } = spawnSync('tar', ['--numeric-owner', '-P', '-tv'], {
    input: Buffer.from(archive, 'latin1'),
    encoding: 'utf8',
  });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(line => line.replace(/ +(\d+) \d{4}-\d\d-\d\d \d\d:\d\d /, ' $1 '))
    .sort();
}

test.run();
