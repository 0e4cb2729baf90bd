import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isGone } from './engines.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-engines-'));
const entry = { id: 'one', root, execRoots: [], bridges: [] };

test.after(() => fs.rmSync(root, { recursive: true, force: true }));

test('an engine is gone with its root, with its id, or where another is in its place; not where the disk had no room for an id', () => {
  assert.ok(isGone(entry), 'an empty folder');
  fs.writeFileSync(path.join(root, 'engine-id'), 'one\n');
  assert.not(isGone(entry));
  fs.writeFileSync(path.join(root, 'engine-id'), 'two\n');
  assert.ok(isGone(entry), 'another one');
  fs.rmSync(path.join(root, 'engine-id'));
  fs.mkdirSync(path.join(root, 'containers/0123'), { recursive: true });
  assert.not(isGone(entry), 'it has containers');
  fs.rmSync(root, { recursive: true });
  assert.ok(isGone(entry), 'no root');
});

test.run();
