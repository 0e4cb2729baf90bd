import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collectGarbage } from './collect.ts';
import { Layout } from './layout.ts';
import { beginWork } from './work.ts';

let root = '';
test.before.each(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-work-'));
});
test.after.each(() => fs.rmSync(root, { recursive: true }));

test('work begins after the collection under way has ended, and none begins until it is over', async () => {
  const layout = new Layout(path.join(root, 'images'));
  const orphan = layout.write(Buffer.from('orphan'));
  const order: string[] = [];
  let end = () => {};
  let collection: Promise<void> | undefined;
  await new Promise<void>(held => {
    collection = layout.locked(() => {
      held();
      return new Promise<void>(resolve => {
        end = () => {
          order.push('collected');
          resolve();
        };
      });
    });
  });
  const begun = beginWork(layout, 'load').then(folder => {
    order.push('begun');
    return folder;
  });
  await new Promise(resolve => setTimeout(resolve, 50));
  end();
  await collection;
  const folder = await begun;
  assert.equal(order, ['collected', 'begun']);
  assert.equal(await collectGarbage(root, layout), { blobs: [], layers: [], bytes: 0, failures: [] });
  fs.rmSync(folder, { recursive: true });
  assert.equal(await collectGarbage(root, layout), { blobs: [orphan], layers: [], bytes: 6, failures: [] });
});

test('a collection removes a manifest that a killed process left half-written, and not one that is being written', async () => {
  const layout = new Layout(path.join(root, 'images'));
  layout.create();
  const { pid: dead } = spawnSync('true');
  const blobs = path.join(layout.directory, 'blobs/sha256');
  const names = [dead, process.pid].map(pid => `${'a'.repeat(64)}.${pid}.tmp`);
  for (const name of names) fs.writeFileSync(path.join(blobs, name), '{');
  await collectGarbage(root, layout);
  assert.equal(fs.readdirSync(blobs), [names[1]]);
  assert.equal(fs.readdirSync(root), ['images']);
});

test('what an interrupted pull has downloaded goes only where it is asked for, and while no pull is at work', async () => {
  const layout = new Layout(path.join(root, 'images'));
  const folder = await beginWork(layout, 'pull');
  const partial = path.dirname(folder);
  const blob = 'b'.repeat(64);
  fs.writeFileSync(path.join(partial, blob), 'half');
  // A killed process holds no lock.
  fs.mkdirSync(path.join(partial, `${blob}.lock`));
  fs.mkdirSync(path.join(partial, `${blob}.lock.1.00000000`));
  assert.is((await collectGarbage(root, layout, { downloads: true })).bytes, 0);
  fs.rmdirSync(folder);
  assert.is((await collectGarbage(root, layout)).bytes, 0);
  assert.equal(fs.readdirSync(partial).sort(), [blob, `${blob}.lock`, `${blob}.lock.1.00000000`]);
  assert.is((await collectGarbage(root, layout, { downloads: true })).bytes, 4);
  assert.equal(fs.readdirSync(partial), []);
  assert.equal(fs.readdirSync(root).sort(), ['allocation.lock', 'images']);
});

test.run();
