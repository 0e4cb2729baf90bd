import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { call, expect, mkdir, mount, sync } from '../../syscalls/calls.ts';
import { room, str, strings } from '../../syscalls/data.ts';
import { type Program, program, type SectionName, type Step, sectionNames, slot } from '../../syscalls/step.ts';
import { widthOf } from '../../syscalls/text/columns.ts';
import { errnos } from '../../syscalls/uapi/errno.ts';
import { KeptOutput } from '../testing/fakes.ts';
import { Trace, type TraceForm } from './trace.ts';

delete process.env.NO_COLOR;
const id = '0123456789abcdef'.repeat(4);
const text = (en: string) => ({ en, zh: '理由' });
const proc = { lesson: 'pid-namespace', group: 'mount /proc', groupWhy: text('the processes in here') } as const;
const magic = room(8, '<statfs of /proc>');
const argv = strings(['sh']);
const become = { why: text('the container becomes its command'), lesson: 'process', group: 'PATH' } as const;

const seal = program({
  host: ['memfd_create', 'execveat'].map(name =>
    call(name as 'execveat', [], { why: text('a private copy'), lesson: 'pivot-root', group: 'seal' }),
  ),
});
const container = program({
  host: [
    call('clone', [0], { why: text('a new process'), lesson: 'pid-namespace', save: slot('child'), forks: true }),
    ...[1, 2].map(fd => call('close', [fd], { why: text("the child's ends"), lesson: 'process', group: 'stdio' })),
  ],
  child: [
    call('chdir', [str(`/containers/${id}`)], { why: text(`into ${id}`), lesson: 'pivot-root' }),
    mkdir('/proc', 0o755, { ...proc, why: text('the mount point'), tolerate: ['EEXIST'] }),
    mount('proc', '/proc', 'proc', 0, null, { ...proc, why: text('a new procfs') }),
    expect(magic, 0, new Uint8Array([0xa0, 0x9f]), { ...proc, why: text('it must be the real one') }),
    sync({ why: text('wait until it is written down'), lesson: 'process' }),
  ],
  exec: ['/usr/bin/sh', '/bin/sh', '/sbin/sh'].map(file => call('execve', [str(file), argv, argv], become)),
  exit: [call('symlinkat', [str('0')], { why: text('the exit record'), lesson: 'supervisor' })],
});

/** A trace, and what it printed since it was last asked. */
function tracing(form: TraceForm, columns?: number) {
  const output = new KeptOutput();
  const trace = new Trace(output, form, columns);
  return {
    trace,
    report(of: Program, section: SectionName, index: number, result = 0, seen = 0n): void {
      const step = of[section][index] as Step;
      trace.step({ step, program: of, report: { type: 'trace', section, tag: 1, index, result, seen } });
    },
    printed(): string {
      const { stderr } = output;
      output.stderr = '';
      return stderr;
    },
  };
}

test('a group is one line with the answers to all its steps; other steps stand whole, each with its reason', () => {
  const { trace, report, printed } = tracing('folded');
  report(seal, 'host', 0, 3);
  report(container, 'host', 0, 4711);
  report(container, 'child', 0);
  report(container, 'child', 1, -errnos.EEXIST);
  report(container, 'host', 1);
  report(container, 'child', 2);
  report(container, 'host', 2);
  report(container, 'child', 3, 0, 0x9fa0n);
  report(container, 'child', 4);
  assert.is(
    printed(),
    `host    1  seal ×2 = ok  [06-pivot-root]
host    1  clone(0) → child = 4711  [04-pid-namespace]
           a new process
child   1  chdir("/containers/0123456789ab…") = 0  [06-pivot-root]
           into 0123456789ab…
host    2  stdio ×2 = ok  [01-process]
child   2  mount /proc ×3 = ok but EEXIST (tolerated)  [04-pid-namespace]
child   5  sync  [01-process]
           wait until it is written down
`,
  );
  report(container, 'exec', 0, -errnos.ENOENT);
  trace.executed();
  report(container, 'exit', 0);
  assert.is(
    printed(),
    `exec    1  PATH ×3: the first 1 = ENOENT  [01-process]
exec    2  execve("/bin/sh", ["sh"], ["sh"]) = 0  [01-process]
           the container becomes its command
exit    1  symlinkat("0") = 0  [12-supervisor]
           the exit record
`,
  );
});

