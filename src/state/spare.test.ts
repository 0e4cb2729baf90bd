import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeWithSpare } from './spare.ts';

test('the spare has blocks for as many bytes as the file, whether that grows or shrinks', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-spare-'));
  try {
    const file = path.join(folder, 'index.json');
    for (const length of [10, 100_000, 50, 200_000]) {
      writeWithSpare(file, 'x'.repeat(length));
      assert.is(fs.readFileSync(file, 'utf8'), 'x'.repeat(length));
      const { size } = fs.statSync(`${file}.spare`);
      assert.ok(size >= length, `${size}`);
      assert.ok(fs.readFileSync(`${file}.spare`).every(byte => byte !== 0));
    }
    assert.equal(fs.readdirSync(folder).sort(), ['index.json', 'index.json.spare']);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

test.run();
