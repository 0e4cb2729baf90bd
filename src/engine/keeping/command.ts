import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineContext } from '../context.ts';

/** The command that a process executes to become the keeper: the Node that runs now with its bundle, by absolute paths. */
export function keeperCommand({ roots, bridge }: Pick<EngineContext, 'roots' | 'bridge'>): string[] {
  const { root, execRoot } = roots;
  return [
    process.execPath,
    ...programModule('keeper', 'keeper/main.ts'),
    '--root',
    root,
    '--exec-root',
    execRoot,
    '--bridge',
    bridge,
  ];
}

/** The command that compresses a rotated log, without the log. */
export const packerCommand = (): string[] => [
  process.execPath,
  ...programModule('pack-log', 'container/logging/pack.ts'),
];

/** In a bundle a program is a file of `dist/`; from the sources it runs through tsx. */
function programModule(name: string, source: string): string[] {
  const here = path.dirname(fileURLToPath(import.meta.url));
  for (let directory = here; directory !== path.dirname(directory); directory = path.dirname(directory)) {
    const built = `${directory}/dist/${name}.mjs`;
    if (fs.existsSync(built)) return [built];
  }
  return ['--import', 'tsx', path.join(here, '../..', source)];
}
