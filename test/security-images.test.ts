// @mounts-nothing its subject is what layers hold, and they are unpacked without mounts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Member } from './support/archive.ts';
import { type BusyboxEngine, busyboxEngine, sharedFolder } from './support/busybox.ts';
import { canaryTree } from './support/canary.ts';
import { requires } from './support/requires.ts';

/** Images made to make the engine touch the host, each beside a benign twin that must go on working. */
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;
let canary: ReturnType<typeof canaryTree>;
/** Names of images, by what they were made of: an import takes a third of a second. */
const images = new Map<Member[], string>();

test.before(async () => {
  box = await busyboxEngine();
  canary = canaryTree();
});
test.after.each(async () => {
  canary.check();
  await box.removeAll();
});

/** Runs a script in an image of busybox and these members; of the same list, which has the same changes, it is the same image. */
async function run(members: Member[], script: string, flags: string[] = [], changes: string[] = []) {
  const name = images.get(members) ?? `hostile${images.size}`;
  if (!images.has(members)) {
    await box.build(name, members, changes);
    images.set(members, name);
  }
  const result = await box.minidock(['run', '--rm', '--network', 'none', ...flags, name, 'sh', '-c', script], {
    timeout: 20_000,
  });
  assert.not.match(String(result.stderr), /\n {4}at |looks like a defect/);
  assert.not.ok(String(result.stdout).includes(canary.secret), 'the secret of the host was read');
  return result;
}

const link = (name: string, linkname: string): Member => ({ name, type: 'symlink', linkname });
const up = '../'.repeat(40);

for (const target of ['etc/resolv.conf', 'etc/hosts', 'etc/hostname', 'etc', 'dev', 'proc', 'sys', 'data'])
  for (const kind of ['absolute', 'climbing', 'two-hop'] as const)
    test(`/${target} as ${kind === 'absolute' ? 'an' : 'a'} ${kind} link to the host (CVE-2015-3629, CVE-2019-19921)`, async () => {
      const isFile = target.startsWith('etc/');
      const place = `${canary.path}/private${isFile ? '/secret' : ''}`;
      const members =
        kind === 'two-hop'
          ? [link('hop', `${up}${canary.path.slice(1)}`), link(target, `/hop/private${isFile ? '/secret' : ''}`)]
          : [link(target, kind === 'absolute' ? place : `${up}${place.slice(1)}`)];
      const source = sharedFolder();
      writeFileSync(join(source, 'file'), 'of the volume');
      const script = `echo written > /${target}${isFile ? '' : '/written'} 2>/dev/null; cat ${place} 2>/dev/null; echo ran`;
      const result = await run(members, script, ['-v', `${source}:/data`]);
      if (result.exitCode === 0) assert.match(String(result.stdout), /ran/);
      else assert.is(result.exitCode, 125, String(result.stderr));
    });

test('benign: /var/run → /run, /etc/resolv.conf → ../run/resolv.conf, /data → /srv/data work', async () => {
  const source = sharedFolder();
  writeFileSync(join(source, 'file'), 'of the volume');
  const members = [
    link('var/run', '/run'),
    link('etc/resolv.conf', '../run/resolv.conf'),
    link('etc/hosts', '/srv/hosts'),
    link('data', 'srv/data'),
  ];
  const result = await run(
    members,
    'grep -c . /etc/resolv.conf; grep -c localhost /srv/hosts; cat /srv/data/file; cat /var/run/mine/file',
    ['-v', `${source}:/data`, '-v', `${source}:/var/run/mine`],
  );
  assert.equal([result.exitCode, String(result.stderr)], [0, '']);
  assert.match(String(result.stdout), /of the volumeof the volume$/);
});

test('/dev/shm, /dev/pts, /dev/null and /dev/mqueue of the image count for nothing: /dev is the engine’s', async () => {
  const members: Member[] = [
    { name: 'dev/null', content: 'not a device', mode: 0o666 },
    link('dev/shm', canary.path),
    link('dev/pts', canary.path),
    link('dev/mqueue', canary.path),
    link('dev/console', `${canary.path}/tool`),
  ];
  const result = await run(
    members,
    'stat -c %t:%T /dev/null; stat -c %F /dev/shm /dev/pts; echo x > /dev/shm/x; cat /proc/kcore /proc/keys 2>/dev/null | wc -c',
    ['-t'],
  );
  assert.is(String(result.stdout).replaceAll('\r', ''), '1:3\ndirectory\ndirectory\n0');
});

