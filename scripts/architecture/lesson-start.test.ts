import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importsOf } from './imports.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** All files of ours that a module needs before its first line runs; what it imports later is not among them. */
function loadedBy(entry: string): string[] {
  const seen = new Set([entry]);
  for (const file of seen)
    for (const { path, kind } of importsOf(root, file) as { path: string; kind: string }[])
      if (kind === 'value' && fs.existsSync(root + path) && path.startsWith('src/')) seen.add(path);
  return [...seen];
}

/** The engine takes longer to load than all the rest: the first line must not wait for it. */
for (const entry of ['src/workshop/main.ts', 'src/workshop/play/list.ts'])
  test(`${entry} prints before the engine is loaded`, () => {
    const loaded = loadedBy(entry);
    assert.ok(loaded.includes('src/workshop/catalog.ts'));
    assert.equal(
      loaded.filter(file => /^src\/(engine|container|network|image|registry|storage|cgroup)\//.test(file)),
      [],
    );
  });

test.run();
