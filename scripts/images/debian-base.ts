import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { cached, type ImageFiles, recipe } from './cache.ts';
import { aptSource } from './debian.ts';
import { must, tarArguments, writeLayout } from './layout.ts';
import { folder, put } from './tree.ts';

/**
 * A plain Debian (debootstrap's minbase), made from the mirror that this machine's apt uses, in which `apt-get update` finds that mirror:
 * what `FROM debian` means where no registry is to be reached. A minute the first time, kept after that.
 */
export async function debianImage(): Promise<ImageFiles> {
  const built = await cached('debian', [recipe(import.meta.url), process.arch], async root => {
    const tree = join(root, 'tree');
    const { mirror, suite, components } = aptSource();
    const isolate = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
    must('unshare', [...isolate, 'debootstrap', '--variant=minbase', suite, tree, mirror], { env });
    for (const path of ['var/cache/apt', 'var/lib/apt/lists', 'var/log/apt', 'usr/share/doc', 'usr/share/man'])
      rmSync(join(tree, path), { recursive: true, force: true });
    for (const path of ['var/cache/apt/archives/partial', 'var/lib/apt/lists/partial']) folder(tree, path);
    for (const path of ['proc', 'sys', 'dev', 'run']) {
      rmSync(join(tree, path), { recursive: true, force: true });
      folder(tree, path);
    }
    put(tree, 'etc/apt/sources.list', `deb ${mirror} ${suite} ${components.replaceAll(',', ' ')}\n`);
    // No service starts while a package is installed: there is no init.
    put(tree, 'usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755);
    const config = { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['bash'] };
    const layer = { folder: tree, createdBy: 'debootstrap --variant=minbase', keepTimes: true };
    await writeLayout(join(root, 'oci'), { tag: 'latest', layers: [layer], config });
    must('tar', ['-f', join(root, 'rootfs.tar'), ...tarArguments(tree, true)]);
    rmSync(tree, { recursive: true });
  });
  return { layout: join(built, 'oci'), tag: 'latest', rootfs: join(built, 'rootfs.tar') };
}