test('/dev, /proc and /sys as files, fifos or links to each other: directories in the container, as in Docker; masks stay', async () => {
  const script = `for f in /proc /sys /dev; do stat -c %F $f; done; stat -c %t:%T /dev/null; cat /proc/sys/kernel/ostype
    for f in /proc/kcore /proc/timer_list; do head -c 1 $f; done 2>/dev/null | wc -c
    (: >> /proc/sys/kernel/core_pattern) 2>/dev/null && echo opened; (: >> /proc/sysrq-trigger) 2>/dev/null && echo opened; true`;
  for (const members of [
    ...['dev', 'proc', 'sys'].flatMap((name): Member[][] => [
      [{ name, content: 'x' }],
      [{ name, type: 'fifo' }],
      [link(name, 'nowhere')],
      [link(name, `${canary.path}/private`)],
    ]),
    ...[link('sys', 'proc'), link('proc', 'sys'), link('proc', 'dev'), link('dev', 'proc')].map(one => [one]),
  ]) {
    const { exitCode, stdout, stderr } = await run(members, script);
    const seen = [exitCode, stdout, stderr];
    assert.equal(seen, [0, 'directory\ndirectory\ndirectory\n1:3\nLinux\n0', ''], JSON.stringify(members));
  }
  canary.check();
});

test('a volume over /proc, or into it, by name or by a link of the image (CVE-2019-16884)', async () => {
  const source = sharedFolder();
  const aliases = [link('alias', '/proc'), link('two', 'alias/self')];
  for (const destination of [
    '/proc',
    '/proc/',
    '/proc/sys',
    '/etc/../proc',
    '/alias',
    '/alias/sys',
    '/two',
    '/dev/fd/5',
    '/dev/stdin',
  ]) {
    const result = await run(aliases, 'true', ['-v', `${source}:${destination}`]);
    assert.is(result.exitCode, 125, destination);
    assert.match(String(result.stderr), /^minidock: invalid mount path .*\/proc/, destination);
  }
  assert.is(
    (await run([], 'ls -d /process', ['-v', `${source}:/process`])).stdout,
    '/process',
    'benign: only its name begins alike',
  );
});

test('/etc/passwd as a link to the host’s, a fifo, a device, a folder, or without end', async () => {
  const outside = link('etc/passwd', `${canary.path}/etc/passwd`);
  const hostile: [string, Member[]][] = [
    ['link', [outside]],
    ['climbing link', [link('etc/passwd', `${up}${canary.path.slice(1)}/etc/passwd`)]],
    ['loop', [link('etc/passwd', 'passwd')]],
    ['fifo', [{ name: 'etc/passwd', type: 'fifo' }]],
    ['device', [{ name: 'etc/passwd', type: 'character-device', devmajor: 1, devminor: 5 }]],
    ['folder', [{ name: 'etc/passwd', type: 'directory' }]],
    ['huge', [{ name: 'etc/passwd', content: Buffer.alloc(12 << 20, 'x'), mode: 0o644 }]],
    ['many lines', [{ name: 'etc/passwd', content: 'mallory:x:0:0::/:/bin/sh\n'.repeat(60_000) }]],
  ];
  for (const [name, members] of hostile) {
    const began = Date.now();
    const byName = await run(members, 'id', ['-u', 'nobody']);
    assert.is(byName.exitCode, 125, name);
    assert.match(String(byName.stderr), /^minidock: .*(nobody|passwd)/, name);
    const byNumber = await run(members, 'stat -c %u:%g /proc/self/', ['-u', '12345:6']);
    if (byNumber.exitCode === 0) assert.is(byNumber.stdout, '12345:6', name);
    else assert.match(String(byNumber.stderr), /^minidock: .*passwd/, name);
    assert.ok(Date.now() - began < 10_000, `${name} took ${Date.now() - began} ms`);
  }
  assert.is(
    (
      await run(
        [link('etc/passwd', '../usr/passwd'), { name: 'usr/passwd', content: 'me:x:77:7::/:/bin/sh\n' }],
        'id -u',
        ['-u', 'me'],
      )
    ).stdout,
    '77',
    'benign: a link inside',
  );
});

