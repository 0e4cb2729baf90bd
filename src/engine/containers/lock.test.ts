import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerPaths } from '../../state/paths.ts';
import type { EngineContext } from '../context.ts';
import { unlessGone, withContainerLock } from './lock.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-container-lock-'));
const context = { roots: { root, execRoot: `${root}/run` } } as EngineContext;
const id = 'c'.repeat(64);
const { bundle } = containerPaths(context.roots, id);
const code = (error: { code?: string }) => error.code;

test.after(() => fs.rmSync(root, { recursive: true }));

test('a container that was removed before its lock was had is gone, and its directory is not made again', async () => {
  assert.is(await withContainerLock(context, id, async () => 'done').catch(code), 'no-such-container');
  assert.is(await withContainerLock(context, id, async () => 'done').catch(unlessGone), undefined);
  assert.not(fs.existsSync(bundle));
});

test('a file that the action misses is a defect, and not taken for a container that is gone', async () => {
  fs.mkdirSync(bundle, { recursive: true });
  const misses = withContainerLock(context, id, async () => fs.readFileSync(`${root}/missing`)).catch(unlessGone);
  assert.is(await misses.catch(code), 'ENOENT');
});

test.run();
