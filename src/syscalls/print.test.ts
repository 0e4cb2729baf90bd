import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { call } from './calls.ts';
import { str } from './data.ts';
import type { LessonSlug } from './lessons.ts';
import { printProgram, printStep, programToJson } from './print.ts';
import type { Program } from './step.ts';
import { widthOf } from './text/columns.ts';

const id = '0123456789abcdef'.repeat(4);
const text = (en: string, zh = '理由') => ({ en, zh });
const about = (why: string, lesson: LessonSlug) => ({ why: text(why), lesson, group: 'mount /proc' });
const program = {
  host: [],
  child: [
    call('mkdirat', [-100, str('/proc'), 0o755], about('the mount point', 'proc-sys-dev')),
    call('mount', [str('proc'), str('/proc'), str('proc'), 0, 0], about('the processes in here', 'pid-namespace')),
    call('chdir', [str(`/containers/${id}/rootfs`)], { why: text(`into ${id}`, `进入 ${id}`), lesson: 'pivot-root' }),
  ],
  exec: [],
  exit: [],
  reap: [],
  reopen: [],
  archive: [],
  relay: [],
  notice: [],
} as unknown as Program;

test('the flags of calls that open nothing have no access mode', () => {
  const steps = [call('dup3', [3, 2, 0], { why: text('') }), call('dup3', [3, 2, 0o2000000], { why: text('') })];
  assert.equal(
    steps.map(step => printStep(step)),
    ['dup3(3, 2, 0)', 'dup3(3, 2, O_CLOEXEC)'],
  );
});

test('an option of a socket has the name that its number has at its level', () => {
  const name = (level: number, option: number) =>
    printStep(call('setsockopt', [3, level, option, str('x'), 4], { why: text('') }));
  assert.is(name(1, 2), 'setsockopt(3, SOL_SOCKET, SO_REUSEADDR, "x", 4)');
  assert.is(name(1, 26), 'setsockopt(3, SOL_SOCKET, SO_ATTACH_FILTER, "x", 4)');
  assert.is(name(41, 26), 'setsockopt(3, IPPROTO_IPV6, IPV6_V6ONLY, "x", 4)');
  assert.is(name(6, 2), 'setsockopt(3, 6, 2, "x", 4)', 'an option of a level that is not known is a number');
});

test('a folded group gives the reason and the lesson of the step that it is made for; ids are short', () => {
  assert.is(
    printProgram(program, { unfold: false }),
    `child section, 3 steps
    1  mount /proc ×2  mkdirat mount  [04-pid-namespace]
       the processes in here
    3  chdir("/containers/0123456789ab…/rootfs")  [06-pivot-root]
       into 0123456789ab…
`,
  );
});

test('what a group says of itself goes before the reasons of its steps, which come back when it is unfolded', () => {
  const child = program.child.map(step => ({ ...step, groupWhy: text('a procfs, and into it') }));
  assert.match(
    printProgram({ ...program, child }, { unfold: false }),
    'mkdirat mount  [04-pid-namespace]\n       a procfs, and into it\n',
  );
  const unfolded = printProgram({ ...program, child }, { unfold: true });
  assert.match(unfolded, 'the mount point');
  assert.not.match(unfolded, 'a procfs');
});

test('unfolded, nothing is left away', () => {
  const text = printProgram(program, { unfold: true });
  assert.match(text, `chdir("/containers/${id}/rootfs")  [06-pivot-root]\n       into ${id}\n`);
  assert.match(text, '    1  mkdirat(AT_FDCWD, "/proc", 0755)  [07-proc-sys-dev]\n       the mount point\n');
});

test('in Chinese the reasons are Chinese; as data they stay English', () => {
  const chinese = printProgram(program, { unfold: false, language: 'zh' });
  assert.match(chinese, '04-pid-namespace]\n       理由\n');
  assert.match(chinese, '进入 0123456789ab…\n');
  assert.not.match(chinese, 'the processes in here');
  const long = { ...program, child: [call('chdir', [str('/')], { why: text('long', '容器的根目录。'.repeat(20)) })] };
  const narrow = printProgram(long, { unfold: false, language: 'zh', columns: 40 });
  for (const line of narrow.split('\n')) assert.ok(widthOf(line) <= 40, line);
  assert.not.match(narrow, /^\s*。/m, 'a full stop does not begin a line');
  assert.match(JSON.stringify(programToJson(program)), '"why":"the processes in here"');
});

test('on a terminal every line fits and no character is lost; colours take no room', () => {
  const joined = (text: string) => text.replace(/\s+/g, '');
  for (const columns of [40, 80, 120]) {
    const text = printProgram(program, { unfold: true, columns });
    for (const line of text.split('\n')) assert.ok(line.length <= columns, `${columns}: ${line}`);
    assert.is(joined(text), joined(printProgram(program, { unfold: true })));
    const painted = printProgram(program, { unfold: true, columns, paint: (_, part) => `\x1b[1m${part}\x1b[0m` });
    assert.is(painted.replaceAll(/\x1b\[\d+m/g, ''), text);
  }
});

test.run();
