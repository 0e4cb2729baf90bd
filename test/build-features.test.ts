// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are a Dockerfile's
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { context } from './support/context.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';
import { onTerminal } from './support/terminal.ts';

/** What `build` has beside the Dockerfile: how it is shown, mounts of other stages, outputs, limits, its cache. */
// @mounts-nothing what RUN mounts is what `run` mounts, and that is looked at elsewhere
const test = requires('root', 'busybox', 'overlayfs');
const onPty = requires('root', 'busybox', 'overlayfs', 'script');
const archived = requires('root', 'busybox', 'overlayfs', 'skopeo');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

async function build(folder: string, flags: readonly string[] = [], options: object = {}) {
  const network = flags.includes('--network') ? [] : ['--network', 'none'];
  const { exitCode, stdout, stderr } = await box.minidock(['build', ...network, ...flags, folder], options);
  return { exitCode, stdout: String(stdout), stderr: String(stderr) };
}

/** Builds, and returns what it printed. */
async function built(
  folder: string,
  flags: readonly string[] = ['-t', 'built'],
  options: object = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await build(folder, flags, options);
  assert.is(exitCode, 0, `${stdout}\n${stderr}`);
  return stdout;
}

async function shown(script: string): Promise<string> {
  return await box.ok(['run', '--rm', '--network', 'none', '--entrypoint', 'sh', '-u', '0', 'built', '-c', script]);
}

