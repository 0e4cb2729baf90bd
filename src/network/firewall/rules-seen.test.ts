import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseGeneration } from './generation.ts';
import { countOwnChange, forgetRules, rememberRules, rulesAreAsSeen } from './rules-seen.ts';

const network = { directory: fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-rules-')) };
const file = path.join(network.directory, 'rules-seen');
test.after(() => fs.rmSync(network.directory, { recursive: true }));
test.before.each(() => forgetRules(network));

test('rules are as they were seen while the kernel counts the same, and not where it does not count', () => {
  assert.not.ok(rulesAreAsSeen(network, 7));
  rememberRules(network, 7);
  assert.ok(rulesAreAsSeen(network, 7));
  for (const other of [6, 8, 70, undefined]) assert.not.ok(rulesAreAsSeen(network, other), String(other));
});

test('our own changes are counted, those of others are not', () => {
  countOwnChange(network);
  assert.not.ok(fs.existsSync(file), 'nothing was seen yet');
  rememberRules(network, 7);
  countOwnChange(network);
  assert.ok(rulesAreAsSeen(network, 8));
  assert.not.ok(rulesAreAsSeen(network, 9));
});

test('what was seen holds for this boot and this namespace alone, and is not counted up elsewhere', () => {
  rememberRules(network, 7);
  const [, boot, namespace] = fs.readFileSync(file, 'utf8').split(/\s/);
  for (const elsewhere of [`7 ${boot} net:[1]\n`, `7 000000000000 ${namespace}\n`, `7 ${boot}\n`, '', 'NaN']) {
    fs.writeFileSync(file, elsewhere);
    countOwnChange(network);
    assert.is(fs.readFileSync(file, 'utf8'), elsewhere);
    for (const number of [7, 8, Number.NaN]) assert.not.ok(rulesAreAsSeen(network, number), elsewhere);
  }
});

test('the kernel’s answer: a number of 32 bits, most significant first; anything else says nothing', () => {
  const answer = Buffer.from('2c0000000f0a000001000000000000000000000a08000100 01020304'.replaceAll(' ', ''), 'hex');
  assert.is(parseGeneration(answer), 0x01020304);
  const error = Buffer.from(answer);
  error.writeUInt16LE(2, 4);
  for (const none of [error, answer.subarray(0, 20), Buffer.alloc(28), Buffer.alloc(0)])
    assert.is(parseGeneration(none), undefined);
});

test.run();
