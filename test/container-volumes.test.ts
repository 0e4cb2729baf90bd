// @both-mounts one of those that the gate runs where / may be private: what propagates from the host and to it
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine, sharedFolder } from './support/busybox.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';

/** `-v` in all its forms: what is mounted, what is refused in which words, and what is left when the container is gone. */
const test = requires('root', 'busybox', 'overlayfs', 'nsenter');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => box.removeAll());

const isKept = (name: string) => existsSync(join(box.root, 'volumes', name));
const hex = (digits: string) => digits.repeat(64 / digits.length);

test('a volume that was named with 64 hex digits stays when its container goes; an anonymous one does not', async () => {
  const [first, second, third] = [hex('ab'), hex('cd'), hex('ef')];
  await box.sh('echo kept > /x/file', '-v', `${first}:/x`);
  assert.ok(isKept(first), '--rm');
  const id = await box.start('true', '-v', `${second}:/x`, '-v', '/anonymous');
  const anonymous = await box.inspect(
    id,
    '{{range .Mounts}}{{if eq .Destination "/anonymous"}}{{.Name}}{{end}}{{end}}',
  );
  assert.match(anonymous, /^[0-9a-f]{64}$/);
  await box.ok(['rm', '-f', '-v', id]);
  assert.equal([isKept(second), isKept(anonymous)], [true, false], 'rm -v');
  const broken = await box.start('sleep 1000', '-v', `${third}:/x`, '-v', '/anonymous');
  const lost = await box.inspect(broken, '{{range .Mounts}}{{if eq .Destination "/anonymous"}}{{.Name}}{{end}}{{end}}');
  truncateSync(join(box.root, 'containers', broken, 'container.json'));
  await box.ok(['rm', '-f', '-v', broken]);
  assert.equal([isKept(third), isKept(lost)], [true, false], 'rm -f -v of one whose record is broken');
});

test('a record that does not say which volumes are anonymous is read as it was meant', async () => {
  const named = hex('12');
  const id = await box.start('true', '-v', `${named}:/x`, '-v', '/anonymous');
  const file = join(box.root, 'containers', id, 'container.json');
  const record = JSON.parse(readFileSync(file, 'utf8'));
  const { name } = record.mounts.find((mount: { destination: string }) => mount.destination === '/anonymous');
  delete record.format;
  for (const mount of record.mounts) delete mount.anonymous;
  writeFileSync(file, JSON.stringify(record));
  await box.ok(['rm', '-f', '-v', id]);
  assert.equal([isKept(named), isKept(name)], [true, false]);
});

test('an anonymous volume that another container uses by its name outlives the container that it was made for', async () => {
  const id = await box.start('echo of the first > /data/file', '-v', '/data');
  const name = await box.inspect(id, '{{(index .Mounts 0).Name}}');
  const other = await box.start('sleep 1000', '-v', `${name}:/x`);
  await box.ok(['rm', '-f', '-v', id]);
  assert.is(await box.inside(other, 'cat /x/file'), 'of the first');
  await box.ok(['rm', '-f', '-v', other]);
  assert.ok(isKept(name), 'to the other one it was a named one');
});

requires(
  'root',
  'busybox',
  'overlayfs',
  'strace',
)(
  'an anonymous volume that is given to another container while its own is removed: that one gets it or a new one, never a lost one',
  async () => {
    const id = await box.start('true', '-v', '/data');
    const name = await box.inspect(id, '{{(index .Mounts 0).Name}}');
    const folder = join(box.root, 'volumes', name);
    // Held up at the first call that would take the volume away.
    const delay = '--inject=unlink,unlinkat,rmdir,rename,renameat,renameat2:delay_enter=3000000:when=1';
    const removal = execa(
      'strace',
      ['-f', '-qq', '-o', '/dev/null', '-P', folder, delay, minidockPath, 'rm', '-v', id],
      {
        env: box.env,
        stdin: 'ignore',
      },
    );
    await eventually(() => !existsSync(join(box.root, 'containers', id)));
    const other = await box.start('echo of the other > /x/file; sleep 1000', '-v', `${name}:/x`);
    await removal;
    await eventually(() => box.inside(other, 'cat /x/file').then(text => text === 'of the other'));
    assert.is(readFileSync(join(folder, '_data/file'), 'utf8'), 'of the other\n');
  },
);

