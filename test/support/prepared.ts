import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/**
 * Brings an engine's root into the state that `make` brings it into, by hard links where the runner keeps what another test
 * file of this run has made (MINIDOCK_TEST_PREPARED): an import costs a third of a second of waiting for the disk. Only
 * what an engine never changes is shared: blobs, and what is in a layer. A root of its own is a copy in all else.
 */
export async function prepare(name: string, root: string, make: () => Promise<void>): Promise<void> {
  const folder = process.env.MINIDOCK_TEST_PREPARED;
  const kept = join(folder ?? '', name);
  if (folder && existsSync(kept)) return copyRoot(kept, root);
  await make();
  if (!folder) return;
  const scratch = mkdtempSync(join(folder, '.'));
  copyRoot(root, join(scratch, 'root'));
  const list = sharedFiles(join(scratch, 'root')).join('\n');
  try {
    renameSync(join(scratch, 'root'), kept);
    writeFileSync(`${kept}.files`, list);
  } catch (error) {
    // Another file has been quicker.
    if (!existsSync(kept)) throw error;
  }
  rmSync(scratch, { recursive: true });
}

/** Files that engines share and that a test, or an engine, has written into: none, unless something is wrong. */
export function changedFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter(name => name.endsWith('.files'))
    .flatMap(name => {
      const kept = join(folder, name.replace(/\.files$/, ''));
      const before = new Set(readFileSync(join(folder, name), 'utf8').split('\n'));
      const after = sharedFiles(kept);
      return [...after.filter(line => !before.delete(line)), ...[...before].map(line => `${line}: gone`)];
    });
}

const isShared = (path: string) => /^(images\/blobs|layers\/[^/]+\/diff)\//.test(path);

/** A second root with the same content, for another engine: `to` must not be there. */
function copyRoot(from: string, to: string): void {
  run('cp', '--archive', '--link', from, to);
  rmSync(join(to, 'engine-id'), { force: true });
  for (const path of filesIn(to).filter(path => !isShared(path) && lstatSync(join(to, path)).isFile())) {
    run('cp', '--archive', join(from, path), join(to, `${path}.copy`));
    renameSync(join(to, `${path}.copy`), join(to, path));
  }
}

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

/** One line a file that engines share: its mode, owner and content. */
function sharedFiles(kept: string): string[] {
  return filesIn(kept)
    .filter(isShared)
    .map(path => {
      const stat = lstatSync(join(kept, path));
      const facts = [path, stat.mode.toString(8), `${stat.uid}:${stat.gid}`];
      if (stat.isFile())
        facts.push(
          createHash('sha256')
            .update(readFileSync(join(kept, path)))
            .digest('hex'),
        );
      if (stat.isSymbolicLink()) facts.push(readlinkSync(join(kept, path)));
      return facts.join(' ');
    });
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(String).sort();
}
