import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { programOnPath, systemPath, systemProgram } from './programs.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-programs-'));
const before = process.cwd();
test.before(() => {
  fs.writeFileSync(path.join(folder, 'sh'), '', { mode: 0o755 });
  fs.writeFileSync(path.join(folder, 'no-program'), '', { mode: 0o644 });
  fs.mkdirSync(path.join(folder, 'a-folder'));
  process.chdir(folder);
});
test.after(() => {
  process.chdir(before);
  fs.rmSync(folder, { recursive: true });
});

test('a program of the host comes from the system’s directories, whatever PATH says', () => {
  const saved = process.env.PATH;
  process.env.PATH = `${folder}::.`;
  try {
    const found = systemProgram('sh');
    assert.ok(found !== undefined && path.isAbsolute(found) && systemPath.split(':').includes(path.dirname(found)));
  } finally {
    process.env.PATH = saved;
  }
  assert.is(systemProgram('minidock-no-such-program'), undefined);
});

test('on PATH, only absolute entries count', () => {
  assert.is(programOnPath('sh', folder), path.join(folder, 'sh'));
  for (const entries of ['', ':', '.', `./:${path.basename(folder)}`, '..'])
    assert.is(programOnPath('sh', entries), undefined, JSON.stringify(entries));
});

test('what cannot be executed is no program', () => {
  assert.is(programOnPath('no-program', folder), undefined);
  assert.is(programOnPath('a-folder', folder), undefined);
});

test.run();
