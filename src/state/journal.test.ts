import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Event, readJournal, recordEvent } from './journal.ts';
import { enginePaths, type Roots } from './paths.ts';

async function inRoots(action: (roots: Roots) => Promise<void>): Promise<void> {
  const execRoot = mkdtempSync(join(tmpdir(), 'minidock-journal-'));
  try {
    await action({ root: execRoot, execRoot });
  } finally {
    rmSync(execRoot, { recursive: true });
  }
}

const event = (action: string) => ({ type: 'container', action, id: 'c', attributes: { name: 'web' } }) as const;

async function actions(events: AsyncIterable<Event>): Promise<string[]> {
  const found: string[] = [];
  for await (const { action } of events) found.push(action);
  return found;
}

test('events come back in order, with growing times; a line that was cut off is left out', () =>
  inRoots(async roots => {
    assert.equal(await actions(readJournal(roots, { follow: false })), []);
    recordEvent(roots, event('create'));
    appendFileSync(enginePaths(roots).journal, '{"type":"contai\n');
    recordEvent(roots, event('start'));
    const all: Event[] = [];
    for await (const one of readJournal(roots, { follow: false })) all.push(one);
    assert.equal(
      all.map(({ action }) => action),
      ['create', 'start'],
    );
    assert.ok(BigInt(all[0]!.timeNano) <= BigInt(all[1]!.timeNano));
    assert.equal(all[0]!.attributes, { name: 'web' });
  }));

test('times have nanoseconds, and what comes later is later', () =>
  inRoots(async roots => {
    const began = BigInt(Date.now()) * 1_000_000n;
    for (let i = 0; i < 50; i++) recordEvent(roots, event(`e${i}`));
    const times: bigint[] = [];
    for await (const { timeNano } of readJournal(roots, { follow: false })) times.push(BigInt(timeNano));
    for (const [i, time] of times.entries()) assert.ok(time > (times[i - 1] ?? began - 1n), `${i}: ${time}`);
    assert.ok(times.some(time => time % 1_000_000n !== 0n));
    assert.ok(times.at(-1)! <= BigInt(Date.now() + 1) * 1_000_000n);
  }));

test('whoever follows hears what comes, also across the change to a new file, until told to stop', () =>
  inRoots(async roots => {
    const stop = new AbortController();
    const heard = actions(readJournal(roots, { follow: true, abort: stop.signal, pollMs: 1 }));
    const { journal } = enginePaths(roots);
    let count = 0;
    for (; !existsSync(`${journal}.1`) && count < 5000; count++) {
      recordEvent(roots, event(`number ${count}`));
      if (count % 100 === 0) await new Promise(resolve => setTimeout(resolve, 3));
    }
    recordEvent(roots, event('last'));
    await new Promise(resolve => setTimeout(resolve, 50));
    stop.abort();
    const all = await heard;
    assert.is(all.length, count + 1);
    assert.is(all.at(-1), 'last');
    assert.is(new Set(all).size, all.length);
  }));

test('a journal that cannot be written stops nothing', () => {
  recordEvent({ root: '/nowhere', execRoot: '/nowhere/at/all' }, event('create'));
});

test.run();
