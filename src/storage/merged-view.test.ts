import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { list, openRegular, resolve } from './merged-view.ts';

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

/** A layer with these files, and what is written down of it. */
function layer(name: string, files: readonly string[], record: string): string {
  const directory = path.join(folder, name, 'fs');
  fs.mkdirSync(directory, { recursive: true });
  for (const file of files) {
    fs.mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    fs.writeFileSync(path.join(directory, file), name);
  }
  fs.writeFileSync(path.join(folder, name, 'layer.json'), record);
  return directory;
}

test('below an opaque directory nothing shows through, from the first layer that has one on', () => {
  const layers = [
    layer('low', ['etc/low', 'etc/deep/low', 'var/low'], '{}'),
    layer('middle', ['etc/middle', 'etc/deep/middle'], '{"opaque":["/etc"]}'),
    layer('top', ['etc/deep/top', 'var/top'], '{}'),
  ];
  const kind = (file: string) => resolve(layers, file).kind;
  assert.equal(['/etc/low', '/etc/deep/low', '/nope'].map(kind), ['missing', 'missing', 'missing']);
  assert.equal(['/etc/middle', '/etc/deep/middle', '/etc/deep/top', '/var/low'].map(kind), Array(4).fill('file'));
  const names = (at: string) => [...list(resolve(layers, at).directories!).keys()].join(' ');
  assert.equal(['/', '/etc', '/etc/deep', '/var'].map(names), ['etc var', 'deep middle', 'middle top', 'low top']);
  const etc = list(resolve(layers, '/').directories!).get('etc')!;
  assert.equal(
    etc.parts.map(part => part.layer),
    layers.slice(1).toReversed(),
  );
  const all = [layer('bottom', ['x'], '{}'), layer('cover', ['y'], '{"opaque":["/"]}'), layer('over', ['z'], '{}')];
  assert.is([...list(resolve(all, '/').directories!).keys()].join(' '), 'y z');
  assert.is(resolve(all, '/x').kind, 'missing');
});

test('what the topmost layer has is found without a look at the notes of any', () => {
  const layers = [layer('one', ['a'], '{}'), layer('two', ['b'], 'no JSON')];
  assert.equal(
    ['/', '/b'].map(file => resolve(layers, file).kind),
    ['directory', 'file'],
  );
  assert.throws(() => resolve(layers, '/').directories, /JSON/);
});

test.run();
