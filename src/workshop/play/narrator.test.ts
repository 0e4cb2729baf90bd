import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { call } from '../../syscalls/calls.ts';
import { str } from '../../syscalls/data.ts';
import type { StepEvent } from '../../syscalls/shim.ts';
import { program, type Step } from '../../syscalls/step.ts';
import { widthOf } from '../../syscalls/text/columns.ts';
import type { Terminal } from '../terminal.ts';
import { Narrator } from './narrator.ts';

const why = { en: 'a reason', zh: '理由' };
const chdir = (path: string, group?: string) => call('chdir', [str(path)], { why, group });
const places = ['/a', '/b', '/c', '/d'];

/** What a narrator tells of steps that all return `result`. */
function told(steps: readonly Step[], seen = new Set<string>(), result = 0, announce = false): string[] {
  const lines: string[] = [];
  const terminal = {
    width: 80,
    line: (line = '') => lines.push(line),
    lines: (more: string[]) => lines.push(...more),
  } as unknown as Terminal;
  const narrator = new Narrator(terminal, 'en', seen);
  for (const step of steps) {
    const event = { step, program: program({ child: steps }), report: { section: 'child', result } } as StepEvent;
    if (announce) narrator.announce(event);
    narrator.done(event);
  }
  narrator.end();
  return lines.filter(line => line.includes('chdir') && !line.startsWith('▶'));
}

test('steps that an earlier program had with the same answer are one line', () => {
  const seen = new Set<string>();
  const steps = places.map(place => chdir(place));
  assert.is(told(steps, seen).length, 4);
  const again = told([...steps, chdir('/new')], seen);
  assert.is(again.length, 2);
  assert.match(again[0]!, /1–4 +4 steps as before, up to chdir\("\/d"\)/);
  assert.match(again[1]!, /5 +chdir\("\/new"\) = 0/);
});

test('another answer is news', () => {
  const seen = new Set<string>();
  told([chdir('/a')], seen);
  const steps = ['/a', '/a', '/a'].map(place => chdir(place));
  assert.is(told(steps, seen).length, 1);
  assert.is(told(steps, seen, -2).length, 3);
});

test('of one kind the first is told, and the others in one line; two are told one by one', () => {
  assert.is(told(places.map(place => chdir(place, 'places'))).length, 2);
  assert.is(told(places.slice(0, 3).map(place => chdir(place, 'places'))).length, 3);
});

test('a step that was announced is told', () => {
  const seen = new Set<string>();
  const steps = places.map(place => chdir(place, 'places'));
  told(steps, seen);
  assert.is(told(steps, seen, 0, true).length, 4);
});

test('an execve that succeeded is told within the width of a narrow terminal', () => {
  const lines: string[] = [];
  const terminal = {
    width: 36,
    line: (line = '') => lines.push(line),
    lines: (more: string[]) => lines.push(...more),
  } as unknown as Terminal;
  new Narrator(terminal, 'en').replaced(chdir('/a'));
  assert.equal(
    lines.filter(line => widthOf(line) > 36),
    [],
  );
  assert.match(lines.join(' ').replace(/ +/g, ' '), /does not return: the process is another program now/);
});

test.run();
