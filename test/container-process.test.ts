// @linux-3.10 what a user does in a classroom with CentOS 7
// @mounts-nothing its subject is the process, and its mounts are those of container-isolation.test.ts
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import type { Member } from './support/archive.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { canaryTree } from './support/canary.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';
import { onTerminal } from './support/terminal.ts';

const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

const run = (args: string[], options = {}) => box.minidock(['run', '--rm', '--network', 'none', ...args], options);

/** What Docker 20.10 answers; a signal's number is taken after the container's own exit. */
const exits: [string, string[], number, RegExp?][] = [
  ['true', ['bb', 'true'], 0],
  ['its own code', ['bb', 'sh', '-c', 'exit 3'], 3],
  ['255', ['bb', 'sh', '-c', 'exit 255'], 255],
  ['126 by its own choice', ['bb', 'sh', '-c', 'exit 126'], 126],
  ['a child killed by SIGKILL', ['bb', 'sh', '-c', 'sh -c "kill -9 \\$\\$"; exit $?'], 137],
  ['no such command', ['bb', 'nosuch'], 127, /^minidock: exec: "nosuch": executable file not found in \$PATH$/m],
  ['no such path', ['bb', '/no/such'], 127, /"\/no\/such": .*no such file or directory/],
  ['a directory', ['bb', '/etc'], 126, /"\/etc": (is a directory|permission denied)/],
  ['not executable', ['bb', '/etc/passwd'], 126, /"\/etc\/passwd": permission denied/],
  ['below a file', ['bb', '/etc/passwd/x'], 127, /"\/etc\/passwd\/x": no such file or directory/],
  ['an empty command', ['bb', ''], 127, /exec: "": executable file not found in \$PATH/],
  [
    'an unknown user',
    ['-u', 'nosuch', 'bb', 'true'],
    125,
    /unable to find user nosuch: no matching entries in passwd file/,
  ],
  ['an unknown group', ['-u', 'root:nosuch', 'bb', 'true'], 125, /unable to find group nosuch/],
  ['no command at all', ['--entrypoint', '', 'bb'], 125, /No command specified/],
];
for (const [name, args, code, message] of exits)
  test(`exit code ${code}: ${name}`, async () => {
    const result = await run(args);
    assert.is(result.exitCode, code, String(result.stderr));
    if (message) assert.match(String(result.stderr), message);
  });

test('PID 1 killed from outside is 128 + the signal’s number', async () => {
  const id = await box.start('exec sleep 1000');
  process.kill(Number(await box.inspect(id, '{{.State.Pid}}')), 'SIGKILL');
  await eventually(async () =>
    assert.is(await box.inspect(id, '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}'), 'exited 137 false'),
  );
  await box.ok(['rm', id]);
});

test('PID 1 without a handler ignores SIGTERM: stop waits, then kills (137)', async () => {
  const id = await box.start('while :; do sleep 1; done');
  const began = Date.now();
  assert.is(await box.ok(['stop', '-t', '1', id]), id);
  const took = Date.now() - began;
  assert.ok(took >= 1000 && took < 4000, `${took} ms`);
  assert.is(
    await box.inspect(id, '{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}} {{.State.OOMKilled}}'),
    'exited 137 0 false',
  );
  await box.ok(['rm', id]);
});

test('PID 1 with a handler ends at SIGTERM at once, with its own code', async () => {
  const id = await box.start('trap "echo bye; exit 5" TERM; echo ready; while :; do sleep 0.1; done');
  await eventually(async () => assert.is(await box.ok(['logs', id]), 'ready'));
  const began = Date.now();
  await box.ok(['stop', id]);
  assert.ok(Date.now() - began < 3000);
  assert.is(await box.inspect(id, '{{.State.ExitCode}}'), '5');
  assert.is(await box.ok(['logs', id]), 'ready\nbye');
  await box.ok(['rm', id]);
});

test('stop sends the image’s STOPSIGNAL, and -s another', async () => {
  await box.build('quitter', [], ['STOPSIGNAL SIGQUIT', 'CMD ["sh"]']);
  for (const [flags, code] of [
    [[], '3'],
    [['-s', 'USR1'], '7'],
  ] as const) {
    const script = 'trap "exit 3" QUIT; trap "exit 7" USR1; echo ready; while :; do sleep 0.1; done';
    const id = await box.ok(['run', '-d', '--network', 'none', 'quitter', 'sh', '-c', script]);
    await eventually(async () => assert.is(await box.ok(['logs', id]), 'ready'));
    await box.ok(['stop', ...flags, id]);
    assert.is(await box.inspect(id, '{{.State.ExitCode}}'), code);
    await box.ok(['rm', id]);
  }
});

