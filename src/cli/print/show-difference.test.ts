import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { call } from '../../syscalls/calls.ts';
import { program, type Step } from '../../syscalls/step.ts';
import { widthOf } from '../../syscalls/text/columns.ts';
import type { Output } from './output.ts';
import { showDifference } from './show-difference.ts';

const step = (fd: number, en: string): Step =>
  call('fchdir', [fd], { why: { en, zh: '切换到这个描述符所指的目录，后面的路径都从那里算起' }, lesson: 'pivot-root' });
const programs = {
  without: program({
    host: [step(1, 'a'), step(2, 'enter the directory that this descriptor stands for'), step(3, 'c')],
  }),
  with: program({
    host: [step(1, 'a'), step(7, 'another'), step(8, 'and one more'), step(3, 'c')],
    child: [step(9, 'd')],
  }),
};

function shown(columns: number | undefined, language: 'en' | 'zh' = 'en'): string {
  const colours = process.env.NO_COLOR;
  process.env.NO_COLOR = '1';
  let text = '';
  const output = { columns, out: (part: unknown) => (text += part), data: (part: string) => (text += part) };
  showDifference(output as unknown as Output, programs, { flags: '--x', form: 'folded', language });
  if (colours === undefined) delete process.env.NO_COLOR;
  return text;
}

test('one below the other where the terminal is narrow, or none', () => {
  assert.is(
    shown(undefined),
    [
      '- without',
      '+ with --x',
      'host section, 3 steps, then 4',
      '       … 1 step the same',
      '-    2 fchdir(2)  [06-pivot-root]',
      '       enter the directory that this descriptor stands for',
      '+    2 fchdir(7)  [06-pivot-root]',
      '       another',
      '+    3 fchdir(8)  [06-pivot-root]',
      '       and one more',
      '       … 1 step the same',
      'child section, 0 steps, then 1',
      '+    1 fchdir(9)  [06-pivot-root]',
      '       d',
      '',
    ].join('\n'),
  );
});

test('side by side from 100 columns on, aligned, in both languages', () => {
  for (const language of ['en', 'zh'] as const)
    for (const columns of [100, 120]) {
      const lines = shown(columns, language).split('\n');
      assert.match(lines[0]!, /^without +│ with --x$/);
      for (const line of lines) {
        assert.ok(widthOf(line) <= columns, line);
        const bar = line.indexOf('│');
        if (bar >= 0) assert.is(widthOf(line.slice(0, bar)), Math.floor((columns - 3) / 2) + 1, line);
      }
      assert.ok(lines.some(line => /^- +2 fchdir\(2\).*│ \+ +2 fchdir\(7\)/.test(line)));
    }
});

test('no line is wider than a narrow terminal', () => {
  for (const line of shown(40, 'zh').split('\n')) assert.ok(widthOf(line) <= 40, line);
});

test.run();
