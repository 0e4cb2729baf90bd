import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../../errors.ts';
import { programOnPath, systemProgram } from '../../host/programs.ts';

/** What one wants in a root file system to look around in it. */
const programs = [
  'sh',
  'ls',
  'cat',
  'ps',
  'mount',
  'uname',
  'hostname',
  'id',
  'grep',
  'head',
  'wc',
  'sleep',
  'kill',
  'touch',
  'rm',
  'mkdir',
  'env',
  'chmod',
  'cut',
  'dd',
  'df',
  'ln',
  'mknod',
  'mv',
  'readlink',
  'sed',
  'sort',
  'stat',
  'tail',
  'tr',
  'true',
  'umount',
];

/**
 * Makes a small root file system in `root` out of this machine's own binaries: busybox and links to it where it is installed,
 * otherwise the programs one by one; each with the libraries that ldd names. `more` are programs that busybox has not, or not
 * as well.
 */
export function makeSmallRoot(root: string, more: readonly string[] = []): void {
  for (const name of ['bin', 'etc', 'proc', 'tmp']) fs.mkdirSync(path.join(root, name), { recursive: true });
  fs.writeFileSync(path.join(root, 'etc/os-release'), 'PRETTY_NAME="a root made by a lesson"\n');
  fs.writeFileSync(path.join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  const busybox = programOnPath('busybox');
  if (busybox !== undefined) {
    bring(busybox, root, 'busybox');
    for (const name of programs) fs.symlinkSync('busybox', path.join(root, 'bin', name));
  }
  for (const name of busybox === undefined ? [...programs, ...more] : more) {
    const found = programOnPath(name);
    if (found !== undefined) bring(found, root, name);
  }
  if (!fs.existsSync(path.join(root, 'bin/sh')))
    throw new MinidockError('no-shell', 'no shell on PATH to put into a root file system', {
      fix: 'apt install busybox-static',
    });
}

/** Copies a program into `root`/bin and its libraries to where the dynamic loader will look for them. */
function bring(program: string, root: string, name: string): void {
  fs.copyFileSync(fs.realpathSync(program), path.join(root, 'bin', name));
  for (const library of librariesOf(program)) {
    const target = path.join(root, library);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.copyFileSync(fs.realpathSync(library), target);
  }
}

/** The loader and libraries of a dynamic program; none of a static one, of which ldd says so with an error. */
export function librariesOf(program: string): string[] {
  try {
    const text = execFileSync(systemProgram('ldd') ?? 'ldd', [program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return [...text.matchAll(/(?:=> |^\s*)(\/\S+)/gm)].map(match => match[1]!);
  } catch {
    return [];
  }
}
