import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './cleanup.ts';

/** A folder with these files, content by path, for a build; `-> target` makes a link. It is removed at the end. */
export function context(files: Record<string, string>): string {
  const folder = temporaryFolder('build');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(folder, name));
    else writeFileSync(join(folder, name), text);
  }
  return folder;
}
