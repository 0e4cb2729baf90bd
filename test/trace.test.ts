// @mounts-nothing its subject is what is printed
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { minidockPath, type Sandbox, sandbox } from './support/minidock.ts';
import { requires } from './support/requires.ts';
import { onTerminal } from './support/terminal.ts';

/** `run --trace` with the kernel's real answers: folded to what a learner reads, unfolded to every step, and where one fails. */
const test = requires('root', 'overlayfs', 'busybox', 'iptables');

let box: Sandbox;

test.before(async () => {
  box = sandbox();
  await box.ok(['import', (await busyboxImage()).rootfs, 'busybox']);
});

/** What it said on standard error: a line a step or group, without their reasons. */
async function traced(form: string, ...words: string[]): Promise<{ exitCode: number; lines: string[]; all: string }> {
  const { exitCode, stderr } = await box.minidock(['run', '--rm', form, ...words]);
  const all = String(stderr);
  return {
    exitCode: exitCode ?? -1,
    lines: all.split('\n').filter(line => /^(host|child|exec|exit) /.test(line)),
    all,
  };
}

test('folded, it fits two screens and leaves no step out; =full has a line for each', async () => {
  const command = ['-p', '127.0.0.1::80', 'busybox', 'true'];
  const folded = await traced('--trace', ...command);
  const full = await traced('--trace=full', ...command);
  assert.equal([folded.exitCode, full.exitCode], [0, 0], folded.all);
  assert.ok(full.lines.length > 300, String(full.lines.length));
  assert.ok(folded.all.split('\n').length < 120, folded.all);
  const steps = folded.lines.map(line =>
    Number(/: the first (\d+) = /.exec(line)?.[1] ?? / ×(\d+) = /.exec(line)?.[1] ?? 1),
  );
  // The last step of the sealing, an execve that succeeded, is in its group though nobody reports it.
  assert.is(
    steps.reduce((sum, count) => sum + count),
    full.lines.length + 1,
  );
  for (const whole of [
    /^host .* {2}clone\(CLONE_NEWNS\|.*\) → child = \d+ {2}\[04-pid-namespace\]$/m,
    /^child .* {2}mount\("overlay", .*\) = 0 {2}\[11-overlay-layers\]$/m,
    /^child .* {2}pivot_root\("\.", "\."\) = 0 {2}\[06-pivot-root\]\n {11}the new root becomes "\/"/m,
    /^exec .* {2}execve\("\/bin\/true", \["true"\], .*\) = 0 {2}\[01-process\]\n {11}execute the command of the container in this process$/m,
  ])
    assert.match(folded.all, whole);
  assert.match(folded.all, /^child .* {2}network ×\d+ = ok {2}\[13-veth-and-bridge\]$/m);
  assert.match(full.lines.join('\n'), /^exec {2}execve\("\/bin\/true", .*\) = 0 /m);
});

test('the step that fails stands whole among those of its group', async () => {
  const { exitCode, all } = await traced('--trace', '--network', 'none', '-w', '/etc/passwd/x', 'busybox', 'true');
  assert.is(exitCode, 125);
  assert.match(
    all,
    /^child .* {2}make the working directory ×3\n.*\n(child .*mkdirat.* = EEXIST \(tolerated\).*\n){2}child .* {2}mkdirat\(.*"\/etc\/passwd\/x".* = ENOTDIR/m,
  );
});

test('MINIDOCK_LANG=zh gives the reasons in Chinese; the locale changes nothing, and programs read English', async () => {
  const command = ['run', '--rm', '--network', 'none'];
  const locale = { LANG: 'zh_CN.UTF-8', LC_ALL: 'zh_CN.UTF-8' };
  const [chinese, english] = [{ MINIDOCK_LANG: 'zh' }, locale].map(env =>
    box.minidock([...command, '--trace', 'busybox', 'true'], { env }),
  );
  const reason = (text: unknown) => /pivot_root\(.*\n +(.*)/.exec(String(text))?.[1];
  assert.is(reason((await chinese)?.stderr), '新的根成为 /；旧的根叠在它上面');
  assert.is(reason((await english)?.stderr), 'the new root becomes "/"; the old root is stacked on top of it');
  const [plan, plain, data] = await Promise.all([
    box.ok(['run', '--dry-run', 'busybox', 'true'], { env: { MINIDOCK_LANG: 'zh' } }),
    box.ok(['run', '--dry-run', 'busybox', 'true'], { env: locale }),
    box.ok(['run', '--dry-run=json', 'busybox', 'true'], { env: { MINIDOCK_LANG: 'zh' } }),
  ]);
  assert.match(plan, '新的根成为 /；旧的根叠在它上面');
  for (const text of [plain, data]) assert.not.match(text, /\p{Script=Han}/u);
});

test('on a terminal it is coloured and no line is longer than that is wide', async () => {
  const { exitCode, shown } = await onTerminal(`${minidockPath} run --rm --trace busybox echo done`, [], {
    ...box.env,
    NO_COLOR: undefined,
  });
  assert.is(exitCode, 0, shown);
  assert.match(shown, /\x1b\[/);
  const lines = shown.replace(/\x1b\[[\d;]*m/g, '').split(/\r*\n/);
  for (const line of lines) assert.ok(line.length <= 77, line);
  assert.ok(lines.includes('done'));
});

test.run();