test('a socket, a device, a fifo is mounted where the image has nothing, as a file is', async () => {
  const folder = sharedFolder();
  const server = createServer();
  server.unref();
  await new Promise<void>(resolve => server.listen(join(folder, 'agent.sock'), resolve));
  assert.is(spawnSync('mkfifo', [join(folder, 'pipe')]).status, 0);
  const flags = ['-v', `${folder}/agent.sock:/var/run/docker.sock`, '-v', `${folder}/pipe:/new/pipe:ro`];
  const { ino } = statSync(join(folder, 'agent.sock'));
  const script = 'stat -c "%F %i" /run/docker.sock; stat -c %F /new/pipe /new/deep/null; echo x > /new/deep/null';
  assert.is(
    await box.sh(script, ...flags, '-v', '/dev/null:/new/deep/null'),
    `socket ${ino}\nfifo\ncharacter special file`,
  );
});

test('a file on a directory and the reverse: the message says which is which, and nothing is left', async () => {
  const folder = sharedFolder();
  writeFileSync(join(folder, 'file'), '');
  for (const [volume, words] of [
    [`${folder}/file:/etc`, `cannot mount the file ${folder}/file on /etc, which is a directory in the container`],
    [`${folder}:/etc/passwd`, `cannot mount the directory ${folder} on /etc/passwd, which is a file in the container`],
    [`named:/etc/passwd`, 'cannot mount the volume named on /etc/passwd, which is a file in the container'],
    [
      `${folder}/typo:/etc/passwd`,
      `cannot mount the directory ${folder}/typo on /etc/passwd, which is a file in the container`,
    ],
    [`${folder}:/etc/passwd/x`, 'invalid mount path "/etc/passwd/x": a part of the path is not a directory'],
    [
      `${folder}:/${'a'.repeat(256)}`,
      `invalid mount path "/${'a'.repeat(256)}": a part of the path is longer than a file name may be`,
    ],
  ] as const) {
    const result = await box.minidock(['run', '--rm', '--network', 'none', '-v', volume, 'bb', 'true']);
    assert.is(result.exitCode, 125, volume);
    assert.ok(String(result.stderr).startsWith(`minidock: ${words}`), String(result.stderr));
    assert.not.match(String(result.stderr), /\n {4}at |E[A-Z]{4,}/);
  }
  assert.is(await box.ok(['ps', '-aq']), '');
});

test('a source that does not exist and cannot be made is named with the reason; a slash behind a file is none of its name', async () => {
  const folder = sharedFolder();
  writeFileSync(join(folder, 'file'), 'content');
  symlinkSync('nowhere', join(folder, 'dangling'));
  for (const [source, reason] of [
    ['dangling', 'it is a symbolic link that leads nowhere'],
    ['file/below', 'a part of the path is not a directory'],
    ['dangling/below', 'it does not exist, and cannot be made there'],
    ['a'.repeat(256), 'a part of the path is longer than a file name may be'],
  ] as const) {
    const result = await box.minidock([
      'run',
      '--rm',
      '--network',
      'none',
      '-v',
      `${folder}/${source}:/x`,
      'bb',
      'true',
    ]);
    assert.is(result.exitCode, 125, source);
    const [line] = String(result.stderr).split('\n');
    assert.is(line, `minidock: error while creating mount source path '${folder}/${source}': ${reason}`);
    assert.not.match(String(result.stderr), /defect/);
  }
  assert.equal(readdirSync(folder).sort(), ['dangling', 'file']);
  assert.is(await box.sh('cat /x', '-v', `${folder}/file/:/x`), 'content');
});

test('an anonymous volume gives way to another at the same place, whichever is named first', async () => {
  const folder = sharedFolder();
  for (const flags of [
    ['-v', `${folder}:/x`, '-v', '/x'],
    ['-v', '/x', '-v', `${folder}:/x/`],
    ['-v', '/x', '-v', '/x'],
  ]) {
    const id = await box.start('true', ...flags);
    const bind = flags.some(flag => flag.startsWith(folder));
    assert.is(
      await box.inspect(id, '{{range .Mounts}}{{.Type}}={{.Destination}} {{end}}'),
      `${bind ? 'bind' : 'volume'}=/x `,
    );
  }
  const twice = ['run', '--rm', '--network', 'none', '-v', `${folder}:/x`, '-v', 'named:/x', 'bb', 'true'];
  const { exitCode, stderr } = await box.minidock(twice);
  assert.equal([exitCode, stderr], [125, 'minidock: Duplicate mount point: /x']);
});

