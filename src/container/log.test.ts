import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../../test/support/eventually.ts';
import type { LogEntry } from './log.ts';
import { LogParser, readLog } from './log.ts';

const show = (entries: Iterable<LogEntry>) =>
  [...entries].map(({ stream, time, line }) => `${stream} ${time.slice(17, 22)} ${line}`);
const log = (...chunks: [string, string, string][]) =>
  Buffer.concat(
    chunks.map(([time, stream, text]) =>
      Buffer.from(`${time.padStart(20, '0')} ${stream} ${Buffer.byteLength(text)}\n${text}`),
    ),
  );

test('chunks become lines, each with the time at which it began', () => {
  const bytes = log(
    ['1.500000000', 'out', 'one\ntw'],
    ['2.500000000', 'err', 'oops\n'],
    ['3.500000000', 'out', 'o\nthree'],
  );
  for (const step of [1, 3, bytes.length]) {
    const parser = new LogParser();
    const found: LogEntry[] = [];
    for (let at = 0; at < bytes.length; at += step) found.push(...parser.push(bytes.subarray(at, at + step)));
    assert.equal(show(found), ['stdout 01.50 one\n', 'stderr 02.50 oops\n', 'stdout 01.50 two\n']);
    assert.equal(show(parser.end()), ['stdout 03.50 three']);
  }
});

test('any bytes pass, also what looks like a header', () => {
  const text = '9.000000000 out 4\n\u0000\u00ff\n';
  const parser = new LogParser();
  const lines = [...parser.push(log(['1.000000000', 'out', text]))].map(entry => entry.line);
  assert.equal(Buffer.concat(lines).toString(), text);
});

/** What a parser says of a log, cut into pieces of so many bytes. */
function parse(bytes: Buffer, step: number): string[] {
  const parser = new LogParser();
  const found: LogEntry[] = [];
  for (let at = 0; at < bytes.length; at += step) found.push(...parser.push(bytes.subarray(at, at + step)));
  return show([...found, ...parser.end()]);
}

test('a record that was cut short ends where the next begins', () => {
  const whole = log(['1.000000000', 'out', 'one\n'], ['2.000000000', 'err', 'x'.repeat(100)]);
  const after = log(['1795203453.000000000', 'out', 'two\n'], ['1795203454.000000000', 'out', 'three\n']);
  for (const missing of [1, 50, 99]) {
    const torn = Buffer.concat([whole.subarray(0, whole.length - missing), after]);
    const last = `stderr 02.00 ${'x'.repeat(100 - missing)}`;
    assert.equal(parse(torn, torn.length), ['stdout 01.00 one\n', 'stdout 33.00 two\n', 'stdout 34.00 three\n', last]);
  }
  const cut = Buffer.concat([whole.subarray(0, whole.length - 105), after]);
  assert.equal(parse(cut, cut.length), ['stdout 01.00 one\n', 'stdout 33.00 two\n', 'stdout 34.00 three\n']);
});

test('a torn record whose digits run into the next one’s', () => {
  const torn = Buffer.from('0000000001.000000000 out 50\nnumber 12');
  const bytes = Buffer.concat([torn, log(['1795203453.000000000', 'out', 'two\n'])]);
  assert.equal(parse(bytes, bytes.length), ['stdout 01.00 number 12two\n']);
});

test('at the end a record that was cut short shows what there is of it', () => {
  const bytes = log(['1.000000000', 'out', 'one\n'], ['2.000000000', 'out', 'two\nthree\n']);
  assert.equal(parse(bytes.subarray(0, -5), 7), ['stdout 01.00 one\n', 'stdout 02.00 two\n', 'stdout 02.00 t']);
});

