import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openRegular } from './merged-view.ts';

let folder: string;

test.before.each(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-view-'));
  for (const name of ['layer/etc', 'outside/etc']) fs.mkdirSync(path.join(folder, name), { recursive: true });
  for (const name of ['layer', 'outside']) fs.writeFileSync(path.join(folder, name, 'etc/passwd'), name);
});
test.after.each(() => fs.rmSync(folder, { recursive: true }));

const open = () => openRegular({ layer: path.join(folder, 'layer'), host: path.join(folder, 'layer/etc/passwd') });

test('a file that is where it was found is opened', () => {
  const handle = open();
  assert.is(fs.readFileSync(`/proc/self/fd/${handle}`, 'utf8'), 'layer');
  fs.closeSync(handle);
});

test('what has become something else since it was found is not: a link, on the way or at the end, a fifo, a directory', () => {
  const [etc, passwd] = ['layer/etc', 'layer/etc/passwd'].map(name => path.join(folder, name)) as [string, string];
  for (const [at, change] of [
    [etc, () => fs.symlinkSync(path.join(folder, 'outside/etc'), etc)],
    [passwd, () => fs.symlinkSync(path.join(folder, 'outside/etc/passwd'), passwd)],
    [passwd, () => assert.is(spawnSync('mkfifo', [passwd]).status, 0)],
    [passwd, () => fs.mkdirSync(passwd)],
  ] as const) {
    fs.renameSync(at, `${at}.was`);
    change();
    assert.throws(open, ({ code }: { code: string }) => code === 'file-changed');
    fs.rmSync(at, { recursive: true });
    fs.renameSync(`${at}.was`, at);
  }
});

test.run();
