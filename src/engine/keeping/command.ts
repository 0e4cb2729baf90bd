import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineContext } from '../context.ts';

/** The command that a process executes to become the keeper: the Node that runs now with its bundle, by absolute paths. */
export function keeperCommand({ roots, bridge }: Pick<EngineContext, 'roots' | 'bridge'>): string[] {
  const { root, execRoot } = roots;
  return [process.execPath, ...keeperModule(), '--root', root, '--exec-root', execRoot, '--bridge', bridge];
}

/** In a bundle the keeper is a file of `dist/`; from the sources it runs through tsx. */
function keeperModule(): string[] {
  const here = path.dirname(fileURLToPath(import.meta.url));
  for (let directory = here; directory !== path.dirname(directory); directory = path.dirname(directory)) {
    const built = path.join(directory, 'dist/keeper.mjs');
    if (fs.existsSync(built)) return [built];
  }
  return ['--import', 'tsx', path.join(here, '../../keeper/main.ts')];
}