test('a user whose name is a number does not become its owner (CVE-2016-3697); ids past the end are refused', async () => {
  const passwd = {
    name: 'etc/passwd',
    content:
      '1000:x:0:0::/root:/bin/sh\nbig:x:4294967296:0::/:/bin/sh\nneg:x:-1:0::/:/bin/sh\nplain:x:5:6::/home/plain:/bin/sh\n',
  };
  const group = { name: 'etc/group', content: 'plain:x:6:\nextra:x:70:plain\n500:x:0:\nother:x:71:plain,root\n' };
  const members = [passwd, group];
  const id = async (user: string) => run(members, 'id -u; id -g; id -G', ['-u', user]);
  assert.is((await id('1000')).stdout, '1000\n0\n0');
  assert.is((await id('plain')).stdout, '5\n6\n6 70 71');
  assert.is((await id('plain:500')).stdout, '5\n500\n500');
  for (const user of [
    '4294967296',
    '2147483648',
    '-1',
    '0:4294967296',
    '18446744073709551616',
    '0x0',
    '1e3',
    ' 0',
    'big',
    'neg',
  ]) {
    const result = await id(user);
    assert.is(result.exitCode, 125, user);
  }
});

test('an image’s set-uid programs, file capabilities and USER give no more than the container’s rights', async () => {
  const result = await run([], 'cat /proc/self/status | grep Cap', ['-u', '1000']);
  for (const name of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'])
    assert.match(String(result.stdout), new RegExp(`${name}:\t0+$`, 'm'));
});

test('WORKDIR and -w: through links of the image only inside; not into a descriptor (CVE-2024-21626)', async () => {
  const members = [link('w', `${canary.path}/private`), link('x', `${up}${canary.path.slice(1)}/private`)];
  for (const directory of [
    '/w',
    '/x',
    `${up}${canary.path}`,
    ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map(fd => `/proc/self/fd/${fd}`),
    '/proc/self/cwd',
    '/proc/1/root/..',
  ]) {
    const result = await run(
      members,
      `cat ${canary.path}/private/secret ../../../../..${canary.path}/private/secret secret 2>/dev/null; readlink /proc/self/cwd; true`,
      ['-w', directory.startsWith('/') ? directory : `/${directory}`],
    );
    if (result.exitCode === 0) assert.match(String(result.stdout), /^\/[^(]*$/, directory);
    else assert.ok([125, 126, 127].includes(result.exitCode ?? 0), String(result.stderr));
  }
});

test('VOLUME copied from a link of the image copies nothing of the host (CVE-2022-23648)', async () => {
  for (const members of [
    [link('data', canary.path)],
    [link('data', `${up}${canary.path.slice(1)}`)],
    [{ name: 'data', type: 'directory' }, link('data/inner', canary.path)] as Member[],
  ]) {
    const result = await run(
      members,
      'cat /data/private/secret /data/inner/private/secret /data/etc/passwd; ls -R /data',
      [],
      ['VOLUME /data'],
    );
    assert.ok(result.exitCode === 0 || result.exitCode === 125, String(result.stderr));
  }
});

test('the command, the environment and the hostname of an image are data', async () => {
  await box.build('odd', [], ['ENV LD_PRELOAD=/evil.so PATH=/nowhere:/bin BASH_ENV=/evil', 'CMD ["true"]']);
  assert.is((await box.minidock(['run', '--rm', '--network', 'none', 'odd'])).exitCode, 0);
  const shell = await box.minidock([
    'run',
    '--rm',
    '--network',
    'none',
    '-h',
    '$(touch /tmp/x)',
    '--name',
    'odd.name',
    'odd',
    'true',
  ]);
  assert.is(shell.exitCode, 0, String(shell.stderr));
});

test.run();
