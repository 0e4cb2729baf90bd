import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type LogEntry, LogParser } from './parse.ts';

const record = (second: number, stream: string, text: string) =>
  `{"log":${JSON.stringify(text)},"stream":"${stream}","time":"2026-11-20T18:42:${String(second).padStart(2, '0')}.5Z"}\n`;
const good = record(5, 'stdout', 'good\n');
const better = record(6, 'stderr', 'better\n');
const show = (entries: LogEntry[]) =>
  entries.map(({ stream, time, line }) => `${stream} ${time.slice(17)} ${Buffer.from(line, 'latin1')}`);

/** What a parser says of a log, cut into pieces of so many bytes. */
function parse(text: string, step: number): string[] {
  const bytes = Buffer.from(text);
  const parser = new LogParser();
  const found: LogEntry[] = [];
  for (let at = 0; at < bytes.length; at += step) found.push(...parser.push(bytes.subarray(at, at + step)));
  return show(found);
}

test('records, whichever way they are cut', () => {
  for (const step of [1, 7, 1000])
    assert.equal(parse(good + better, step), ['stdout 05.5Z good\n', 'stderr 06.5Z better\n']);
});

for (const [escaped, text] of [
  ['plain\\n', 'plain\n'],
  ['a piece of a line', 'a piece of a line'],
  ['\\r\\n', '\r\n'],
  ['\\u003cb\\u003e\\u0026amp; \\"\\\\ \\u0009\\n', '<b>&amp; "\\ \t\n'],
  ['é € 😀\\n', 'é € 😀\n'],
  ['é \\u2028 \\ufffd\\n', 'é \u2028 \ufffd\n'],
  ['\\\\n', '\\n'],
  ['x\\\\', 'x\\'],
  ['\\",\\"stream\\":\\"stderr\\n', '","stream":"stderr\n'],
  ['{\\"log\\":\\"x\\"}\\n', '{"log":"x"}\n'],
  [',\\"time\\":\\"\\n', ',"time":"\n'],
])
  test(`a line ${escaped}`, () =>
    assert.equal(parse(`{"log":"${escaped}","stream":"stdout","time":"2026-11-20T18:42:01Z"}\n`, 1000), [
      `stdout 01Z ${text}`,
    ]));

test('attributes', () => {
  const [entry] = new LogParser().push(
    Buffer.from('{"log":"a\\n","stream":"stdout","attrs":{"k":"v"},"time":"2026-11-20T18:42:01.5Z"}\n'),
  );
  assert.equal(entry, { stream: 'stdout', time: '2026-11-20T18:42:01.5Z', line: 'a\n', attrs: '{"k":"v"}' });
});

for (const [name, garbage] of [
  ['a line that is no record', 'no record\n'],
  ['half a record', good.slice(0, 20)],
  ['a record without its end', good.slice(0, -2)],
  ['half a record with a line end', `${better.slice(0, 30)}\n`],
  ['a record with a stream that does not exist', good.replace('stdout', 'stdxxx')],
  ['a record with an escape that does not exist', good.replace('good', 'go\\xd')],
  ['JSON of something else', '{"a":"b"}\n'],
  ['bytes without a line end', 'x'.repeat(70_000)],
  ['more of them', 'x'.repeat(700_000)],
  ['empty lines', '\n'.repeat(100)],
  ['zeros, as after a power cut', '\0'.repeat(4096)],
] as const)
  test(`${name}: passed over, whichever way it is cut`, () => {
    const expected = ['stdout 05.5Z good\n', 'stderr 06.5Z better\n', 'stdout 05.5Z good\n', 'stderr 06.5Z better\n'];
    const text = garbage + good + better + garbage + good + better;
    for (const step of text.length > 100_000 ? [4096, 1 << 18] : [29, 4096, text.length])
      assert.equal(parse(text, step), expected, `in pieces of ${step}`);
    assert.equal(parse(text + garbage, text.length), expected, 'at the end');
  });

test('a million empty lines take no time', () => {
  const begin = performance.now();
  new LogParser().push(Buffer.alloc(1 << 20, '\n'));
  assert.ok(performance.now() - begin < 5000);
});

test('any bytes at all come to an end', () => {
  let state = 7;
  const random = (below: number) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return state % below;
  };
  const letters = '{"log":"\\u0,stream:timeZ}\n';
  for (let i = 0; i < 300; i++) {
    const noise = Array.from({ length: random(400) }, () => letters[random(letters.length)]).join('');
    const text = `${good}${noise}\n${better}`;
    const found = parse(text, 1 + random(text.length));
    assert.is(found[0], 'stdout 05.5Z good\n');
    assert.is(found.at(-1), 'stderr 06.5Z better\n');
  }
});

test.run();