test('a step that fails is shown whole, with all that its group did before', () => {
  for (const [index, result, seen, failure] of [
    [
      2,
      -errnos.EPERM,
      0n,
      'mount("proc", "/proc", "proc", 0, NULL) = EPERM  [04-pid-namespace]\n           a new procfs',
    ],
    [3, 0, 7n, 'expect 0x9fa0 in <statfs of /proc> found 0x7  [04-pid-namespace]\n           it must be the real one'],
  ] as const) {
    const { report, printed } = tracing('folded');
    report(container, 'host', 0, 4711);
    report(container, 'child', 1, -errnos.EEXIST);
    if (index === 3) report(container, 'child', 2);
    printed();
    report(container, 'child', index, result, seen);
    const all = printed();
    assert.ok(all.startsWith('child   2  mount /proc ×3\n           the processes in here\n'), all);
    assert.match(all, /child {3}2 {2}mkdirat\(.*\) = EEXIST \(tolerated\) {2}\[04-pid-namespace\]\nchild {3}\d/);
    assert.ok(all.endsWith(`child   ${index + 1}  ${failure}\n`), all);
  }
});

test('a command that is nowhere in PATH; what was begun and never finished', () => {
  const { trace, report, printed } = tracing('folded');
  report(container, 'host', 0, 4711);
  printed();
  for (const index of [0, 1, 2]) report(container, 'exec', index, -(index === 1 ? errnos.EACCES : errnos.ENOENT));
  assert.is(printed(), 'exec    1  PATH ×3 = ENOENT ×2, EACCES  [01-process]\n');
  report(container, 'host', 1);
  trace.end();
  assert.is(printed(), 'host    2  stdio ×2: the first 1 = ok  [01-process]\n');
});

test('in Chinese the reasons are Chinese, and fit the terminal', () => {
  const output = new KeptOutput();
  const trace = new Trace(output, 'folded', 40, 'zh');
  const step = call('chdir', [str('/')], { why: { en: 'a reason', zh: '把容器的根目录设为工作目录'.repeat(5) } });
  trace.step({
    step,
    program: program({ host: [step] }),
    report: { type: 'trace', section: 'host', tag: 1, index: 0, result: 0, seen: 0n },
  });
  const lines = output.stderr.replace(/\x1b\[[\d;]*m/g, '').split('\n');
  assert.match(lines.join('').replace(/\s/g, ''), '把容器的根目录设为工作目录'.repeat(5));
  for (const line of lines) assert.ok(widthOf(line) <= 40, line);
});

test('=full is a line a step, in the order of the reports, nothing shortened', () => {
  const { trace, report, printed } = tracing('full');
  const order = ['host', 'child'].flatMap(name =>
    container[name as SectionName].map((_, index) => [name as SectionName, index] as const),
  );
  for (const [section, index] of order) report(container, section, index, 0, 0x9fa0n);
  report(container, 'exec', 0, -errnos.ENOENT);
  trace.executed();
  const lines = printed().trimEnd().split('\n');
  assert.is(lines.length, order.length + 2);
  assert.is(lines[3], `child chdir("/containers/${id}") = 0  [06-pivot-root]`);
  assert.is(lines.at(-1), 'exec  execve("/bin/sh", ["sh"], ["sh"]) = 0  [01-process]');
});

test('on a terminal every line fits and nothing is lost; colours take no room', () => {
  const shown = (columns?: number) => {
    const { trace, report, printed } = tracing('folded', columns);
    for (const section of sectionNames.slice(0, 2))
      for (const index of container[section].keys()) report(container, section, index, 1, 0x9fa0n);
    trace.executed();
    return printed();
  };
  const words = (text: string) => text.replace(/\x1b\[[\d;]*m/g, '').replace(/\s+/g, '');
  for (const columns of [40, 100]) {
    const text = shown(columns);
    assert.match(text, /\x1b\[/);
    for (const line of text.replace(/\x1b\[[\d;]*m/g, '').split('\n')) assert.ok(line.length <= columns, line);
    assert.is(words(text), words(shown()));
  }
});

test.run();
