// @long each command is typed at a terminal and into a pipe
// @mounts-nothing what is printed is the same
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { archive } from './support/archive.ts';
import { type FaultyRegistry, faultyRegistry, testImage } from './support/faulty-registry.ts';
import { minidockPath, type Sandbox, sandbox } from './support/minidock.ts';
import { requires } from './support/requires.ts';
import { onTerminal } from './support/terminal.ts';

/**
 * Images, registries and archives are written by others: a terminal must not obey what they hold. Every text in here is one
 * that sets the window's title, hides what follows, clears the screen (with C1's one-byte CSI too), or turns text round.
 */
const test = requires('root', 'busybox', 'overlayfs', 'script');
const evil = '\x1b]0;owned\x07\x1b[8mA\x9b2JB\u202eC\u2066D\x7fE\rF\bG';
const obeyed = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;
let box: Sandbox;
let server: FaultyRegistry;

test.before(async () => {
  server = await faultyRegistry();
  box = sandbox({ 'insecure-registries': [server.host] });
  const rootfs = gzipSync(readFileSync((await busyboxImage()).rootfs), { level: 1 });
  const image = (changes: object) =>
    testImage([rootfs], ({ config }) => {
      config.author = evil;
      config.comment = evil;
      config.history = [
        { created: config.created, created_by: `RUN ${evil}\necho two`, comment: `${evil}\n2`, author: evil },
      ];
      config.config = {
        Cmd: ['sh', '-c', `: ${evil}; sleep 1000`],
        Labels: { [evil]: evil },
        Env: [`E=${evil}`],
        ...changes,
      };
    });
  server.put('evil:1', image({}));
  server.put('command:1', image({ Entrypoint: [`/${evil}`] }));
  server.put('user:1', image({ User: evil }));
  server.put('folder:1', image({ WorkingDir: `/etc/passwd/${evil}` }));
  server.put('volume:1', image({ Volumes: { [`/${evil}`]: {} } }));
  server.intercept = ({ url = '' }, response) => {
    if (url.includes('/v1/search')) {
      response.end(JSON.stringify({ results: [{ name: evil, description: evil, star_count: 1 }] }));
      return true;
    }
    if (!url.includes('/broken/')) return false;
    // It is asked again five times, and says how long to wait each time.
    response.writeHead(500, { 'retry-after': '0' }).end(JSON.stringify({ errors: [{ code: evil, message: evil }] }));
    return true;
  };
  for (const name of ['evil', 'command', 'user', 'folder', 'volume']) {
    await box.ok(['pull', '-q', `${server.host}/${name}:1`]);
    await box.ok(['tag', `${server.host}/${name}:1`, name]);
  }
  await box.ok(['run', '-d', '--network', 'none', '--name', 'web', '-v', '/tmp:/t', 'evil']);
});

