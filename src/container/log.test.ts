import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogEntry } from './log.ts';
import { LogParser, readLog } from './log.ts';

const show = (entries: Iterable<LogEntry>) =>
  [...entries].map(({ stream, time, line }) => `${stream} ${time.slice(17, 22)} ${line}`);
const log = (...chunks: [string, string, string][]) =>
  Buffer.concat(
    chunks.map(([time, stream, text]) => Buffer.from(`${time} ${stream} ${Buffer.byteLength(text)}\n${text}`)),
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

test.run();