for (const [name, garbage] of [
  ['a line that is no header', 'no header\n'],
  ['a length that is no number', '0000000001.000000000 out many\n'],
  ['a length beyond all records', '0000000001.000000000 out 99999\n'],
  ['bytes without a line end', 'x'.repeat(70_000)],
  ['empty lines', '\n'.repeat(100)],
  ['zeros, as after a power cut', '\0'.repeat(4096)],
] as const)
  test(`${name}: passed over, whichever way it is cut`, () => {
    const good = log(['5.000000000', 'out', 'good\n'], ['6.000000000', 'err', 'better\n']);
    const bytes = Buffer.concat([Buffer.from(garbage), good, Buffer.from(garbage), good]);
    const expected = ['stdout 05.00 good\n', 'stderr 06.00 better\n', 'stdout 05.00 good\n', 'stderr 06.00 better\n'];
    for (const step of [1, 29, 4096, bytes.length]) assert.equal(parse(bytes, step), expected, `in pieces of ${step}`);
    assert.equal(show(new LogParser().push(bytes)), expected, 'while more may come');
  });

test('any bytes at all come to an end', () => {
  let state = 7;
  const random = (below: number) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return state % below;
  };
  const letters = '0123456789. outer\n';
  for (let i = 0; i < 300; i++) {
    const noise = Buffer.from(Array.from({ length: random(400) }, () => letters.charCodeAt(random(letters.length))));
    const bytes = Buffer.concat([
      log(['5.000000000', 'out', 'a\n']),
      noise,
      log(['1795203453.000000000', 'out', 'z\n']),
    ]);
    const found = parse(bytes, 1 + random(bytes.length));
    assert.ok(found.length > 0 && found.length <= bytes.length);
  }
});

async function read(bytes: Buffer, options: { tail?: number; since?: Date; until?: Date }): Promise<string[]> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-log-'));
  try {
    const file = path.join(directory, 'log');
    fs.writeFileSync(file, bytes);
    const found: LogEntry[] = [];
    for await (const entry of readLog(file, { follow: false, ended: () => true, ...options })) found.push(entry);
    return found.map(entry => String(entry.line).trim());
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

test('tail counts from the end, an unfinished line included; since and until cut by time', async () => {
  const many = log(
    ...Array.from({ length: 500 }, (_, i): [string, string, string] => [`${i}.000000000`, 'out', `${i}\n`]),
    ['500.000000000', 'out', 'open'],
  );
  assert.equal(await read(many, { tail: 3 }), ['498', '499', 'open']);
  assert.equal(await read(many, { tail: 0 }), []);
  assert.equal((await read(many, {})).length, 501);
  assert.equal(await read(many, { since: new Date(10_000), until: new Date(12_000) }), ['10', '11', '12']);
});

test('following yields what is written later and stops at the end', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-log-'));
  const file = path.join(directory, 'log');
  let ended = false;
  const found: string[] = [];
  const reading = (async () => {
    for await (const entry of readLog(file, { follow: true, tail: 1, ended: () => ended, pollMs: 5 }))
      found.push(String(entry.line));
  })();
  fs.writeFileSync(file, log(['1.000000000', 'out', 'a\nb\n']));
  await new Promise(resolve => setTimeout(resolve, 60));
  fs.appendFileSync(file, log(['2.000000000', 'out', 'c\n']));
  ended = true;
  await reading;
  // The file was not there at first: all of it came later than the look at what is there.
  assert.equal(found, ['a\n', 'b\n', 'c\n']);
  fs.rmSync(directory, { recursive: true });
});

test('following survives a record that is taken back', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-log-'));
  try {
    const file = path.join(directory, 'log');
    const whole = log(['1.000000000', 'out', 'one\n']);
    const torn = log(['2.000000000', 'out', 'x'.repeat(5000)]).subarray(0, 3000);
    fs.writeFileSync(file, Buffer.concat([whole, torn]));
    let ended = false;
    const found: string[] = [];
    const reading = (async () => {
      for await (const { line } of readLog(file, { follow: true, ended: () => ended, pollMs: 5 }))
        found.push(String(line));
    })();
    await eventually(() => found.length >= 1);
    // It reads the torn record again and again.
    await new Promise(resolve => setTimeout(resolve, 50));
    fs.truncateSync(file, whole.length);
    fs.appendFileSync(file, log(['3.000000000', 'out', 'two\n'], ['4.000000000', 'out', 'three\n']));
    const expected = ['one\n', 'two\n', 'three\n'];
    await eventually(() => assert.equal(found, expected)).finally(() => {
      ended = true;
    });
    await reading;
    assert.equal(found, expected);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

test.run();
