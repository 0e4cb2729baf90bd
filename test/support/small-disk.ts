import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './cleanup.ts';

export interface SmallDisk {
  /**
   * Takes every block, then every place for a name in the blocks of these directories, with files of ours: whatever is
   * made from now on fails with ENOSPC.
   */
  fill(...directories: string[]): void;
  /** Takes our files away. */
  free(): void;
}

/** Mounts a new file system of so many MiB (and inodes, if said) on a directory, until the test's end. */
export function smallDisk(at: string, type: 'ext4' | 'tmpfs', mebibytes: number, inodes = 4096): SmallDisk {
  mkdirSync(at, { recursive: true });
  if (type === 'tmpfs') run('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m,nr_inodes=${inodes}`, 'tmpfs', at);
  else {
    const image = join(temporaryFolder('disk'), 'image');
    writeFileSync(image, '');
    truncateSync(image, mebibytes << 20);
    // No blocks are kept for root: a container's root could take them as well.
    run('mkfs.ext4', '-q', '-F', '-m', '0', '-N', String(inodes), image);
    run('mount', '-o', 'loop', image, at);
    rmdirSync(join(at, 'lost+found'));
  }
  const used = new Set<string>();
  return {
    fill: (...directories) => {
      append(join(at, 'ballast'));
      for (const directory of directories) {
        used.add(directory);
        fillDirectory(directory);
      }
      append(join(at, 'ballast'));
    },
    free: () => {
      rmSync(join(at, 'ballast'), { force: true });
      for (const directory of used)
        for (const name of namesIn(directory)) if (name.startsWith('ballast')) rmSync(join(directory, name));
    },
  };
}

function append(file: string): void {
  let fd: number;
  try {
    fd = openSync(file, 'a');
  } catch (error) {
    if (isFull(error)) return;
    throw error;
  }
  try {
    for (let size = 1 << 20; size >= 1; size >>= 2) whileThereIsRoom(() => writeSync(fd, Buffer.alloc(size, 'x')));
  } finally {
    closeSync(fd);
  }
}

/** With long names first: what is left is too small for any. */
function fillDirectory(directory: string): void {
  let count = namesIn(directory).length;
  for (const length of [255, 120, 60, 24])
    whileThereIsRoom(() => writeFileSync(join(directory, `ballast-${count++}-`.padEnd(length, 'x')), ''));
}

function whileThereIsRoom(action: () => void): void {
  try {
    for (;;) action();
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

const isFull = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOSPC';

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}
