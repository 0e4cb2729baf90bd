// @mounts-nothing what it follows is a packet
import { join } from 'node:path';
import { demoNginx } from '../scripts/images/stand-in.ts';
import { serve } from '../src/registry/server/serve.ts';
import { sandbox } from './support/minidock.ts';
import { becomeMachine } from './support/netns.ts';
import { checkout, requires } from './support/requires.ts';
import { runBlock, runBlocks } from './support/sheet.ts';

/**
 * What docs/flag-to-kernel.md tells its readers to type, typed in its order, on a host with a network of its own: port 8080
 * is free there, and the first subnet as well. Only the engine's roots, its bridge and its chains have other names here.
 */
const test = requires('root', 'overlayfs', 'iptables', 'unshare', 'curl', 'ip', 'nsenter');

test('docs/flag-to-kernel.md: each command prints what the page says', async () => {
  const server = await serve({ layout: (await demoNginx()).layout, repository: 'library/nginx' });
  const engine = sandbox({ 'registry-mirrors': [server.url] });
  try {
    await engine.ok(['pull', 'nginx:alpine']);
  } finally {
    await server.close();
  }
  await becomeMachine();
  const env = { ...engine.env, PATH: `${join(checkout, 'bin')}:${process.env.PATH}` };
  const here = (block: string) =>
    block.replaceAll('/var/lib/minidock', engine.root).replace(/\bMINIDOCK\b/g, `MINIDOCK-${engine.bridge}`);
  for (const block of runBlocks(join(checkout, 'docs/flag-to-kernel.md'))) runBlock(here(block), engine.folder, env);
});

test.run();