test('each of Docker’s options is taken, alone and together; others are refused in its words', async () => {
  const folder = sharedFolder();
  writeFileSync(join(folder, 'file'), '');
  // A mount of its own: whether the host's `/` is shared must not decide which options can be had.
  const alone = sharedFolder();
  for (const argv of [
    ['--bind', alone, alone],
    ['--make-private', alone],
  ])
    assert.is(spawnSync('mount', argv).status, 0);
  const volume = (source: string, mode: string) => [
    'run',
    '--rm',
    '--network',
    'none',
    '-v',
    `${source}:/x:${mode}`,
    'bb',
  ];
  /** What a command does at each of these, which one container has beside each other. */
  const atEach = async (source: string, modes: readonly string[], command: string) => {
    const flags = modes.flatMap((mode, at) => ['-v', `${source}:/x${at}:${mode}`]);
    const said = await box.sh(`for x in ${modes.map((_, at) => `/x${at}`).join(' ')}; do ${command}; done`, ...flags);
    return said.split('\n').map((line, at) => `${modes[at]} ${line}`);
  };
  const written = ['z', 'Z', 'cached', 'delegated', 'consistent', 'private', 'rprivate', 'rw', 'z,rw,cached,rprivate'];
  const touch = 'touch $x/y 2>&- && echo written || echo refused';
  assert.equal(
    await atEach(folder, written, touch),
    written.map(mode => `${mode} written`),
  );
  const readonly = ['ro', 'ro,z', 'Z,delegated,ro'];
  assert.equal(
    await atEach(folder, readonly, touch),
    readonly.map(mode => `${mode} refused`),
  );
  const ofVolumes = ['z', 'Z', 'cached', 'nocopy', 'ro,nocopy,z'];
  assert.equal(
    await atEach('named', ofVolumes, 'ls $x && echo empty'),
    ofVolumes.map(mode => `${mode} empty`),
  );
  for (const [source, mode, words] of [
    [folder, 'ro,rw', 'invalid mode: ro,rw'],
    ['named', 'z,Z', 'invalid mode: z,Z'],
    ['named', 'cached,delegated', 'invalid mode: cached,delegated'],
    [folder, 'slave,shared', 'invalid mode: slave,shared'],
    [folder, 'ro,', 'invalid mode: ro,'],
    [folder, 'RO', 'invalid mode: RO'],
    [
      folder,
      'nocopy',
      `invalid volume specification: '${folder}:/x:nocopy': nocopy is for volumes, and this is a path of the host`,
    ],
    [
      'named',
      'rslave',
      `invalid volume specification: 'named:/x:rslave': rslave is for paths of the host, and this is a volume`,
    ],
    [alone, 'rshared', `path ${alone} is mounted on ${alone} but it is not a shared mount`],
    [alone, 'slave', `path ${alone} is mounted on ${alone} but it is not a shared or slave mount`],
  ] as const) {
    const result = await box.minidock([...volume(source, mode), 'true']);
    assert.is(result.exitCode, 125, mode);
    assert.ok(String(result.stderr).includes(words), `${mode}: ${result.stderr}`);
  }
});

test('nocopy: the volume is empty; without it an empty one is filled at its next use, a full one never', async () => {
  await box.build('seeded', [
    { name: 'data', type: 'directory', mode: 0o750, uid: 33 },
    { name: 'data/file', content: 'of the image' },
  ]);
  const run = (script: string, volume: string) =>
    box.ok(['run', '--rm', '--network', 'none', '-v', volume, 'seeded', 'sh', '-c', script]);
  assert.is(await run('ls -A /data; stat -c "%a %u" /data', 'one:/data:nocopy'), '755 0');
  assert.is(await run('cat /data/file; stat -c "%a %u" /data', 'one:/data'), 'of the image750 33');
  assert.is(await run('echo changed > /data/file; rm -f /data/none', 'one:/data'), '');
  assert.is(await run('cat /data/file', 'one:/data'), 'changed');
  assert.is(await run('ls -A /elsewhere', 'two:/elsewhere'), '');
  assert.is(await run('ls -A /data', 'two:/data:ro'), 'file');
});