/** Each with what of the hostile text it shows. */
const commands: [string[], RegExp | undefined][] = [
  [['ps', '--no-trunc'], /\\x1b\]0;owned/],
  [['ps', '--format', 'table {{.Command}}\t{{.Labels}}'], /owned/],
  [['images'], undefined],
  [['history', 'evil'], /owned/],
  [['history', '--no-trunc', 'evil'], /RUN \\x1b\]0;owned.*\\necho two/],
  [['inspect', 'web'], /owned/],
  [['search', 'REGISTRY/x'], /owned/],
  [['manifest', 'inspect', '-v', 'REGISTRY/evil:1'], undefined],
  [['pull', 'REGISTRY/broken/x'], /owned/],
  [['run', '--rm', '--network', 'none', 'command'], /exec: "\/\\.*owned/],
  [['run', '--rm', '--network', 'none', 'user'], /owned/],
  [['run', '--rm', '--network', 'none', 'folder'], /owned/],
  [['run', '--rm', '--network', 'none', 'volume', 'true'], undefined],
  [['run', '--network', 'none', '--dry-run=full', 'evil'], /owned/],
  [['run', '--network', 'none', '--dry-run', 'volume'], undefined],
  [['run', '--rm', '--network', 'none', '--trace=full', 'volume', 'true'], /owned/],
  [['run', '--network', 'none', '--dry-run', `--versus=-v data:/\x1b[8mowned`, 'volume'], /owned/],
  [['run', '--rm', '--network', 'none', '--trace', 'command'], /owned/],
  [['run', '--rm', '--network', 'none', '--trace', 'volume', 'true'], undefined],
  [['exec', 'web', evil], /exec: "\\.*owned/],
  [['exec', '-w', `/${evil}`, 'web', 'true'], /owned/],
  [['exec', '-u', evil, 'web', 'true'], /owned/],
  [['stop', evil], /owned/],
  [['rm', '-f', evil], /owned/],
  [['inspect', evil], /owned/],
  [['logs', evil], /owned/],
  [['run', '--name', evil, 'evil'], /owned/],
  [['run', '-v', `${evil}:/x`, 'evil'], /owned/],
  [['pull', evil], /owned/],
  [['import', `/no/${evil}`, 'x'], /owned/],
  [['load', '-i', `/no/${evil}`], /owned/],
  [['save', '-o', `/no/${evil}`, 'evil'], undefined],
  [[evil], /owned/],
  [['ps', `--${evil}`], /owned/],
  [['ps', '-f', `${evil}=1`], /owned/],
  [['ps', '--format', `{{.${evil}`], undefined],
  [['--debug', 'stop', evil], /owned/],
];

/** As it is typed in a shell. */
const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
/** Whoever runs the tests, as the gate does, may have said that they want none. */
const inColours = (): NodeJS.ProcessEnv => ({ ...box.env, NO_COLOR: undefined });
const named = (args: string[]) => args.map(arg => arg.replace('REGISTRY', server.host));

for (const [args, shows] of commands)
  test(args.join(' ').replaceAll(evil, 'EVIL'), async () => {
    const command = [minidockPath, ...named(args)].map(quoted).join(' ');
    const [piped, { shown }] = await Promise.all([box.minidock(named(args)), onTerminal(command, [], inColours())]);
    const text = `${piped.stdout}\n${piped.stderr}`;
    if (args[0] !== 'inspect' && args[0] !== 'manifest') assert.not.match(text, obeyed, 'into a pipe');
    // A terminal makes \r\n of \n. Colours are ours: none of them hides.
    const plain = shown.replaceAll('\r\n', '\n').replace(/\x1b\[(0|1|2|1;3[16]|3[12356])m/g, '');
    assert.not.match(plain, obeyed, `on a terminal: ${JSON.stringify(shown)}`);
    if (shows !== undefined) assert.match(plain, shows);
  });

test('a template is for programs: into a pipe it gives what is there, byte for byte; a terminal is shown it', async () => {
  const args = ['inspect', '-f', '{{range $k, $v := .Config.Labels}}{{$v}}{{end}}', 'web'];
  assert.is(await box.ok(args), evil);
  assert.is(await box.ok(['ps', '--format', '{{.Labels}}']), `${evil}=${evil}`);
  assert.is(await box.ok(['history', '--format', '{{.Comment}}', 'evil']), `${evil}\n2`);
  const [{ Config }] = JSON.parse(await box.ok(['inspect', 'web']));
  assert.equal(Config.Labels, { [evil]: evil });
  for (const words of [args, ['ps', '--format', '{{.Labels}}'], ['ps', '--format', 'json'], ['version', '-f', evil]]) {
    const { shown } = await onTerminal([minidockPath, ...words].map(quoted).join(' '), [], inColours());
    assert.not.match(shown.replaceAll('\r\n', '\n'), obeyed, JSON.stringify(shown));
    assert.match(shown, /owned/);
  }
});

test('what a container prints is its own, in logs as well', async () => {
  const script = `printf '\\033[1mbold\\n'`;
  assert.is(await box.ok(['run', '--name', 'loud', '--network', 'none', 'evil', 'sh', '-c', script]), '\x1b[1mbold');
  assert.is(await box.ok(['logs', 'loud']), '\x1b[1mbold');
  const { shown } = await onTerminal(`${minidockPath} logs loud`, [], box.env);
  assert.is(shown, '\x1b[1mbold\r\n');
});

test('names of files in archives', async () => {
  const input = await archive([
    { name: `../${evil}`, content: 'x' },
    { name: `${evil}/..`, type: 'link', linkname: evil },
  ]);
  for (const args of [['import', '-', 'x'], ['load']]) {
    const { stdout, stderr, exitCode } = await box.minidock(args, { input, stdin: 'pipe' });
    assert.is(exitCode, 1);
    assert.not.match(`${stdout}${stderr}`, obeyed);
  }
});

test.run();
