import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cached, type ImageFiles, recipe } from './cache.ts';
import { unpackPackages } from './debian.ts';
import { must, tarArguments, writeLayout } from './layout.ts';
import { accounts, copyProgram, folder, mergeTrees, put } from './tree.ts';

/** What Docker Hub's `registry:2` reads: /var/lib/registry is its volume, 5000 its port. */
const settings = {
  version: 0.1,
  log: { fields: { service: 'registry' } },
  storage: { filesystem: { rootdirectory: '/var/lib/registry' }, delete: { enabled: true } },
  http: { addr: ':5000' },
};

/**
 * A stand-in for `registry:2`, made of Debian's docker-registry, which is the same program: from this machine or from its
 * distribution's packages (unpacked, not installed). Two layers, in seconds.
 */
export async function registryImage(): Promise<ImageFiles> {
  const built = await cached('registry', [recipe(import.meta.url), process.arch], async root => {
    const base = join(root, 'base');
    const top = join(root, 'top');
    accounts(base);
    copyProgram(base, findRegistry(root), 'bin/registry');
    put(top, 'etc/docker/registry/config.yml', `${JSON.stringify(settings, null, 2)}\n`);
    folder(top, 'var/lib/registry');
    await writeLayout(join(root, 'oci'), {
      tag: '2',
      layers: [
        { folder: base, createdBy: 'COPY docker-registry and its libraries /' },
        { folder: top, createdBy: 'COPY config.yml /etc/docker/registry/' },
      ],
      config: {
        Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'OTEL_TRACES_EXPORTER=none'],
        Entrypoint: ['/bin/registry'],
        Cmd: ['serve', '/etc/docker/registry/config.yml'],
        ExposedPorts: { '5000/tcp': {} },
        Volumes: { '/var/lib/registry': {} },
      },
    });
    mergeTrees(base, [top]);
    must('tar', ['-f', join(root, 'rootfs.tar'), ...tarArguments(base, false)]);
    for (const tree of ['base', 'top', 'unpacked', 'archives'])
      rmSync(join(root, tree), { recursive: true, force: true });
  });
  return { layout: join(built, 'oci'), tag: '2', rootfs: join(built, 'rootfs.tar') };
}

function findRegistry(root: string): string {
  const installed = '/usr/bin/docker-registry';
  if (existsSync(installed)) return installed;
  unpackPackages(['docker-registry'], join(root, 'archives'), join(root, 'unpacked'));
  return join(root, 'unpacked', installed);
}
