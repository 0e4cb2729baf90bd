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

test.run();
