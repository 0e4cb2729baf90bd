import path from 'node:path';
import * as assert from 'uvu/assert';
import { lessonIds, lessonsFolder } from '../src/workshop/catalog.ts';
import { requires } from '../test/support/requires.ts';
import { runBlock, runBlocks } from '../test/support/sheet.ts';

/**
 * Executes what the lessons tell a learner to type, in the lesson's folder. (Both languages have the same commands:
 * texts.test.ts.)
 */
const test = requires('root', 'unshare', 'nsenter', 'strace', 'gcc', 'busybox');

for (const id of lessonIds()) {
  const folder = path.join(lessonsFolder, id);
  const blocks = runBlocks(path.join(folder, 'README.md'));

  for (const [i, content] of blocks.entries())
    test(`${id}: commands ${i + 1}, ${content.split('\n')[0]}`, () => runBlock(content, folder));

  if (blocks.length > 0)
    test(`${id}: has something to try that is checked`, () => {
      assert.ok(blocks.some(content => content.includes('# → ')));
    });
}

test.run();
