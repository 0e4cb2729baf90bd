import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { temporaryFolder } from './cleanup.ts';

const made = new Map<string, string>();

/**
 * One file of JavaScript with a module of ours and all that it imports, for processes and threads that a test starts: Node starts
 * in 40 ms of a processor, tsx in ten times as much. `module` is a URL (`new URL('./lock.ts', import.meta.url)`); returns a path.
 */
export function bundled(module: URL): string {
  const source = fileURLToPath(module);
  let file = made.get(source);
  // After each unit test file its temporary folders are gone.
  if (file === undefined || !existsSync(file)) {
    file = join(temporaryFolder('bundled'), basename(source).replace(/\.ts$/, '.mjs'));
    buildSync({
      entryPoints: [source],
      outfile: file,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
    });
    made.set(source, file);
  }
  return file;
}
