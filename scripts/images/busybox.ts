import { chmodSync, copyFileSync, linkSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cached, type ImageFiles, recipe } from './cache.ts';
import { must, tarArguments, writeLayout } from './layout.ts';
import { accounts, folder, link, mergeTrees, put } from './tree.ts';

/**
 * A small image from Debian's busybox-static, built in a second: `sh` and all applets as hard links in /bin. Three layers:
 * the base; a web page, a removed file's victim and a folder to be emptied; a whiteout (`/etc/motd`) and an opaque folder
 * (`/opt/emptied`, where only `new` is left). CMD is `sh`.
 */
export async function busyboxImage(): Promise<ImageFiles> {
  const binary = findBusybox();
  const stat = statSync(binary);
  const built = await cached(
    'busybox',
    [recipe(import.meta.url), String(stat.size), String(stat.mtimeMs)],
    async root => {
      const layer = (name: string) => join(root, 'trees', name);
      base(layer('base'), binary);
      page(layer('page'));
      changes(layer('changes'));
      await writeLayout(join(root, 'oci'), {
        tag: 'latest',
        layers: [
          { folder: layer('base'), createdBy: 'ADD busybox-static /' },
          { folder: layer('page'), createdBy: 'COPY page /' },
          { folder: layer('changes'), createdBy: 'RUN rm /etc/motd' },
        ],
        config: {
          Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
          Cmd: ['sh'],
          WorkingDir: '/',
        },
      });
      mergeTrees(layer('base'), [layer('page')]);
      for (const hidden of ['etc/motd', 'opt/emptied/old']) rmSync(join(layer('base'), hidden));
      put(layer('base'), 'opt/emptied/new', 'new\n');
      must('tar', ['-f', join(root, 'rootfs.tar'), ...tarArguments(layer('base'), false)]);
      must('rm', ['-rf', join(root, 'trees')]);
    },
  );
  return { layout: join(built, 'oci'), tag: 'latest', rootfs: join(built, 'rootfs.tar') };
}

function findBusybox(): string {
  for (const path of ['/bin/busybox', '/usr/bin/busybox', '/sbin/busybox', '/usr/sbin/busybox'])
    if (statSync(path, { throwIfNoEntry: false })) return path;
  throw new Error('busybox is not here: the test must say requires("busybox")');
}

function base(tree: string, binary: string): void {
  accounts(tree);
  mkdirSync(join(tree, 'bin'), { recursive: true });
  copyFileSync(binary, join(tree, 'bin/busybox'));
  chmodSync(join(tree, 'bin/busybox'), 0o755);
  for (const applet of must(binary, ['--list']).split('\n').filter(Boolean))
    if (applet !== 'busybox') linkSync(join(tree, 'bin/busybox'), join(tree, 'bin', applet));
  link(tree, 'usr/bin/env', '../../bin/env');
  link(tree, 'var/run', '../run');
}

function page(tree: string): void {
  put(tree, 'www/index.html', '<!DOCTYPE html><title>busybox</title><h1>served by busybox</h1>\n');
  put(tree, 'etc/motd', 'gone in the next layer\n');
  put(tree, 'opt/emptied/old', 'hidden by an opaque folder\n');
}

function changes(tree: string): void {
  put(tree, 'etc/.wh.motd', '');
  folder(tree, 'opt/emptied');
  put(tree, 'opt/emptied/.wh..wh..opq', '');
  put(tree, 'opt/emptied/new', 'new\n');
}
