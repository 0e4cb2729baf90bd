// @mounts-nothing what is refused is refused before anything is mounted
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import type { Options } from 'execa';
import * as assert from 'uvu/assert';
import { gzipped } from './support/archive.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { canaryTree } from './support/canary.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { faultyRegistry, testImage } from './support/faulty-registry.ts';
import { type Holdings, holdings, newSince } from './support/leaks.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';

/**
 * Whatever is wrong with what was asked: one line that names it (and perhaps what to do), Docker's exit code, no stack, and
 * the state below the engine's roots and on the machine as it was.
 */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip');
let box: BusyboxEngine;
let machine: Holdings;

test.before(async () => {
  box = await busyboxEngine();
  // The bridge and what else an engine makes at its first container.
  await box.ok(['run', '--rm', '-p', '127.0.0.1::80', 'bb', 'true']);
  machine = holdings();
});

/** Locks change their owner's name: that is not left behind by a failure. */
const state = () =>
  [box.root, box.execRoot]
    .flatMap(folder => readdirSync(folder, { recursive: true }) as string[])
    // The keeper ends a moment after the command that gave it something to do.
    .filter(name => !/^layers\/.*\/diff\/|\.lock(\/|$)|\/lock(\/|$)|^keeper\.json$/.test(name))
    .sort();

