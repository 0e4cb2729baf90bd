import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { lessonIds, lessonsFolder } from '../src/workshop/catalog.ts';
import { codeBlocks } from '../src/workshop/markdown.ts';
import { requires } from '../test/support/requires.ts';

/**
 * Executes what the lessons tell a learner to type: every block marked `sh run`, in the lesson's folder, with `bash -e`. What
 * stands behind `# →` must be in its output, in that order. (Both languages have the same commands: texts.test.ts.)
 */
const test = requires('root', 'unshare', 'nsenter', 'strace', 'gcc', 'busybox');

const mounts = () => fs.readFileSync('/proc/self/mountinfo', 'utf8');

for (const id of lessonIds()) {
  const folder = path.join(lessonsFolder, id);
  const blocks = codeBlocks(fs.readFileSync(path.join(folder, 'README.md'), 'utf8')).filter(
    ({ info }) => info === 'sh run',
  );

  for (const [i, { content }] of blocks.entries())
    test(`${id}: commands ${i + 1}, ${content.split('\n')[0]}`, () => {
      const before = { hostname: os.hostname(), mounts: mounts() };
      const { status, stdout } = spawnSync('bash', ['-e', '-c', `exec 2>&1\n${content}`], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: 30_000,
        env: { ...process.env, LC_ALL: 'C' },
      });
      assert.is(status, 0, stdout);
      let rest = stdout;
      for (const [, expected] of content.matchAll(/# → (.*)$/gm)) {
        const found = rest.indexOf(expected!.trimEnd());
        assert.ok(found >= 0, `"${expected}" is not in: ${rest}`);
        rest = rest.slice(found);
      }
      assert.equal({ hostname: os.hostname(), mounts: mounts() }, before, 'the host is as it was');
    });

  if (blocks.length > 0)
    test(`${id}: has something to try that is checked`, () => {
      assert.ok(blocks.some(({ content }) => content.includes('# → ')));
    });
}

test.run();
