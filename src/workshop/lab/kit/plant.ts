import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { programOnPath } from '../../../host/programs.ts';
import { librariesOf } from '../../play/small-root.ts';
import type { Place } from '../types.ts';

/**
 * Makes an image of this machine's busybox, with all of its applets and `more` files, where there is none of this name. It has
 * one layer, and its command is `sh`.
 *
 * @param more text by path: `{ 'www/index.html': 'hello' }`; scripts, and what is in `bin`, can be executed
 */
export async function ensureImage(place: Place, image: string, more: Readonly<Record<string, string>> = {}) {
  if (await hasImage(place, image)) return;
  const tree = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-lab-'));
  try {
    for (const name of ['bin', 'etc', 'tmp', 'root']) fs.mkdirSync(path.join(tree, name), { mode: 0o755 });
    fs.chmodSync(tree, 0o755);
    fs.chmodSync(path.join(tree, 'tmp'), 0o1777);
    const files = {
      'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n',
      'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
      ...more,
    };
    for (const [name, content] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(tree, name)), { recursive: true });
      const mode = name.startsWith('bin/') || content.startsWith('#!') ? 0o755 : 0o644;
      fs.writeFileSync(path.join(tree, name), content, { mode });
    }
    const busybox = fs.realpathSync(programOnPath('busybox') ?? 'busybox');
    fs.copyFileSync(busybox, path.join(tree, 'bin/busybox'));
    for (const library of librariesOf(busybox)) {
      fs.mkdirSync(path.dirname(path.join(tree, library)), { recursive: true });
      fs.copyFileSync(fs.realpathSync(library), path.join(tree, library));
    }
    for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean))
      if (applet !== 'busybox') fs.symlinkSync('busybox', path.join(tree, 'bin', applet));
    const archive = `${tree}.tar`;
    await place.run('tar', '-C', tree, '-cf', archive, '.');
    await place.minidock('import', '-c', 'CMD ["sh"]', archive, image);
  } finally {
    fs.rmSync(tree, { recursive: true, force: true });
    fs.rmSync(`${tree}.tar`, { force: true });
  }
}

/** Runs a container in the background where none has this name; one that has ended is started again. */
export async function ensureContainer(place: Place, name: string, ...words: readonly string[]): Promise<void> {
  const { state } = place.container(name) ?? {};
  if (state === undefined) await place.minidock('run', '-d', '--name', name, ...words);
  else if (state !== 'running') await place.minidock('start', name);
}

/** Removes those of these containers, then of these images, that are there. */
export async function removeAll(place: Place, there: { containers?: readonly string[]; images?: readonly string[] }) {
  const containers = (there.containers ?? []).filter(name => place.container(name) !== undefined);
  if (containers.length > 0) await place.minidock('rm', '-f', ...containers);
  for (const image of there.images ?? []) if (await hasImage(place, image)) await place.minidock('rmi', '-f', image);
}

async function hasImage(place: Place, image: string): Promise<boolean> {
  return (await place.minidock('images', '-q', image)) !== '';
}