test('signals of the foreground client reach PID 1', async () => {
  const client = run([
    'bb',
    'sh',
    '-c',
    'trap "echo hup" HUP; trap "echo int; exit 9" INT; echo ready; while :; do sleep 0.05; done',
  ]);
  let seen = '';
  client.stdout?.on('data', chunk => {
    seen += chunk;
  });
  await eventually(() => assert.match(seen, /ready/));
  client.kill('SIGHUP');
  await eventually(() => assert.match(seen, /hup/));
  client.kill('SIGINT');
  const result = await client;
  assert.is(result.exitCode, 9);
  assert.is(result.stdout, 'ready\nhup\nint');
});

test('orphans are adopted by PID 1, and end with it', async () => {
  const id = await box.start('(sleep 1000 &) ; sleep 0.2; trap "exit 0" TERM; while :; do sleep 0.1; done');
  await eventually(async () => assert.match(await box.inside(id, 'ps -o ppid,args'), /^ +1 sleep 1000$/m));
  const pid = Number(await box.inspect(id, '{{.State.Pid}}'));
  const children = (await execa('ps', ['-o', 'pid=', '--ppid', String(pid)])).stdout.trim().split(/\s+/).map(Number);
  await box.ok(['stop', id]);
  for (const child of children) assert.throws(() => process.kill(child, 0), /ESRCH/);
  await box.ok(['rm', id]);
});

test('signal dispositions, mask, umask, limits of descriptors, controlling terminal: clean', async () => {
  const status = await run(['bb', 'cat', '/proc/self/status']);
  assert.match(String(status.stdout), /^Umask:\t0022$/m);
  for (const field of ['SigBlk', 'SigIgn', 'SigCgt', 'CapInh', 'CapAmb'])
    assert.match(String(status.stdout), new RegExp(`^${field}:\\t0+$`, 'm'));
  assert.match(String(status.stdout), /^Pid:\t1$/m);
  assert.match(String(status.stdout), /^TracerPid:\t0$/m);
});

test('the environment: image, PATH, HOSTNAME, HOME, -e, --env-file; nothing of ours', async () => {
  await box.build('env', [], ['ENV FROM_IMAGE=1 BOTH=image', 'CMD ["sh"]']);
  const file = join(temporaryFolder('env'), 'env');
  writeFileSync(file, '# comment\nFROM_FILE=a b "c"\nOURS\nUNSET_HERE\n');
  const result = await run(
    [
      '-e',
      'BOTH=flag',
      '-e',
      'EMPTY=',
      '-e',
      'OURS',
      '-e',
      'ABSENT',
      '--env-file',
      file,
      '-h',
      'h',
      'env',
      'cat',
      '/proc/self/environ',
    ],
    { env: { OURS: 'of the client', SECRET: 'x' } },
  );
  const variables = String(result.stdout).split('\0').filter(Boolean).sort();
  assert.equal(variables, [
    'BOTH=flag',
    'EMPTY=',
    'FROM_FILE=a b "c"',
    'FROM_IMAGE=1',
    'HOME=/',
    'HOSTNAME=h',
    'OURS=of the client',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ]);
  assert.match(await box.ok(['run', '--rm', '-t', '--network', 'none', 'bb', 'env']), /^TERM=xterm\r?$/m);
  assert.match(await box.sh('env', '-e', 'HOME=/elsewhere'), /^HOME=\/elsewhere$/m);
});

test('a command line as long as the kernel takes: 1.9 MB, in long arguments and in very short ones', async () => {
  const long = Array<string>(15).fill('y'.repeat(120_000));
  assert.is(await box.ok(['run', '--rm', '--network', 'none', 'bb', 'sh', '-c', 'echo $#', ...long]), '14');
  const short = Array<string>(150_000).fill('z');
  assert.is(await box.ok(['run', '--rm', '--network', 'none', 'bb', 'sh', '-c', 'echo $#', ...short]), '149999');
});

test('-w: made where it is missing, owned by root, and HOME is the user’s', async () => {
  assert.is(
    await box.sh('pwd; stat -c "%U %a" /a /a/b; echo $HOME; id -u', '-w', '/a/b', '-u', 'www-data'),
    '/a/b\nroot 755\nroot 755\n/var/www\n33',
  );
  assert.is(await box.sh('pwd', '-w', '/made/../other//x/'), '/other/x');
});

const link = (name: string, linkname: string): Member => ({ name, type: 'symlink', linkname });

