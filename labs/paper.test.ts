import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { codeBlocks, markdownShape } from '../src/workshop/text/markdown.ts';
import { sandbox } from '../test/support/minidock.ts';
import { checkout, requires } from '../test/support/requires.ts';
import { runBlock, runBlocks } from '../test/support/sheet.ts';

/** Works through the sheets as a class would: from top to bottom in the checkout, with an engine of its own. */
const test = requires('root', 'overlayfs', 'iptables', 'busybox', 'cgroup1');
const labs = join(checkout, 'labs');

for (const id of readdirSync(labs).filter(name => /^\d\d-/.test(name) && !existsSync(join(labs, name, 'lab.ts')))) {
  const english = join(labs, id, 'README.md');
  const chinese = join(labs, id, 'README.zh-CN.md');

  test(`${id}: every command of the sheet, in order`, () => {
    const { env } = sandbox();
    const blocks = runBlocks(english);
    assert.ok(blocks.length >= 5);
    for (const [i, content] of blocks.entries()) {
      // The first block puts minidock on the PATH of the reader's one shell; here each block has a shell of its own.
      runBlock(i === 0 ? content : `${blocks[0]}${content}`, checkout, env);
    }
  });

  test(`${id}: both languages have the same structure, commands and points, 100 in all`, () => {
    const [en, zh] = [readFileSync(english, 'utf8'), readFileSync(chinese, 'utf8')];
    assert.equal(markdownShape(zh), markdownShape(en));
    assert.equal(codeBlocks(zh), codeBlocks(en));
    const tasks = (text: string) =>
      [...text.matchAll(/^## .*[(（](\d+) (?:points|分)[)）]$/gm)].map(([, n]) => Number(n));
    const parts = (text: string) => [...text.matchAll(/^\d+\. .*[(（](\d+)(?: 分)?[)）]$/gm)].map(([, n]) => Number(n));
    const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
    for (const text of [en, zh]) {
      assert.is(sum(tasks(text)), 100);
      assert.is(sum(parts(text)), 100);
    }
    assert.equal(parts(zh), parts(en));
  });
}

requires()('a check of a sheet can fail: by what is not printed, by order, by exit status', () => {
  for (const block of ['echo a   # → b', 'echo a; echo b\n# → b\n# → a', 'false   # → ', 'echo a   # → a\n# → a'])
    assert.ok(fails(block), block);
  runBlock('echo a; echo b   # → a\n# → b', checkout);
});

/** uvu's `throws` lets its own assertions through. */
function fails(block: string): boolean {
  try {
    runBlock(block, checkout);
    return false;
  } catch {
    return true;
  }
}

test.run();
