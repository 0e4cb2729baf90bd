// @mounts-nothing --dry-run makes nothing
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { requires } from './support/requires.ts';

/** `run --dry-run --versus FLAGS`: what a flag is, as the difference of two programs. */
const test = requires('root', 'overlayfs');
let box: BusyboxEngine;
test.before(async () => {
  box = await busyboxEngine();
});

const versus = (flags: string, ...more: string[]) =>
  box.ok(['run', '--dry-run', '--versus', flags, ...more, 'bb', 'true']);
const steps = (text: string, sign: '-' | '+') => text.split('\n').filter(line => line.startsWith(`${sign} `));

test('--network host: no CLONE_NEWNET, no cable; steps that both have are counted only', async () => {
  const shown = await versus('--network host');
  assert.match(
    shown,
    /^- without\n\+ with --network host\nhost section, \d+ steps, then \d+\n {7}… \d+ steps the same\n/,
  );
  assert.match(shown, /^- +\d+ clone\([^)]*CLONE_NEWNET/m);
  assert.match(shown, /^\+ +\d+ clone\((?!.*CLONE_NEWNET)/m);
  assert.match(shown, /^- +\d+ network ×\d+ .*\n {7}a veth cable joins/m);
  assert.not.match(shown, /pivot_root/);
  assert.match(shown, /^exec section, \d+ steps?, all the same$/m);
});

test('the numbers are those of --dry-run, and counts and steps add up', async () => {
  const whole = JSON.parse(await box.ok(['run', '--dry-run=json', '--network', 'none', 'bb', 'true']));
  const found = JSON.parse(await box.ok(['run', '--dry-run=json', '--versus', '--network none', 'bb', 'true']));
  assert.is(found.versus, '--network none');
  for (const section of ['host', 'child', 'exec']) {
    let at = 0;
    for (const stretch of found[section]) {
      for (const { number } of stretch.with ?? []) assert.is(number, ++at);
      at += stretch.same ?? 0;
    }
    assert.is(at, whole[section].length, section);
  }
});

test('a list grows, what is given once is replaced, and what stood before counts for both', async () => {
  const more = await versus('-v /b', '-v', '/a', '-m', '64m');
  assert.not.match(more, /memory/);
  assert.is(steps(more, '+').length > steps(more, '-').length, true, more);
  const limit = await box.ok(['run', '--dry-run=full', '--versus', '-m 128m', '-m', '64m', 'bb', 'true']);
  assert.match(limit, /^- +\d+ write\([^)]*"67108864"/m);
  assert.match(limit, /^\+ +\d+ write\([^)]*"134217728"/m);
});

test('a folded line that would look the same on both sides is unfolded', async () => {
  const shown = await versus('-e X=1');
  assert.match(shown, /^- +1 execve\(/m);
  assert.match(shown, /^\+ +1 execve\(/m);
});

test('a flag that asks nothing of the kernel says so', async () => {
  assert.match(await versus('--name "a-name"'), /^--name "a-name": no step differs/);
});

test('Chinese reasons where they are asked for', async () => {
  const shown = await box.ok(['run', '--dry-run', '--versus', '--network none', 'bb', 'true'], {
    env: { MINIDOCK_LANG: 'zh' },
  });
  assert.match(shown, /^- +\d+ network .*\n {7}.*[\u4e00-\u9fff]/m);
});

for (const [flags, reason] of [
  ['', 'no flag; give some'],
  ["--hostname 'open", 'a quotation mark is not closed'],
  ['--hostname open\\', 'a quotation mark is not closed'],
  ['--nope', 'unknown flag: --nope'],
  ['nginx', '"nginx" is no flag'],
  ['--network', 'flag needs an argument: --network'],
  ['--memory lots', "invalid size: 'lots'"],
  ['--network elsewhere', 'network elsewhere not found'],
  ['-p 8080:eighty', 'invalid containerPort: eighty'],
  ['--dry-run=full', '--dry-run says nothing of a container'],
  ['--help', '--help asks for no container'],
  ['-m 1k', 'memory'],
] as const)
  test(`--versus ${JSON.stringify(flags)} is refused in one line, exit code 125`, async () => {
    const { exitCode, stdout, stderr } = await box.minidock(['run', '--dry-run', '--versus', flags, 'bb', 'true']);
    assert.is(exitCode, 125, String(stderr));
    assert.is(stdout, '');
    assert.ok(String(stderr).includes(reason), String(stderr));
    assert.not.match(String(stderr), /\n\s+at /);
  });

test('--versus without --dry-run runs nothing', async () => {
  const { exitCode, stderr } = await box.minidock(['run', '--versus', '--network none', 'bb', 'true']);
  assert.is(exitCode, 125);
  assert.is(stderr, '--versus compares what --dry-run prints: give both');
  assert.is(await box.ok(['ps', '-aq']), '');
});

test.run();