onPty('on a terminal steps are drawn anew and folded to a line; --progress plain prints lines there too', async () => {
  const folder = context({
    Dockerfile: 'FROM bb AS first\nRUN echo said by the step; sleep 0.3\nFROM bb\nCOPY --from=first /bin/busybox /b\n',
  });
  const command = `${minidockPath} build --network none --no-cache`;
  const live = await onTerminal(`${command} ${folder}`, [], box.env);
  assert.is(live.exitCode, 0, live.shown);
  assert.match(
    live.shown,
    / -> \[first 2\/4\] RUN echo said by the step; sleep 0.3 +\d\.\ds\x1b\[K\r\n {4}\| said by the step/,
  );
  assert.match(live.shown, / => \[first 2\/4\] RUN echo said by the step; sleep 0.3 +\d\.\ds\x1b\[K/);
  assert.match(live.shown, /Successfully built [0-9a-f]{12}/);
  assert.not.match(live.shown, 'Step 2/4');
  const plain = await onTerminal(`${command} --progress plain ${folder}`, [], box.env);
  assert.match(plain.shown, /Step 2\/4 : RUN echo said/);
  assert.not.match(plain.shown, '\x1b[');
  writeFileSync(join(folder, 'Dockerfile'), 'FROM bb\nRUN echo last words; exit 3\n');
  const failed = await onTerminal(`${command} ${folder}`, [], box.env);
  assert.is(failed.exitCode, 1);
  assert.match(failed.shown, /ERROR\x1b\[K\r\n {4}\| last words\x1b\[K/);
  assert.match(failed.shown, 'returned a non-zero code: 3');
  const refused = await build(folder, ['--progress', 'tty']);
  assert.is(refused.exitCode, 1);
  assert.match(refused.stderr, '--progress tty needs a terminal, and standard output is none');
});

test('RUN --mount: of a stage, of an image, written to without a trace, a cache that begins as a stage', async () => {
  const folder = context({
    Dockerfile: `FROM bb AS lower
RUN mkdir -p /tree/sub && echo lower > /tree/sub/lower && echo hidden > /tree/gone
FROM lower AS upper
RUN rm /tree/gone && echo upper > /tree/sub/upper && chown 7:8 /tree/sub/upper
FROM bb
RUN --mount=from=upper,source=/tree,target=/seen \\
  cd /seen && find . -type f | sort > /files && cat sub/* >> /files && stat -c %u:%g sub/upper >> /files && ! touch x
RUN --mount=type=bind,from=upper,source=/tree/sub/upper,target=/one cat /one > /one-seen
RUN --mount=type=bind,from=bb,source=bin,target=/bins test -x /bins/busybox
RUN --mount=type=bind,from=upper,source=/tree,target=/w,rw echo more > /w/sub/lower; cat /w/sub/lower > /written
RUN --mount=type=bind,source=own,target=/own,rw echo changed > /own/file
RUN --mount=type=cache,from=upper,source=/tree,target=/cache,mode=0700,sharing=locked cat /cache/sub/upper > /cached; echo x > /cache/x
RUN --mount=type=cache,from=upper,source=/tree,target=/cache,sharing=locked cat /cache/x >> /cached
RUN --mount=type=tmpfs,target=/t,size=64k df -k /t | tail -1 | awk '{print $2}' > /size
`,
    'own/file': 'own\n',
  });
  await built(folder);
  assert.is(
    await shown(
      'cat /files /one-seen /written /cached /size; ls -d /seen /w /own /cache /t /bins /one 2>&1 | grep -c "No such"',
    ),
    './sub/lower\n./sub/upper\nlower\nupper\n7:8\nupper\nmore\nupper\nx\n64\n7',
  );
  assert.is(readFileSync(join(folder, 'own/file'), 'utf8'), 'own\n');
  const again = await built(folder);
  assert.is(again.match(/Using cache/g)?.length, 10, again);
  assert.equal(readdirSync(join(box.root, 'build/running')), []);
});

test('RUN --mount: what .dockerignore leaves out is not seen; secrets as variables and with a mode', async () => {
  const folder = context({
    Dockerfile: `FROM bb
RUN --mount=target=/context ls /context > /seen
RUN --mount=type=secret,id=word,env=WORD test "$WORD" = hush && ! ls /run/secrets
RUN --mount=type=secret,id=word,target=/word,mode=0440,uid=5,gid=6 stat -c '%a %u:%g' /word > /mode && grep hush /word
`,
    '.dockerignore': 'secret*\n',
    secret1: '',
    kept: '',
  });
  await built(folder, ['-t', 'built', '--secret', 'id=word,env=SPOKEN'], { env: { SPOKEN: 'hush' } });
  assert.is(await shown('cat /seen /mode'), 'Dockerfile\nkept\n440 5:6');
  const { stderr } = await build(folder, ['--secret', 'id=word,env=SPOKEN']);
  assert.match(stderr, 'secret word: the variable SPOKEN is not set');
  assert.not.ok(existsSync(join(box.execRoot, 'build')) && readdirSync(join(box.execRoot, 'build')).length > 0);
});

test('RUN is on a network of the user’s, has its hosts, and the limits of the flags', async () => {
  await box.ok(['network', 'create', '--subnet', '10.231.77.0/24', 'inner']);
  try {
    const folder = context({
      Dockerfile: `FROM bb
RUN ip -4 addr show eth0 | grep -o '10\\.231\\.77\\.[0-9]*' > /address; grep 10.9.8.7 /etc/hosts
RUN --network=none ! ip link show eth0
RUN ulimit -n > /files; df -k /dev/shm | tail -1 | awk '{print $2}' > /shm; \\
  cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null > /memory; \\
  cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null | cut -d' ' -f1 > /quota; \\
  awk '/^(NoNewPrivs|Cpus_allowed_list|Mems_allowed_list)/ {print $2}' /proc/self/status > /status
`,
    });
    const flags = ['--network', 'inner', '--add-host', 'there:10.9.8.7', '--memory', '64m', '--shm-size', '1m'];
    const cpu = ['--cpu-shares', '512', '--cpu-period', '50000', '--cpu-quota', '25000', '--cpuset-cpus', '0'];
    const others = ['--cpuset-mems', '0', '--memory-swap', '64m', '--security-opt', 'no-new-privileges'];
    // Those of Docker that have nothing to do here, and the one that wins over --rm=false.
    const taken = ['--isolation', 'default', '--disable-content-trust', '--compress', '--rm=false', '--force-rm'];
    await built(folder, ['-t', 'built', ...flags, '--ulimit', 'nofile=99:99', ...cpu, ...others, ...taken]);
    assert.is(
      await shown('cut -d. -f1-3 /address; cat /files /shm /memory /quota /status'),
      '10.231.77\n10.231.77\n99\n1024\n67108864\n25000\n1\n0\n0',
    );
    assert.is(await box.ok(['ps', '-aq']), '', 'no container of RUN is left');
  } finally {
    await box.ok(['network', 'rm', 'inner']);
  }
});

test('COPY --chmod takes modes by letters', async () => {
  const folder = context({
    Dockerfile:
      'FROM bb\nCOPY --chmod=u=rwX,go=rX dir /w/\nCOPY --chmod=+x,u+s dir/plain /s\nADD --chmod=a=r dir/run /r\n',
    'dir/plain': '',
    'dir/run': '',
    'dir/deep/x': '',
  });
  chmodSync(join(folder, 'dir/plain'), 0o600);
  chmodSync(join(folder, 'dir/run'), 0o700);
  chmodSync(join(folder, 'dir/deep'), 0o700);
  chmodSync(join(folder, 'dir/deep/x'), 0o640);
  await built(folder);
  const names = '/w/plain /w/run /w/deep /w/deep/x /s /r';
  assert.is(
    await shown(`stat -c '%n %a' ${names}`),
    '/w/plain 644\n/w/run 755\n/w/deep 755\n/w/deep/x 644\n/s 4711\n/r 444',
  );
  writeFileSync(join(folder, 'Dockerfile'), 'FROM bb\nCOPY --chmod=u=q dir /w/\n');
  assert.match((await build(folder)).stderr, 'Dockerfile:2:14: invalid mode "u=q"');
});

archived('--output: an archive that skopeo reads, one that load reads, a tar, a directory', async () => {
  const folder = context({
    Dockerfile: `FROM bb AS base
RUN mkdir /w && echo lower > /w/gone && echo text > /w/file && chown 5:6 /w/file && chmod 4755 /w/file
FROM scratch
COPY --from=base /w /w
CMD ["/w/file"]
`,
  });
  const out = temporaryFolder('out');
  const to = (type: string, dest: string) => ['-t', 'written:1', '--output', `type=${type},dest=${join(out, dest)}`];
  await built(folder, to('oci', 'oci.tar'));
  assert.is(await box.ok(['images', '-q', 'written']), '', 'it gets no name here');
  const { stdout } = await execa('skopeo', ['inspect', '--config', `oci-archive:${join(out, 'oci.tar')}`]);
  assert.equal(JSON.parse(stdout).config.Cmd, ['/w/file']);
  await built(folder, to('docker', 'docker.tar'));
  const listed = await execa('tar', ['-xOf', join(out, 'docker.tar'), 'manifest.json']);
  assert.equal(JSON.parse(listed.stdout)[0].RepoTags, ['written:1']);
  assert.match(await box.ok(['load', '-i', join(out, 'docker.tar')]), 'Loaded image: written:1');
  await built(folder, to('tar', 'files.tar'));
  const members = await execa('tar', ['--numeric-owner', '-tvf', join(out, 'files.tar')]);
  assert.match(members.stdout, /^drwxr-xr-x 0\/0 .* w\/\n-rwsr-xr-x 5\/6 +5 .* w\/file\n/m);
  await built(folder, ['-o', join(out, 'tree')]);
  assert.is(readFileSync(join(out, 'tree/w/file'), 'utf8'), 'text\n');
  assert.is(statSync(join(out, 'tree/w/file')).uid, process.getuid!(), 'it is the caller’s');
  const piped = await box.minidock(['build', '--network', 'none', '-o', '-', folder], { encoding: 'buffer' });
  const names = await execa('tar', ['-t'], { input: piped.stdout as Buffer });
  assert.is(names.stdout, 'w/\nw/file\nw/gone');
  assert.match(Buffer.from(piped.stderr as Buffer).toString(), /Step 1\/5/);
  for (const [given, reason] of [
    ['type=zip', 'unknown type "zip"'],
    ['type=local', 'dest is required'],
    ['dest=x', 'type is required'],
    ['type=tar,dst=x', "unexpected key 'dst'"],
  ] as const)
    assert.match((await build(folder, ['--output', given])).stderr, reason);
  const nowhere = await build(folder, ['-o', `type=tar,dest=${join(out, 'no/such/file')}`]);
  assert.is(nowhere.exitCode, 1);
  assert.match(nowhere.stderr, 'does not exist');
});

test('-o DIR: no link of the image leads a file out of the directory', async () => {
  const out = temporaryFolder('out');
  const victim = temporaryFolder('victim');
  const folder = context({ Dockerfile: 'FROM scratch\nADD f /a/b/f\n', f: 'mine' });
  mkdirSync(join(out, 'tree'));
  symlinkSync(victim, join(out, 'tree/a'));
  await build(folder, ['-o', join(out, 'tree')]);
  assert.equal(readdirSync(victim), []);
});

test('--explain: why a step missed the cache, its key, its layer and what is in that', async () => {
  const folder = context({
    Dockerfile: 'FROM bb\nARG V=1\nCOPY f /w/f\nRUN rm /bin/ls; echo $V > /w/f; touch /w/g\nENV A=1\n',
    f: 'f',
  });
  await box.ok(['builder', 'prune', '-af']);
  const first = await built(folder, ['--explain']);
  assert.match(first, 'Cache missed: this was not built on this image before');
  assert.match(
    first,
    /Layer [0-9a-f]{12}, \S+B: 1 added, 1 changed, 1 removed\n +D \/bin\/ls\n +C \/w\/f\n +A \/w\/g\n/,
  );
  assert.match(first, ' ---> No layer: it changes no file');
  assert.match(await built(folder, ['--explain']), /Using cache\n ---> Cache key [0-9a-f]{12}\n ---> Layer/);
  writeFileSync(join(folder, 'f'), 'other');
  const second = await built(folder, ['--explain']);
  assert.match(second, 'Cache missed: w/f changed');
  assert.match(second, 'Cache missed: the step before it was made anew');
  const third = await built(folder, ['--explain', '--build-arg', 'V=2']);
  assert.match(third, 'Cache missed: the build argument V changed');
  assert.match(await built(folder, ['--explain', '--no-cache']), 'Cache missed: --no-cache');
});

test('--trace shows the program of a RUN, --rm=false keeps its container, -q tells what a failing build said', async () => {
  const folder = context({ Dockerfile: 'FROM bb\nRUN true\n' });
  const { exitCode, stderr } = await build(folder, ['--no-cache', '--trace']);
  assert.is(exitCode, 0);
  assert.match(stderr, /pivot_root\(.*\) = 0/);
  assert.match(stderr, /execve\(.*\/bin\/sh/);
  assert.is(await box.ok(['ps', '-aq']), '');
  const output = await built(folder, ['--no-cache', '--rm=false']);
  assert.not.match(output, 'Removing intermediate container');
  assert.not.equal(await box.ok(['ps', '-aq']), '');
  await box.removeAll();
  writeFileSync(join(folder, 'Dockerfile'), 'FROM bb\nRUN echo last words; exit 3\n');
  const quiet = await build(folder, ['-q']);
  assert.equal([quiet.exitCode, quiet.stdout], [1, '']);
  assert.match(quiet.stderr, /Step 2\/2 : RUN echo last words; exit 3\n.*\nlast words\n/);
});

test('--cache-from takes steps from the history of an image, and from nowhere else', async () => {
  const folder = context({ Dockerfile: 'FROM bb\nRUN echo $RANDOM > /one\nCOPY f /f\nRUN echo two > /two\n', f: 'f' });
  await built(folder, ['-t', 'origin']);
  const archive = join(folder, 'origin.tar');
  await box.ok(['save', '-o', archive, 'bb', 'origin']);
  const other = await busyboxEngine();
  await other.ok(['load', '-i', archive]);
  const args = ['build', '--network', 'none', '-t', 'built', '--cache-from', 'origin', '--cache-from', 'nope', folder];
  const output = await other.ok(args);
  assert.is(output.match(/Using cache/g)?.length, 3, output);
  const layers = ['inspect', '-f', '{{.RootFS.Layers}}'];
  assert.is(await other.ok([...layers, 'built']), await other.ok([...layers, 'origin']));
  assert.is(await other.ok(['run', '--rm', '--network', 'none', 'built', 'cat', '/two', '/f']), 'two\nf');
  await other.ok(['build', '--network', 'none', '-t', 'unrelated', context({ Dockerfile: 'FROM bb\nENV A=1\n' })]);
  const from = ['build', '--network', 'none', '--cache-from', 'unrelated', folder];
  assert.not.match(await other.ok(from), 'Using cache');
});

test('builder prune forgets what no name needs, -a all, and gives back the space; system df counts it', async () => {
  await box.ok(['builder', 'prune', '-af']);
  const folder = context({ Dockerfile: 'FROM bb\nRUN head -c 300000 /dev/urandom > /big\nENV A=1\n' });
  const row = async () => (await box.ok(['system', 'df'])).split('\n').at(-1)!.replace(/ {2,}/g, '|');
  const id = await built(folder, ['-q', '-t', 'built']);
  assert.is(await row(), 'Build Cache|2|2|0B|0B');
  assert.is(await box.ok(['builder', 'prune', '-f']), 'Total reclaimed space: 0B');
  assert.is((await built(folder)).match(/Using cache/g)?.length, 2);
  await box.ok(['rmi', '--no-prune', 'built']);
  assert.match(await row(), /^Build Cache\|2\|0\|30\d\.?\d*kB\|30\d\.?\d*kB \(100%\)$/);
  assert.is(await box.ok(['builder', 'prune', '-f', '--filter', 'until=1h']), 'Total reclaimed space: 0B');
  assert.is(await box.ok(['builder', 'prune', '-f', '--keep-storage', '10mb']), 'Total reclaimed space: 0B');
  const pruned = await box.ok(['builder', 'prune', '-f']);
  assert.match(pruned, /^Deleted build cache objects:\n([0-9a-f]{64}\n){2}\nTotal reclaimed space: \d/);
  assert.not.match(pruned, ': 0B');
  assert.is((await box.minidock(['inspect', id.trim()])).exitCode, 1);
  await built(folder);
  await box.ok(['builder', 'prune', '-af']);
  assert.is(await shown('echo $A'), '1', 'the image stays');
  assert.is(await row(), 'Build Cache|0|0|0B|0B');
  assert.not.match(await built(folder), 'Using cache');
  await built(context({ Dockerfile: 'FROM bb\nRUN --mount=type=cache,target=/c head -c 5000 /dev/zero > /c/f\n' }));
  const caches = join(box.root, 'build/mounts');
  assert.is(readdirSync(caches).length, 1);
  await box.ok(['builder', 'prune', '-f']);
  assert.equal(readdirSync(caches), []);
  const asked = await box.minidock(['builder', 'prune'], { input: 'n\n', stdin: 'pipe' });
  assert.match(
    String(asked.stdout),
    'WARNING! This will remove all dangling build cache. Are you sure you want to continue?',
  );
  rmSync(folder, { recursive: true });
});

test.run();
