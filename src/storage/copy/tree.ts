import fs from 'node:fs';
import type { Step } from '../../syscalls/step.ts';
import { pathOf } from '../bytes.ts';
import type { DiskGuard } from '../disk-guard.ts';
import { type Entry, list, mayHaveAttributes, type Part } from '../merged-view.ts';
import { nodeStep, runSteps, xattrStep } from '../special.ts';
import type { ByteString } from '../tar/header.ts';
import { readAttributes } from './attributes.ts';
import { copySparse, copyWhole, type FileCopy, isSparse } from './content.ts';

/**
 * Copies a directory as a stack of layers shows it into `destination`, an existing empty one that nobody else may reach. All
 * is kept: names byte for byte, owners, modes, times, extended attributes with capabilities and access lists, hard links,
 * holes, devices and fifos; of sockets there is nothing to keep. Links are copied, never followed, and only regular files are
 * opened, so no file of the host comes along (CVE-2022-23648). The disk is not filled: throws `no-space` before.
 */
export async function copyTree(source: readonly Part[], destination: ByteString, guard: DiskGuard): Promise<void> {
  await new TreeCopy(guard).run(source, destination);
}

/** A directory and the one that it becomes. */
interface DirectoryCopy {
  parts: readonly Part[];
  to: ByteString;
  stats: fs.Stats;
}

class TreeCopy {
  readonly #guard: DiskGuard;
  /** Where a file of several names was copied to, by device and inode. */
  readonly #copied = new Map<string, ByteString>();
  readonly #directories: DirectoryCopy[] = [];
  readonly #sparse: FileCopy[] = [];
  readonly #nodes: FileCopy[] = [];
  /** Further names, once all files are there. */
  readonly #links: { from: ByteString; to: ByteString }[] = [];
  /** What may have extended attributes. */
  readonly #attributed: { from: Part; to: ByteString }[] = [];

  constructor(guard: DiskGuard) {
    this.#guard = guard;
  }

  async run(source: readonly Part[], destination: ByteString): Promise<void> {
    const todo: DirectoryCopy[] = [{ parts: source, to: destination, stats: fs.lstatSync(pathOf(source[0]!.host)) }];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) todo.push(...this.#copyDirectory(next));
    await copySparse(this.#sparse, this.#guard);
    for (const { to, stats } of this.#sparse) setAttributes(to, stats);
    await runSteps(this.#nodes.map(({ to, stats }) => nodeStep(to, nodeOf(stats))));
    for (const { to, stats } of this.#nodes) setAttributes(to, stats);
    for (const { from, to } of this.#links) fs.linkSync(pathOf(from), pathOf(to));
    // After owners, since chown(2) drops capabilities; directories last, whose times everything in them changes.
    await runSteps(await this.#attributeSteps());
    for (const { to, stats } of this.#directories) setAttributes(to, stats);
  }

  /** Returns the directories in it. */
  #copyDirectory(directory: DirectoryCopy): DirectoryCopy[] {
    this.#directories.push(directory);
    this.#attributed.push({ from: directory.parts[0]!, to: directory.to });
    const inner: DirectoryCopy[] = [];
    for (const [name, entry] of list(directory.parts)) {
      const to = `${directory.to}/${name}`;
      if (entry.stats.isDirectory()) {
        this.#guard.count(0, 1);
        fs.mkdirSync(pathOf(to), { mode: 0o700 });
        inner.push({ parts: entry.parts, to, stats: entry.stats });
      } else this.#copyFile(entry, to);
    }
    return inner;
  }

  #copyFile({ parts, stats }: Entry, to: ByteString): void {
    const from = parts[0]!;
    const inode = `${stats.dev}:${stats.ino}`;
    const earlier = stats.nlink > 1 ? this.#copied.get(inode) : undefined;
    if (earlier !== undefined) {
      this.#links.push({ from: earlier, to });
      return;
    }
    this.#copied.set(inode, to);
    if (stats.isSymbolicLink()) copyLink(from, to, stats, this.#guard);
    else if (!stats.isFile()) {
      if (!stats.isSocket()) this.#nodes.push({ from, to, stats });
    } else {
      this.#attributed.push({ from, to });
      if (isSparse(stats)) this.#sparse.push({ from, to, stats });
      else {
        copyWhole({ from, to, stats }, this.#guard);
        setAttributes(to, stats);
      }
    }
  }

  async #attributeSteps(): Promise<Step[]> {
    const asked = this.#attributed.filter(({ from }) => mayHaveAttributes(from.layer));
    const copies = new Map(asked.map(({ from, to }) => [from.host, to]));
    const attributes = await readAttributes([...copies.keys()]);
    return attributes.map(({ path, name, value }) => xattrStep(copies.get(path)!, name, value));
  }
}

function copyLink(from: Part, to: ByteString, stats: fs.Stats, guard: DiskGuard): void {
  guard.count(0, 1);
  fs.symlinkSync(fs.readlinkSync(pathOf(from.host), 'buffer'), pathOf(to));
  fs.lchownSync(pathOf(to), stats.uid, stats.gid);
  fs.lutimesSync(pathOf(to), stats.mtimeMs / 1000, stats.mtimeMs / 1000);
}

/** Owner before mode: chown(2) clears set-user-ID. */
function setAttributes(to: ByteString, stats: fs.Stats): void {
  const path = pathOf(to);
  fs.chownSync(path, stats.uid, stats.gid);
  fs.chmodSync(path, stats.mode & 0o7777);
  fs.utimesSync(path, stats.mtimeMs / 1000, stats.mtimeMs / 1000);
}

/** As Node gives a device's number: that of glibc's makedev(3), with 12 bits of major and 20 of minor in use. */
function nodeOf(stats: fs.Stats): Parameters<typeof nodeStep>[1] {
  const type = stats.isFIFO() ? 'fifo' : stats.isBlockDevice() ? 'block' : 'character';
  const major = (stats.rdev >>> 8) & 0xfff;
  const minor = (stats.rdev & 0xff) | ((stats.rdev >>> 12) & 0xfff00);
  return { type, major, minor };
}
