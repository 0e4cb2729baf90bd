import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../../../test/support/eventually.ts';
import { type LogSelection, readLog } from './read.ts';

const record = (second: number, text: string) =>
  `{"log":${JSON.stringify(text)},"stream":"stdout","time":"${new Date(second * 1000).toISOString()}"}\n`;
/** Records of the lines `from` to `to`, each of its own second. */
const records = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => record(from + i, `${from + i}\n`)).join('');

/** A folder with a log in it. */
async function withLog(action: (file: string) => Promise<void>): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-log-'));
  try {
    await action(path.join(directory, 'log'));
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

async function read(file: string, options: Partial<Parameters<typeof readLog>[1]> = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const entries of readLog(file, { follow: false, ended: () => true, ...options }))
    found.push(...entries.map(({ line }) => line.trim()));
  return found;
}

test('tail counts records from the end; since and until cut by time', () =>
  withLog(async file => {
    assert.equal(await read(file), []);
    assert.equal(await read(file, { tail: 3 }), []);
    fs.writeFileSync(file, records(0, 5000));
    assert.equal(await read(file, { tail: 3 }), ['4998', '4999', '5000']);
    assert.equal(await read(file, { tail: 0 }), []);
    assert.is((await read(file, { tail: 4000 })).length, 4000);
    assert.is((await read(file)).length, 5001);
    assert.is((await read(file, { tail: 9000 })).length, 5001);
    const times = { since: new Date(10_000).toISOString(), until: new Date(12_000).toISOString() };
    assert.equal(await read(file, times), ['10', '11', '12']);
    assert.equal(await read(file, { tail: 1, ...times }), []);
  }));

test('following ends with the first record that is later than until', () =>
  withLog(async file => {
    fs.writeFileSync(file, records(0, 5));
    let asked = 0;
    const options = { follow: true, ended: () => ++asked > 2, pollMs: 1 };
    assert.equal(await read(file, { ...options, until: new Date(3_000).toISOString() }), ['0', '1', '2', '3']);
    assert.is(asked, 1);
    assert.equal(await read(file, { ...options, until: new Date(5_000).toISOString() }), [
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
    ]);
    assert.is(asked, 3, 'a record of that moment may still come');
  }));

test('rotated files come first, the oldest before all, packed or not', () =>
  withLog(async file => {
    fs.writeFileSync(`${file}.10.gz`, gzipSync(records(1, 3)));
    fs.utimesSync(`${file}.10.gz`, 1, 1);
    // As a shift of numbers meets it while the log is read.
    fs.writeFileSync(`${file}.11.gz`, gzipSync(records(4, 6)));
    fs.writeFileSync(`${file}.2`, records(4, 6));
    fs.utimesSync(`${file}.2`, 2, 2.25);
    fs.utimesSync(`${file}.11.gz`, 2, 2.25);
    fs.writeFileSync(`${file}.1`, records(7, 9));
    fs.writeFileSync(`${file}.1.gz`, 'the compression was not finished');
    fs.writeFileSync(file, records(10, 12));
    const all = Array.from({ length: 12 }, (_, i) => String(i + 1));
    assert.equal(await read(file), all);
    for (let tail = 0; tail <= 13; tail++) assert.equal(await read(file, { tail }), tail ? all.slice(-tail) : []);
    fs.writeFileSync(`${file}.10.gz`, 'damaged');
    assert.equal(await read(file), all.slice(3));
    fs.rmSync(file);
    assert.equal(await read(file), all.slice(3, 9));
  }));

/** Follows the log while `action` changes it; `found` waits for what was read. */
async function follow(
  file: string,
  options: Partial<LogSelection>,
  action: (found: (...lines: string[]) => Promise<void>) => Promise<void>,
): Promise<string[]> {
  let ended = false;
  const lines: string[] = [];
  const reading = (async () => {
    for await (const entries of readLog(file, { follow: true, ...options, ended: () => ended, pollMs: 5 }))
      lines.push(...entries.map(({ line }) => line.trim()));
  })();
  try {
    await action((...expected) => eventually(() => assert.equal(lines, expected)));
  } finally {
    ended = true;
    await reading;
  }
  return lines;
}

test('files that were filled in the same moment are all read, whatever their times and sizes', () =>
  withLog(async file => {
    const [moment, texts] = [new Date(1_000_000), [records(20, 29), records(10, 19), records(30, 39)] as const];
    fs.writeFileSync(`${file}.1`, texts[0]);
    fs.writeFileSync(`${file}.2.gz`, gzipSync(texts[1]));
    fs.writeFileSync(file, texts[2]);
    for (const name of [file, `${file}.1`, `${file}.2.gz`]) fs.utimesSync(name, moment, moment);
    assert.equal(
      await read(file),
      Array.from({ length: 30 }, (_, i) => `${i + 10}`),
    );
  }));

test('following yields what is written later, and what was written before the end', () =>
  withLog(async file => {
    const all = await follow(file, { tail: 1 }, async found => {
      // The file was not there at first: all of it came later than the look at what is there.
      fs.writeFileSync(file, records(1, 2));
      await found('1', '2');
      fs.appendFileSync(file, records(3, 3));
    });
    assert.equal(all, ['1', '2', '3']);
  }));

test('following survives a record that is taken back', () =>
  withLog(async file => {
    fs.writeFileSync(file, record(1, 'one') + record(2, 'x'.repeat(5000)).slice(0, 3000));
    await follow(file, {}, async found => {
      await found('one');
      fs.truncateSync(file, record(1, 'one').length);
      fs.appendFileSync(file, record(3, 'two') + record(4, 'three'));
      await found('one', 'two', 'three');
    });
  }));

test('following goes on where the log is emptied', () =>
  withLog(async file => {
    fs.writeFileSync(file, records(1, 3));
    await follow(file, {}, async found => {
      await found('1', '2', '3');
      fs.truncateSync(file);
      fs.appendFileSync(file, records(4, 4));
      await found('1', '2', '3', '4');
    });
  }));

test('following goes on where the log is rotated, twice at once, packed or not', () =>
  withLog(async file => {
    fs.writeFileSync(file, records(1, 1));
    await follow(file, {}, async found => {
      await found('1');
      fs.appendFileSync(file, records(2, 2));
      fs.renameSync(file, `${file}.2`);
      fs.writeFileSync(`${file}.1`, records(3, 3));
      fs.writeFileSync(file, records(4, 4));
      await found('1', '2', '3', '4');
      // Now what it reads is packed under its eyes, and another one as well.
      const { atime, mtime } = fs.statSync(file);
      fs.writeFileSync(`${file}.2.gz`, gzipSync(fs.readFileSync(file)));
      fs.utimesSync(`${file}.2.gz`, atime, mtime);
      fs.rmSync(`${file}.2`);
      fs.writeFileSync(`${file}.1.gz`, gzipSync(records(5, 5)));
      fs.utimesSync(`${file}.1.gz`, atime, new Date(mtime.getTime() + 20));
      fs.rmSync(`${file}.1`);
      fs.writeFileSync(`${file}.new`, records(6, 6));
      fs.utimesSync(`${file}.new`, atime, new Date(mtime.getTime() + 40));
      fs.renameSync(`${file}.new`, file);
      await found('1', '2', '3', '4', '5', '6');
    });
  }));

test.run();