/** Runs a command that must fail like this and leave nothing. */
async function refused(args: string[], code: number, message: RegExp, options: Options = {}): Promise<string> {
  const before = state();
  const result = await box.minidock(args, { timeout: 20_000, ...options });
  const stderr = String(result.stderr);
  assert.is(result.exitCode, code, `${args.join(' ')}: ${stderr}`);
  assert.match(stderr, message, args.join(' '));
  assert.not.match(stderr, /^ {4}at |looks like a defect|undefined|\[object/m);
  const said = stderr
    .replace(/^(Usage: .*\n\n).*$/m, '$1')
    .split('\n')
    .filter(line => !/^( {2}fix: |See '|Usage: |Unable to find image .* locally$|$)/.test(line));
  assert.is(said.length, 1, `one line, not:\n${stderr}`);
  // In the background the id of a container that cannot start is printed before why.
  assert.match(String(result.stdout), args.includes('-d') ? /^([0-9a-f]{64})?$/ : /^(\[\])?$/, args.join(' '));
  assert.equal(state(), before, args.join(' '));
  return stderr;
}

/** 8 MB of variables: more than the kernel takes, whatever the stack limit is. */
const endless = join(temporaryFolder('environment'), 'endless');
writeFileSync(endless, Array.from({ length: 80 }, (_, i) => `V${i}=${'x'.repeat(100_000)}\n`).join(''));

const cases: [string, string[], number, RegExp][] = [
  ['unknown verb', ['frobnicate'], 1, /^minidock: 'frobnicate' is not a minidock command/],
  ['verb with a slip', ['rnu'], 1, /'rnu' is not a minidock command\. Did you mean 'run'\?/],
  ['unknown global flag', ['--frobnicate', 'ps'], 125, /^unknown flag: --frobnicate/],
  ['unknown flag of run', ['run', '--frobnicate', 'bb'], 125, /^unknown flag: --frobnicate/],
  ['unknown short flag', ['run', '-Z', 'bb'], 125, /^unknown shorthand flag: 'Z' in -Z/],
  ['unknown flag of ps', ['ps', '--frobnicate'], 125, /^unknown flag: --frobnicate/],
  ['flag without its value', ['run', '--name'], 125, /^flag needs an argument: --name/],
  ['too few operands', ['run'], 1, /^"minidock run" requires at least 1 argument/],
  ['too few operands of exec', ['exec', 'x'], 1, /^"minidock exec" requires at least 2 arguments/],
  ['too many operands', ['ps', 'x'], 1, /^"minidock ps" accepts no arguments/],
  ['bad reference', ['run', 'lower/CASE', 'true'], 125, /invalid reference format: .*lower\/CASE/],
  ['bad reference: path', ['run', '../../etc', 'true'], 125, /invalid reference format: .*\.\.\/\.\.\/etc/],
  ['bad reference: empty', ['run', '', 'true'], 125, /invalid reference format/],
  ['bad reference: digest', ['run', 'bb@sha256:123', 'true'], 125, /invalid (reference format|checksum digest)/],
  ['bad tag', ['pull', 'bb:b*d'], 1, /invalid reference format: .*bb:b\*d/],
  ['no such image, and no pull', ['run', '--pull', 'never', 'nosuch', 'true'], 125, /No such image: nosuch/],
  ['no such image to inspect', ['inspect', '--type', 'image', 'nosuch'], 1, /No such image: nosuch/],
  ['no such container: exec', ['exec', 'nosuch', 'true'], 1, /No such container: nosuch/],
  ['no such container: logs', ['logs', 'nosuch'], 1, /No such container: nosuch/],
  ['no such container: stop', ['stop', 'nosuch'], 1, /No such container: nosuch/],
  ['no such container: rm', ['rm', 'nosuch'], 1, /No such container: nosuch/],
  ['a container’s id as a path', ['rm', '../containers'], 1, /No such container: \.\.\/containers/],
  ['a container’s name as a path', ['logs', '..'], 1, /No such container: \.\./],
  ['no such command', ['run', '--rm', 'bb', 'nosuch'], 127, /exec: "nosuch": executable file not found in \$PATH/],
  [
    'no such command, in the background',
    ['run', '-d', '--rm', 'bb', 'nosuch'],
    127,
    /exec: "nosuch": executable file not found/,
  ],
  [
    'not executable',
    ['run', '--rm', '-p', '127.0.0.1::80', 'bb', '/etc/passwd'],
    126,
    /"\/etc\/passwd": permission denied/,
  ],
  ['port out of range', ['run', '-p', '70000:80', 'bb', 'true'], 125, /invalid argument "70000:80" .*70000/],
  ['port 0 inside', ['run', '-p', '80:0', 'bb', 'true'], 125, /invalid argument "80:0"/],
  ['no port', ['run', '-p', 'web', 'bb', 'true'], 125, /invalid argument "web" for "-p, --publish" flag/],
  ['unknown protocol', ['run', '-p', '80:80/xyz', 'bb', 'true'], 125, /invalid argument "80:80\/xyz".*xyz/],
  ['no address', ['run', '-p', '300.1.1.1:80:80', 'bb', 'true'], 125, /300\.1\.1\.1/],
  ['an address that is not ours', ['run', '--rm', '-p', '192.0.2.77:8099:80', 'bb', 'true'], 125, /192\.0\.2\.77/],
  ['bad name', ['run', '--name', 'a b', 'bb', 'true'], 125, /Invalid container name \(a b\)/],
  ['name as a path', ['run', '--name', '../x', 'bb', 'true'], 125, /Invalid container name \(\.\.\/x\)/],
  ['name of one letter', ['run', '--name', 'x', 'bb', 'true'], 125, /Invalid container name \(x\)/],
  ['endless name', ['run', '--name', 'x'.repeat(5000), 'bb', 'true'], 125, /[Nn]ame/],
  ['unknown network', ['run', '--network', 'nosuch', 'bb', 'true'], 125, /network nosuch not found/],
  ['bad volume', ['run', '-v', '/a:b', 'bb', 'true'], 125, /invalid mount path: 'b' mount path must be absolute/],
  [
    'bad volume name',
    ['run', '-v', 'a/b:/x', 'bb', 'true'],
    125,
    /'?"?a\/b"?'? includes invalid characters for a local volume name/,
  ],
  ['volume over the root', ['run', '-v', '/tmp:/', 'bb', 'true'], 125, /destination can't be '\/'/],
  ['bad mode', ['run', '-v', '/tmp:/x:zz', 'bb', 'true'], 125, /invalid mode: zz/],
  ['bad variable', ['run', '-e', '=x', 'bb', 'true'], 125, /invalid environment variable: =x/],
  [
    'a name that is too short',
    ['run', '--name', 'a', 'bb', 'true'],
    125,
    /name \(a\).*\n {2}fix: .* 2 to 255 characters/,
  ],
  [
    'a time that is none',
    ['image', 'prune', '-f', '--filter', 'until=x'],
    1,
    /as time or duration: "x"\n {2}fix: write 10m/,
  ],
  ['no configuration', ['--config', '/no/such', 'run', 'bb'], 125, /\/no\/such: no such file\n {2}fix: name one/],
  ['no archive', ['import', '/etc/passwd'], 1, /^minidock: the archive "\/etc\/passwd" is no valid tar archive: /],
  ['no environment file', ['run', '--env-file', '/no/such', 'bb', 'true'], 125, /\/no\/such: no such file/],
  [
    'endless hostname',
    ['run', '--rm', '--network', 'none', '-h', 'h'.repeat(80), 'bb', 'true'],
    125,
    /invalid hostname "h+": it has 80 bytes\n {2}fix: the kernel takes 64 at most/,
  ],
  [
    'argument list too long',
    ['run', '--rm', '--network', 'none', '--env-file', endless, 'bb', 'true'],
    126,
    /^minidock: exec: "true": argument list too long/,
  ],
  ['unknown user', ['run', '--rm', '-u', 'nosuch', 'bb', 'true'], 125, /unable to find user nosuch/],
  ['working directory in a file', ['run', '--rm', '-w', '/etc/passwd/x', 'bb', 'true'], 125, /\/etc\/passwd/],
  ['bad signal', ['stop', '-s', 'NOSUCH', 'nosuch'], 1, /NOSUCH|No such container/],
  ['bad number', ['stop', '-t', 'soon', 'x'], 125, /invalid argument "soon" for "-t, --timeout?" flag/],
  ['bad template', ['inspect', '--format', '{{.Names', 'bb'], 64, /template|unclosed/i],
  ['bad template of a listing', ['ps', '--format', '{{.Names'], 1, /template|unclosed/i],
  ['bad filter', ['ps', '-f', 'nosuch=1'], 1, /nosuch/],
  ['nothing to import', ['import', '/no/such.tar', 'x'], 1, /\/no\/such\.tar/],
  ['-it without a terminal', ['run', '-it', 'bb', 'true'], 1, /the input device is not a TTY/],
];
for (const [name, args, code, message] of cases)
  test(name, async () => {
    await refused(args, code, message);
  });

test('a name in use', async () => {
  const id = await box.start('sleep 1000', '--name', 'taken');
  await refused(
    ['run', '--name', 'taken', 'bb', 'true'],
    125,
    new RegExp(`The container name "/taken" is already in use by container "${id}"`),
  );
  await box.ok(['rm', '-f', id]);
});

test('a port in use', async () => {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '0.0.0.0', resolve));
  const { port } = server.address() as AddressInfo;
  await refused(
    ['run', '-d', '--rm', '-p', `${port}:80`, 'bb', 'sleep', '10'],
    125,
    new RegExp(`${port}.*(in use|allocated)`),
  );
  await refused(
    ['run', '--rm', '-p', `${port}:80`, '-v', '/data', '--name', 'porty', 'bb', 'true'],
    125,
    new RegExp(String(port)),
  );
  server.close();
  const id = await box.ok(['run', '-d', '-p', '127.0.0.1::80', 'bb', 'sleep', '100']);
  const own = (
    await box.ok(['inspect', '-f', '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', id])
  ).trim();
  const said = await refused(['run', '-d', '--rm', '-p', `${own}:80`, 'bb', 'sleep', '10'], 125, /in use by container/);
  assert.ok(said.includes(`minidock rm -f ${id.slice(0, 12)}`), said);
  await box.ok(['rm', '-f', id]);
});

test('a registry that is not there, does not have it, or lies: run says so with 125, pull with 1', async () => {
  const port = await freePort();
  await refused(['run', `127.0.0.1:${port}/x`, 'true'], 125, /cannot pull .*(refused|reach)/);
  const server = await faultyRegistry();
  const ask = (name: string, message: RegExp) => refused(['pull', '-q', `${server.host}/${name}`], 1, message);
  await ask('missing:1', /missing/);
  const layer = await gzipped([{ name: 'file', content: 'x'.repeat(100_000) }]);
  const short = testImage([layer]);
  server.put('short:1', {
    ...short,
    blobs: new Map(
      [...short.blobs].map(([name, blob]) => [name, blob.length === layer.length ? blob.subarray(0, 50) : blob]),
    ),
  });
  await ask('short:1', /sha256:|truncated|bytes/);
  const wrong = testImage([layer]);
  server.put('wrong:1', {
    ...wrong,
    blobs: new Map(
      [...wrong.blobs].map(([name, blob]) => [
        name,
        blob.length === layer.length ? Buffer.from(blob).fill(1, 20, 40) : blob,
      ]),
    ),
  });
  await ask('wrong:1', /digest|sha256:/);
  server.put('garbage:1', testImage([Buffer.from('this is no gzip')]));
  await ask('garbage:1', /gzip|layer/);
  server.close();
});

test('layers that climb out with .. or links touch nothing', async () => {
  const canary = canaryTree();
  const server = await faultyRegistry();
  for (const [name, members] of Object.entries({
    dots: [{ name: `${'../'.repeat(20)}${canary.path.slice(1)}/made`, content: 'x' }],
    absolute: [{ name: `${canary.path}/made`, content: 'x' }],
    link: [{ name: 'out', type: 'symlink', linkname: canary.path } as const, { name: 'out/made', content: 'x' }],
    hard: [{ name: 'steal', type: 'link', linkname: `../../../../../..${canary.path}/private/secret` } as const],
  })) {
    server.put(`${name}:1`, testImage([await gzipped(members)]));
    const result = await box.minidock(['pull', '-q', `${server.host}/${name}:1`]);
    if (result.exitCode !== 0) assert.match(String(result.stderr), /^minidock: .+/);
    assert.not.match(String(result.stderr), /^ {4}at |defect/m);
    canary.check();
  }
  server.close();
});

test('broken state of our own: a record or a configuration that is no JSON names the file', async () => {
  const id = await box.start('true');
  await box.ok(['stop', id]);
  const file = join(box.root, 'containers', id, 'container.json');
  const whole = readFileSync(file);
  writeFileSync(file, '{"id":');
  const result = await box.minidock(['inspect', id]);
  writeFileSync(file, whole);
  assert.is(result.exitCode, 1);
  assert.match(String(result.stderr), new RegExp(`^minidock: .*${id}`));
  assert.not.match(String(result.stderr), /^ {4}at /m);
  await box.ok(['rm', id]);
  const config = join(temporaryFolder('config'), 'daemon.json');
  writeFileSync(config, '{ broken');
  await refused(['--config', config, 'run', 'nosuch', 'true'], 125, /daemon\.json/);
});

test('a disk that is full', async () => {
  const folder = temporaryFolder('full');
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder]);
  assert.is(mounted.status, 0);
  const result = await box.minidock(['--root', folder, 'import', '-', 'x'], {
    input: await gzipped([{ name: 'file', content: Buffer.alloc(1 << 20, 'abcdefg') }]),
    stdin: 'pipe',
  });
  assert.is(result.exitCode, 1);
  assert.match(String(result.stderr), /^minidock: .*(no space|ENOSPC|disk)/i);
  assert.equal(
    readdirSync(folder).flatMap(name =>
      readdirSync(join(folder, name)).filter(inner => /^[0-9a-f]{64}$|partial-|tmp/.test(inner)),
    ),
    [],
  );
});