test('propagation: slave brings later mounts of the host, shared those of both sides, private none', async () => {
  const folder = sharedFolder();
  for (const words of [
    ['-t', 'tmpfs', 'tmpfs', folder],
    ['--make-shared', folder],
  ])
    assert.is(spawnSync('mount', words).status, 0);
  for (const name of ['later', 'inside']) mkdirSync(join(folder, name));
  for (const [mode, fields, sees] of [
    ['rprivate', /^$/, '0'],
    ['private', /^$/, '0'],
    ['rslave', /^master:\d+$/, '1'],
    ['slave', /^master:\d+$/, '1'],
    ['rshared', /^shared:\d+$/, '1'],
    ['shared', /^shared:\d+$/, '1'],
  ] as const) {
    const id = await box.start('sleep 1000', '-v', `${folder}:/s:${mode}`);
    const lines = (await box.inside(id, 'cat /proc/self/mountinfo')).split('\n');
    const line = lines.find(one => one.split(' ')[4] === '/s')!;
    assert.match(line.split(' - ')[0]!.split(' ').slice(6).join(' '), fields, mode);
    assert.is(
      lines.filter(one => /(shared|master):/.test(one)).length,
      sees === '0' ? 0 : 1,
      'and no other mount of the container',
    );
    assert.is(spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', join(folder, 'later')]).status, 0);
    assert.is(await box.inside(id, 'grep -c " /s/later " /proc/self/mountinfo || true'), sees, mode);
    assert.is(spawnSync('umount', [join(folder, 'later')]).status, 0);
    const inside = ['-t', await box.inspect(id, '{{.State.Pid}}'), '-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/s/inside'];
    assert.is(spawnSync('nsenter', inside).status, 0);
    const shows = readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${folder}/inside `);
    assert.is(shows, /shared/.test(mode), mode);
    if (shows) assert.is(spawnSync('umount', [join(folder, 'inside')]).status, 0);
    assert.is(await box.inspect(id, '{{(index .Mounts 0).Mode}} {{(index .Mounts 0).Propagation}}'), `${mode} ${mode}`);
    await box.ok(['rm', '-f', id]);
  }
  assert.is(spawnSync('umount', [folder]).status, 0);
});

test('inspect shows the options as they were typed', async () => {
  const id = await box.start('true', '-v', 'named:/x:ro,z', '-v', '/anonymous', '-v', 'plain:/y');
  assert.is(
    await box.inspect(id, '{{range .Mounts}}{{.Destination}}={{.Mode}},{{.RW}} {{end}}'),
    '/x=ro,z,false /y=z,true /anonymous=,true ',
    'Docker calls a named volume shared where nothing is said',
  );
  assert.is(await box.inspect(id, '{{json .HostConfig.Binds}}'), '["named:/x:ro,z","plain:/y"]');
});

test('a volume on /etc: hosts, hostname and resolv.conf are the container’s there too, unless a volume has their name', async () => {
  const folder = sharedFolder();
  writeFileSync(join(folder, 'hosts'), 'mine');
  const seen = await box.sh(
    'cat /etc/hostname; grep -c nameserver /etc/resolv.conf; cat /etc/hosts',
    '-h',
    'named',
    '-v',
    'etc:/etc',
    '-v',
    `${folder}/hosts:/etc/hosts`,
  );
  assert.match(seen, /^named\n[1-9]\nmine$/);
});

test('whatever the umask of who starts it: users of the container read its own files, and enter what is made for them', async () => {
  const folder = sharedFolder();
  const volumes = ['-v', 'of-umask:/volume', '-v', `${folder}/made:/bind`];
  const command = ['run', '--rm', '--network', 'none', '-u', '1000', ...volumes, 'bb', 'sh', '-c'];
  const script = 'cat /etc/hosts /etc/hostname /etc/resolv.conf > /dev/null && ls /volume /bind && echo read';
  const started = spawnSync('sh', ['-c', 'umask 077; exec "$@"', 'sh', minidockPath, ...command, script], {
    encoding: 'utf8',
    env: { ...process.env, ...box.env },
  });
  assert.is(started.stdout, '/bind:\n\n/volume:\nread\n', started.stderr);
});

test.run();