test('-w and exec -w: through links of the image, and what is in the way, as Docker 20.10 has it', async () => {
  const canary = canaryTree();
  const outside = join(canary.path, 'made');
  await box.build('ways', [
    { name: 'file', content: 'x' },
    link('filelink', '/file'),
    link('dangling', '/nowhere/else'),
    link('upwards', '../../../../upthere'),
    link('hostwards', outside),
    link('over', 'dangling/deeper'),
    link('looped', 'looped'),
    link('fdlink', '/proc/self/fd/4'),
    link('good', '/etc'),
    { name: 'etc', type: 'directory' },
    { name: 'secret', type: 'directory', mode: 0o700 },
  ]);
  const at = (directory: string, user = '0') =>
    run(['-w', directory, '-u', user, 'ways', 'sh', '-c', 'readlink /proc/self/cwd; stat -c "%u %a" .']);
  for (const [directory, real] of [
    ['/dangling', '/nowhere/else'],
    ['/dangling/sub', '/nowhere/else/sub'],
    ['/over', '/nowhere/else/deeper'],
    ['/upwards', '/upthere'],
    ['/hostwards', outside],
    ['/good/new', '/etc/new'],
  ] as const)
    assert.is((await at(directory)).stdout, `${real}\n0 755`, directory);
  assert.is((await run(['-w', '/secret', '-u', '1000', 'ways', 'sh', '-c', 'pwd'])).stdout, '/secret');
  for (const [directory, code, reason] of [
    ['/file', 125, 'cannot enter the working directory "/file": not a directory'],
    ['/filelink', 125, 'cannot enter the working directory "/filelink": not a directory'],
    ['/file/sub', 125, 'cannot make the working directory "/file/sub": not a directory'],
    ['/fdlink', 125, 'cannot enter the working directory "/fdlink": not a directory'],
    ['/looped', 125, 'too many symbolic links in the image on the way to "/looped"'],
    ['/proc/1/none', 127, 'cannot make the working directory "/proc/1/none": no such file or directory'],
    ['/sys/none', 125, 'cannot make the working directory "/sys/none": read-only file system'],
    [`/${'a'.repeat(256)}`, 125, `cannot make the working directory "/${'a'.repeat(256)}": file name too long`],
  ] as const) {
    const { exitCode, stderr } = await at(directory);
    assert.equal([exitCode, String(stderr).split('\n')[0]], [code, `minidock: ${reason}`]);
  }
  const id = await box.ok(['run', '-d', '--network', 'none', 'ways', 'sleep', '1000']);
  for (const [directory, reason] of [
    ['/nowhere', 'no such file or directory'],
    ['/file', 'not a directory'],
    ['/dangling', 'no such file or directory'],
    ['/looped', 'too many levels of symbolic links'],
  ] as const) {
    const { exitCode, stderr } = await box.minidock(['exec', '-w', directory, id, 'true']);
    const line = `minidock: cannot enter the working directory "${directory}": ${reason}`;
    assert.equal([exitCode, String(stderr).split('\n')[0]], [126, line]);
  }
  assert.is(await box.ok(['exec', '-w', '/secret', '-u', '1000', id, 'sh', '-c', 'pwd']), '/secret');
  assert.is(await box.inside(id, 'ls -d /nowhere 2>&1; true'), 'ls: /nowhere: No such file or directory');
  await box.ok(['rm', '-f', id]);
  canary.check();
});

test('-u: names, numbers, groups; capabilities only for root', async () => {
  const id = async (user: string) => box.sh('id; grep CapEff /proc/self/status', '-u', user);
  assert.is(await id('www-data'), 'uid=33(www-data) gid=33(www-data) groups=33(www-data)\nCapEff:\t0000000000000000');
  assert.is(
    await id('nobody:www-data'),
    'uid=65534(nobody) gid=33(www-data) groups=33(www-data)\nCapEff:\t0000000000000000',
  );
  assert.is(await id('1234'), 'uid=1234 gid=0(root) groups=0(root)\nCapEff:\t0000000000000000');
  assert.is(await id('1234:56'), 'uid=1234 gid=56 groups=56\nCapEff:\t0000000000000000');
  assert.is(await id('0:33'), 'uid=0(root) gid=33(www-data) groups=33(www-data)\nCapEff:\t00000000a80425fb');
});

test('USER, WORKDIR, ENTRYPOINT and CMD of the image; flags replace them', async () => {
  await box.build('full', [], ['USER 7:8', 'WORKDIR /work', 'ENTRYPOINT ["echo", "entry"]', 'CMD ["cmd"]']);
  assert.is((await run(['full'])).stdout, 'entry cmd');
  assert.is((await run(['full', 'a', 'b'])).stdout, 'entry a b');
  assert.is((await run(['--entrypoint', 'id', 'full', '-u'])).stdout, '7');
  assert.is((await run(['--entrypoint', 'sh', 'full', '-c', 'pwd; id -g'])).stdout, '/work\n8');
  assert.is((await run(['--entrypoint', '', 'full', 'echo', 'plain'])).stdout, 'plain');
});