requires('root', 'readable-checkout')('not root: each verb says so, and what to do', async () => {
  chmodSync(box.folder, 0o755);
  const asNobody = (args: string[]) =>
    spawnSync(
      'setpriv',
      [
        '--reuid',
        '65534',
        '--regid',
        '65534',
        '--clear-groups',
        process.execPath,
        join(process.cwd(), 'bin/minidock'),
        ...args,
      ],
      {
        encoding: 'utf8',
        env: { ...process.env, ...box.env },
      },
    );
  for (const [args, code] of [
    [['run', '--rm', 'bb', 'sh', '-c', "echo 'a b'"], 125],
    [['ps'], 1],
    [['images'], 1],
    [['exec', 'x', 'true'], 1],
    [['stop', 'x'], 1],
    [['rm', 'x'], 1],
    [['logs', 'x'], 1],
    [['inspect', 'x'], 1],
    [['pull', 'x'], 1],
  ] as const) {
    const { status, stderr } = asNobody([...args]);
    assert.is(status, code, `${args[0]}: ${stderr}`);
    assert.match(stderr, /^minidock: .*not root\n {2}fix: sudo \S+minidock /, args[0]);
    assert.is(stderr.trimEnd().split('\n').length, 2);
    // What it says is what a shell would take for the same command.
    const typed = stderr.split('fix: sudo ')[1]!.trimEnd();
    const { stdout } = spawnSync('sh', ['-c', `printf '%s\\n' ${typed}`], { encoding: 'utf8' });
    assert.equal(stdout.split('\n').slice(0, -1), [join(process.cwd(), 'bin/minidock'), ...args]);
  }
  assert.is(asNobody(['--version']).status, 0);
  assert.is(asNobody(['run', '--help']).status, 0);
});

test('after all of that the machine holds nothing new', async () => {
  assert.equal((await box.ok(['ps', '-aq'])).split('\n').filter(Boolean), []);
  await eventually(() =>
    assert.equal(
      newSince(machine, holdings()).filter(line => line.includes(box.bridge) || line.includes(basename(box.folder))),
      [],
    ),
  );
});

test.run();
