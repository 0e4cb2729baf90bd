// @mounts-nothing what is typed is the same
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { demoNginx } from '../scripts/images/stand-in.ts';
import { serve } from '../src/registry/server/serve.ts';
import { lessonIds, lessonsFolder } from '../src/workshop/catalog.ts';
import { codeBlocks } from '../src/workshop/text/markdown.ts';
import { type Sandbox, sandbox } from '../test/support/minidock.ts';
import { checkout, requires } from '../test/support/requires.ts';
import { assertSaid, runBlock, runBlocks } from '../test/support/sheet.ts';

/**
 * Executes what the lessons tell a learner to type, in the lesson's folder: `sh run` blocks in namespaces of their own, `sh`
 * blocks at an engine that has the images busybox and nginx:alpine, one after the other. (Both languages have the same
 * commands: texts.test.ts.)
 */
const test = requires('root', 'unshare', 'nsenter', 'strace', 'gcc', 'busybox');
const withEngine = requires('root', 'overlayfs', 'iptables', 'busybox');

/** The images that lessons may name. */
async function engineWithImages(): Promise<Sandbox> {
  const hub = await serve({ layout: (await demoNginx()).layout, repository: 'library/nginx' });
  const engine = sandbox({ 'registry-mirrors': [hub.url] });
  try {
    await engine.ok(['import', '-c', 'CMD ["sh"]', (await busyboxImage()).rootfs, 'busybox']);
    await engine.ok(['pull', '-q', 'nginx:alpine']);
  } finally {
    await hub.close();
  }
  return engine;
}

let shared: Promise<Sandbox> | undefined;

/** Executes one block with `bash -e`, and checks what stands behind `# →`. */
function typeBlock(content: string, cwd: string, engine: Sandbox): void {
  const { status, stdout } = spawnSync('bash', ['-e', '-c', `exec 2>&1\n${content}`], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
    env: { ...process.env, ...engine.env, LC_ALL: 'C', PATH: `${path.join(checkout, 'bin')}:${process.env.PATH}` },
  });
  assert.is(status, 0, stdout);
  assertSaid(content, stdout);
}

for (const id of lessonIds()) {
  const folder = path.join(lessonsFolder, id);
  const blocks = runBlocks(path.join(folder, 'README.md'));
  const plain = codeBlocks(readFileSync(path.join(folder, 'README.md'), 'utf8')).filter(({ info }) => info === 'sh');

  for (const [i, content] of blocks.entries())
    test(`${id}: commands ${i + 1}, ${content.split('\n')[0]}`, () => runBlock(content, folder));

  if (blocks.length > 0)
    test(`${id}: has something to try that is checked`, () => {
      assert.ok(blocks.some(content => content.includes('# → ')));
    });

  if (plain.length > 0)
    withEngine(`${id}: what it says about minidock is what minidock does`, async () => {
      shared ??= engineWithImages();
      const engine = await shared;
      try {
        for (const { content } of plain) typeBlock(content, folder, engine);
      } finally {
        const ids = await engine.ok(['ps', '-aq']);
        if (ids !== '') await engine.ok(['rm', '-f', ...ids.split('\n')]);
      }
    });
}

/** Containers that a text names; those of two lessons may run at the same time. */
test('no two lessons give a container the same name', () => {
  const names = lessonIds().flatMap(id => {
    const text = readFileSync(path.join(lessonsFolder, id, 'README.md'), 'utf8');
    return [...new Set([...text.matchAll(/--name[= ](\S+)/g)].map(([, name]) => name!))];
  });
  assert.equal(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
});

test.run();