test('megabytes both ways at once through -i, without loss or deadlock', async () => {
  const sent = Buffer.alloc(8 << 20, 'the quick brown fox\n');
  const hash = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
  const result = await run(['-i', 'bb', 'sh', '-c', 'tee /dev/stderr'], {
    input: sent,
    stdin: 'pipe',
    encoding: 'buffer',
    stripFinalNewline: false,
  });
  assert.is(result.exitCode, 0);
  assert.is(hash(result.stdout as unknown as Uint8Array), hash(sent));
  assert.is(hash(result.stderr as unknown as Uint8Array), hash(sent));
});

test('without -i standard input is empty; with it the end of file arrives', async () => {
  assert.is((await run(['bb', 'wc', '-c'], { input: 'abc', stdin: 'pipe' })).stdout, '0');
  assert.is((await run(['-i', 'bb', 'wc', '-c'], { input: 'abc', stdin: 'pipe' })).stdout, '3');
  assert.is((await run(['-i', 'bb', 'wc', '-c'], { input: '', stdin: 'pipe' })).stdout, '0');
});

test('2 MiB on stdout and stderr at once, each on its own', async () => {
  const script = 'head -c 2097152 /dev/zero | tr "\\0" o & head -c 2097152 /dev/zero | tr "\\0" e >&2 & wait';
  const result = await run(['bb', 'sh', '-c', script]);
  assert.is(result.exitCode, 0);
  assert.is(result.stdout, 'o'.repeat(1 << 21));
  assert.is(result.stderr, 'e'.repeat(1 << 21));
});

test('output that nobody reads yet does not hold up the container, and is whole when it is read', async () => {
  const name = 'slow';
  const go = join(temporaryFolder('slow'), 'go');
  const pipeline = `"${minidockPath}" run --name ${name} --network none bb sh -c 'head -c 8388608 /dev/zero; echo >&2 written' | (until test -e '${go}'; do sleep 0.05; done; wc -c)`;
  const client = execa('sh', ['-c', pipeline], { env: box.env });
  await eventually(async () => assert.is(await box.inspect(name, '{{.State.Status}}'), 'exited'), 30);
  writeFileSync(go, '');
  assert.is((await client).stdout, String(8 << 20));
  await box.ok(['rm', name]);
});

test('a client whose reader goes away leaves the container running', async () => {
  const result = await execa(
    'sh',
    ['-c', `"${minidockPath}" run --name gone --network none bb sh -c 'while echo y; do sleep 0.05; done' | head -1`],
    { env: box.env },
  );
  assert.is(result.stdout, 'y');
  assert.is(await box.inspect('gone', '{{.State.Running}}'), 'true');
  await box.ok(['rm', '-f', 'gone']);
});

const withScript = requires('root', 'busybox', 'overlayfs', 'script');

const terminal = (args: string, typing: [RegExp, string][]) => onTerminal(`'${minidockPath}' ${args}`, typing, box.env);

withScript('-it: a terminal with the client’s size, its own echo, and the exit code', async () => {
  const script = 'tty; test -t 0 && test -t 1 && test -t 2 && echo all; stty size; echo ready; cat; exit 4';
  const { exitCode, shown } = await terminal(`run --rm -it --network none bb sh -c '${script}'`, [
    [/ready/, 'typed\n'],
    [/typed\s+typed/, '\x04'],
  ]);
  assert.is(exitCode, 4, shown);
  assert.match(shown, /\/dev\/pts\/0\s+all\s+33 77\s+ready\s+typed\s+typed\s/);
});

withScript('-it: Ctrl-C is a key, and reaches the foreground process of the container', async () => {
  const script = 'trap "echo caught; exit 6" INT; echo ready; while :; do sleep 0.1; done';
  const { exitCode, shown } = await terminal(`run --rm -it --network none bb sh -c '${script}'`, [[/ready/, '\x03']]);
  assert.is(exitCode, 6, shown);
  assert.match(shown, /caught/);
});

withScript('-it: the detach keys leave it running', async () => {
  const { exitCode, shown } = await terminal('run --name kept -it --network none bb sh', [[/# /, '\x10\x11']]);
  assert.is(exitCode, 0, shown);
  assert.not.match(shown, /read escape sequence/);
  assert.is(await box.inspect('kept', '{{.State.Running}}'), 'true');
  await box.ok(['rm', '-f', 'kept']);
});

test('-t without a terminal of ours: one stream, CR LF', async () => {
  const result = await run(['-t', 'bb', 'sh', '-c', 'echo out; echo err >&2'], { stripFinalNewline: false });
  assert.is(result.stdout, 'out\r\nerr\r\n');
  assert.is(result.stderr, '');
  const refused = await run(['-it', 'bb', 'true'], { input: '', stdin: 'pipe' });
  assert.is(refused.exitCode, 1);
  assert.match(String(refused.stderr), /the input device is not a TTY/);
});

test.run();
