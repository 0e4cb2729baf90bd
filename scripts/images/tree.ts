import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { must } from './layout.ts';

/** Puts a file with this text into a tree, and the folders above it. */
export function put(tree: string, path: string, text: string, mode = 0o644): void {
  const target = join(tree, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  chmodSync(target, mode);
}

export function folder(tree: string, path: string, mode = 0o755): void {
  mkdirSync(join(tree, path), { recursive: true });
  chmodSync(join(tree, path), mode);
}

export function link(tree: string, path: string, to: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  symlinkSync(to, join(tree, path));
}

/** Lays trees over the lowest, in place: what a stack of their layers shows, whiteouts aside. */
export function mergeTrees(lowest: string, others: string[]): void {
  for (const tree of others) must('cp', ['-a', '--remove-destination', `${tree}/.`, lowest]);
}

/** The users a web server wants, and what every image has. */
export function accounts(tree: string): void {
  put(
    tree,
    'etc/passwd',
    [
      'root:x:0:0:root:/root:/bin/sh',
      'www-data:x:33:33:www-data:/var/www:/bin/false',
      'nobody:x:65534:65534:nobody:/nonexistent:/bin/false',
      '',
    ].join('\n'),
  );
  put(tree, 'etc/group', ['root:x:0:', 'www-data:x:33:', 'nogroup:x:65534:', ''].join('\n'));
  put(tree, 'etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n');
  folder(tree, 'tmp', 0o1777);
  folder(tree, 'root', 0o700);
  for (const path of ['run', 'proc', 'sys', 'dev', 'var/tmp']) folder(tree, path);
}

/**
 * Copies a dynamic program and the libraries that ldd finds for it. `libraryFolders` are looked in first; programs and
 * libraries keep their absolute paths, links resolved. Throws naming a library that is nowhere.
 */
export function copyProgram(tree: string, from: string, to: string, libraryFolders: string[] = []): void {
  const env = { ...process.env, LD_LIBRARY_PATH: libraryFolders.join(':'), LC_ALL: 'C' };
  const listed = spawnSync('ldd', [from], { encoding: 'utf8', env }).stdout ?? '';
  copy(from, join(tree, to), 0o755);
  for (const line of listed.split('\n')) {
    const missing = /^\s*(\S+) => not found/.exec(line)?.[1];
    if (missing) throw new Error(`${from} needs ${missing}, which is not on this machine`);
    const path = /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1];
    if (!path) continue;
    const inside = libraryFolders.find(root => path.startsWith(`${root}/`));
    copy(path, join(tree, inside ? join(libraryPath, path.slice(inside.length)) : path), 0o755);
  }
}

/** Where libraries of unpacked packages go in an image: a folder the loader looks in without a cache. */
const libraryPath = '/usr/lib';

function copy(from: string, to: string, mode: number): void {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(realpathSync(from), to);
  chmodSync(to, mode);
}
