import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../../errors.ts';
import { ensureDirectory } from '../../state/files.ts';

/** Marks a folder as one that this program made, and may make anew. */
const MARK = '.minidock-handbook';

/**
 * Has `fill` make a folder, and puts it in the place of `target`, which is missing, empty or an older handbook. Until then, and where
 * `fill` fails, what is there stays as it is. Throws `invalid-output` where something else is there.
 */
export async function replaceFolder<T>(target: string, fill: (folder: string) => Promise<T>): Promise<T> {
  refuseOthers(target);
  ensureDirectory(path.dirname(target), 0o777);
  const fresh = fs.mkdtempSync(`${target}.new-`);
  try {
    const result = await fill(fresh);
    fs.writeFileSync(path.join(fresh, MARK), 'npm run handbook\n');
    fs.chmodSync(fresh, 0o755);
    fs.rmSync(target, { recursive: true, force: true });
    fs.renameSync(fresh, target);
    return result;
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
  }
}

function refuseOthers(target: string): void {
  const found = fs.statSync(target, { throwIfNoEntry: false });
  if (found === undefined) return;
  const fix = 'name another folder: npm run handbook -- --out FOLDER';
  if (!found.isDirectory()) throw new MinidockError('invalid-output', `${target} is a file, not a folder`, { fix });
  const names = fs.readdirSync(target);
  if (names.length > 0 && !names.includes(MARK))
    throw new MinidockError('invalid-output', `${target} holds other files, for example ${names[0]}`, { fix });
}
