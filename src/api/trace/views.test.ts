import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { widthOf } from '../../syscalls/text/columns.ts';
import type { TraceEvent } from './model.ts';
import { sequencePicture } from './picture.ts';
import { messagesOf } from './sequence.ts';
import { terminalView } from './terminal.ts';

const id = 'c0ffee'.repeat(11).slice(0, 64);
const events: TraceEvent[] = [
  {
    kind: 'request',
    request: 1,
    at: 1000,
    verb: 'POST',
    target: `/v1.41/containers/${id}/start?a=%1b[31m`,
    client: 'x',
  },
  { kind: 'call', request: 1, call: 1, at: 1001, method: 'containers.start', about: id },
  {
    kind: 'steps',
    request: 1,
    call: 1,
    at: 1002,
    section: 'child',
    text: 'mount /proc, 中文 '.repeat(20),
    count: 26,
    lesson: 'proc-sys-dev',
  },
  {
    kind: 'steps',
    request: 1,
    call: 1,
    at: 1003,
    section: 'child',
    text: 'pivot_root',
    count: 1,
    refused: 'pivot_root = EPERM',
  },
  { kind: 'return', request: 1, call: 1, at: 1004, took: 3.21, failed: 'no <way>\u202e' },
  { kind: 'answer', request: 1, at: 1005, took: 1234, status: 500 },
  { kind: 'answer', request: 2, at: 1005, took: 12 },
];
const messages = messagesOf(events);

test('messages are told in words: ids short, times, lessons, what failed', () => {
  assert.equal(
    messages.map(({ from, to, text, note, lesson = '', tone }) => [
      `${from}${to}`,
      text.slice(0, 60),
      note + lesson,
      tone,
    ]),
    [
      ['01', 'POST /containers/c0ffeec0ffee/start?a=\x1b[31m', '', 'ask'],
      ['12', 'containers.start(c0ffeec0ffee)', '', 'ask'],
      ['23', `child: ${'mount /proc, 中文 '.repeat(20)}`.slice(0, 60), '26 steps07-proc-sys-dev', 'kernel'],
      ['23', 'child: pivot_root: pivot_root = EPERM', '1 step', 'failed'],
      ['21', 'no <way>\u202e', '3.2 ms', 'failed'],
      ['10', '500 Internal Server Error', '1.2 s', 'failed'],
      ['10', 'the client went away', '12 ms', 'failed'],
    ],
  );
});

test('a terminal of any width gets lines that fit, with nothing that it would obey', () => {
  for (const columns of [20, 40, 80, 139, 140, 141, 163, 200, 300]) {
    const { head, line } = terminalView(columns);
    for (const shown of [head, ...messages.map(line)].join('').split('\n')) {
      assert.ok(widthOf(shown) <= columns, `${columns}: ${widthOf(shown)} ${shown}`);
      assert.not.match(shown, /[\x00-\x1f\x7f]/);
    }
  }
});

test('life lines stand below each other, arrows reach from one to the next', () => {
  const { head, line } = terminalView(150);
  const lines = messages.map(message => line(message).trimEnd());
  const places = [...lines[0]!].flatMap((character, at) => (character === '│' ? [at] : []));
  assert.is(places.length, 4);
  assert.match(lines[0]!, /^ {3}│── 1 POST \/containers/);
  assert.ok(lines[2]!.slice(0, places[2]! + 1).endsWith('│'));
  assert.match(lines[2]!, /▶│$/);
  assert.match(lines[4]!, /│◀─ no <way>/);
  for (const one of lines.filter(shown => !shown.includes('中'))) for (const at of places) assert.is(one[at], '│', one);
  assert.match(head, /client +daemon +engine +kernel\n/);
});

test('colours only where they are asked for', () => {
  assert.not.match(terminalView(150).line(messages[0]!), /\x1b\[1m/);
  assert.match(terminalView(150, true).line(messages[0]!), /\x1b\[1m/);
  assert.match(terminalView(60, true).line(messages[3]!), /\x1b\[1;31m/);
});

test('the picture is one file for light and dark, in which nothing stands for markup', () => {
  const svg = sequencePicture(messages, 'docker run <b>');
  assert.match(svg, /prefers-color-scheme: dark/);
  assert.match(svg, /docker run &lt;b&gt;/);
  assert.match(svg, /no &lt;way&gt;·/);
  assert.not.match(svg, /[\x00-\x08\x0b-\x1f]|<b>|http:\/\/(?!www\.w3\.org)/);
  assert.is(svg.match(/class="tip /g)!.length, messages.length);
  assert.match(sequencePicture([], 'nothing'), /^<svg[\s\S]*<\/svg>\n$/);
});

test.run();
