import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../../../test/support/eventually.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import { parseReference } from '../../oci/reference.ts';
import { addImage } from '../create.ts';
import { ImageStore } from '../store.ts';
import { imageArchive } from './save.ts';

let root = '';
test.before.each(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-save-'));
});
test.after.each(() => fs.rmSync(root, { recursive: true }));

/** The files of the store that this process has open. */
const opened = () =>
  fs.readdirSync('/proc/self/fd').filter(fd => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(root);
    } catch {
      return false;
    }
  });

test('wherever in an archive its reader leaves, no blob stays open', async () => {
  const store = new ImageStore(root);
  const image: ImageConfig = {
    architecture: 'amd64',
    os: 'linux',
    created: '2020-01-01T00:00:00Z',
    config: {},
    rootfs: { type: 'layers', diff_ids: [] },
    history: [],
  };
  await addImage(store, image, [], parseReference('app'));
  let isLeft = true;
  for (let chunks = 1; isLeft; chunks++) {
    const archive = imageArchive(store, ['app']);
    for (let taken = 0; taken < chunks && isLeft; taken++) isLeft = !(await archive.next()).done;
    await archive.return(undefined);
    await eventually(() => assert.equal(opened(), [], `after ${chunks} chunks`));
  }
});

test.run();
