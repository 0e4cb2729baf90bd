import fs from 'node:fs';
import { byteString } from './bytes.ts';
import { type Entry, list, resolve } from './merged-view.ts';
import { nodeStep, runSteps } from './special.ts';

/**
 * Copies what an image has at `source` into `destination`, an existing empty directory, which takes on that directory's
 * owner, mode and time: this is how a new volume gets the image's content. Returns whether there was such a directory.
 *
 * Links are copied, never followed, and only regular files are opened, so no file of the host comes along
 * (CVE-2022-23648). No container may reach `destination` meanwhile: copy beside the volume and rename. Extended attributes
 * stay behind: Node cannot read them.
 */
export async function copyUp(layers: readonly string[], source: string, destination: string): Promise<boolean> {
  const found = resolve(layers, source);
  if (found.kind !== 'directory' || found.directories === undefined) return false;
  const copied = { links: new Map<string, string>(), nodes: [] as { path: string; entry: Entry }[] };
  const directories: { path: string; stats: fs.Stats }[] = [];
  const todo = [{ path: destination, parts: found.directories, stats: fs.lstatSync(found.hostPath!) }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    directories.push(next);
    for (const [name, entry] of list(next.parts)) {
      const path = `${next.path}/${name}`;
      if (entry.stats.isDirectory()) {
        fs.mkdirSync(path, { mode: 0o700 });
        todo.push({ path, parts: entry.parts, stats: entry.stats });
      } else copyFile(entry, path, copied);
    }
  }
  await runSteps(copied.nodes.map(({ path, entry }) => nodeStep(byteString(path), nodeOf(entry.stats))));
  for (const { path, entry } of copied.nodes) setAttributes(path, entry.stats);
  for (const { path, stats } of directories) setAttributes(path, stats);
  return true;
}

function copyFile(entry: Entry, path: string, copied: { links: Map<string, string>; nodes: object[] }): void {
  const { stats, parts } = entry;
  const source = parts[0]!.host;
  const inode = `${stats.dev}:${stats.ino}`;
  const earlier = stats.nlink > 1 ? copied.links.get(inode) : undefined;
  if (stats.isSymbolicLink()) {
    fs.symlinkSync(fs.readlinkSync(source, 'buffer'), path);
    fs.lchownSync(path, stats.uid, stats.gid);
    fs.lutimesSync(path, stats.mtime, stats.mtime);
  } else if (earlier !== undefined) fs.linkSync(earlier, path);
  else if (stats.isFile()) {
    fs.copyFileSync(source, path, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
    setAttributes(path, stats);
    copied.links.set(inode, path);
  } else if (!stats.isSocket()) copied.nodes.push({ path, entry });
}

function setAttributes(path: string, stats: fs.Stats): void {
  fs.chownSync(path, stats.uid, stats.gid);
  fs.chmodSync(path, stats.mode & 0o7777);
  fs.utimesSync(path, stats.mtime, stats.mtime);
}

function nodeOf(stats: fs.Stats): Parameters<typeof nodeStep>[1] {
  const type = stats.isFIFO() ? 'fifo' : stats.isBlockDevice() ? 'block' : 'character';
  const major = (stats.rdev >>> 8) & 0xfff;
  const minor = (stats.rdev & 0xff) | ((stats.rdev >>> 12) & 0xfff00);
  return { type, major, minor };
}
