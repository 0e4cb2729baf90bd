import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { busyboxImage } from '../../scripts/images/busybox.ts';
import type { Peer } from '../dockerfiles/case.ts';
import { busyboxEngine } from './busybox.ts';
import { temporaryFolder } from './cleanup.ts';
import { startDockerd } from './dockerd.ts';
import { type ArchivedImage, readArchive } from './image-archive.ts';
import { minidockPath } from './minidock.ts';
import { docker2010 } from './requires.ts';

/** What a build said and how it ended. */
export interface BuildAnswer {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that builds images, with storage of its own and the image `bb`. */
export interface Builder {
  /** Builds a Dockerfile in this context, in the containers of RUN without a network of the world. */
  build(dockerfile: string, context: string, flags: readonly string[]): Promise<BuildAnswer>;
  /** The images of these names. */
  images(tags: readonly string[]): Promise<Map<string, ArchivedImage>>;
}

export type Builders = Record<Peer | 'minidock', Builder>;

/** Docker's two builders in one daemon, buildah, and us. */
export async function allBuilders(): Promise<Builders> {
  const box = await busyboxEngine();
  const { rootfs } = await busyboxImage();
  const client = [docker2010() ?? 'docker', '-H', await startDockerd({ inMemory: true })];
  await execa(client[0]!, [...client.slice(1), 'import', '-c', 'CMD ["sh"]', rootfs, 'bb']);
  const plain = ['build', '--network', 'none'];
  const dockerWith = (kit: '0' | '1') => ({ DOCKER_CONFIG: temporaryFolder('docker-config'), DOCKER_BUILDKIT: kit });
  return {
    classic: builderOf(client, { build: plain, save: ['save'] }, dockerWith('0')),
    buildkit: builderOf(client, { build: [...plain, '--progress', 'plain'], save: ['save'] }, dockerWith('1')),
    buildah: await buildah(rootfs),
    minidock: builderOf([minidockPath], { build: plain, save: ['save'] }, box.env),
  };
}

/** Its mounts, and podman's, which saves what it built, are in a namespace that ends with each command. */
async function buildah(rootfs: string): Promise<Builder> {
  const folder = temporaryFolder('buildah');
  const at = (name: string) => join(folder, name);
  const storage = ['--root', at('root'), '--runroot', at('run'), '--storage-driver', 'overlay'];
  const podman = ['podman', ...storage, '--tmpdir', at('tmp'), '--events-backend', 'file'];
  const alone = [
    'unshare',
    '--mount',
    'sh',
    '-c',
    `case $1 in save|import) exec ${podman.join(' ')} "$@";; *) exec buildah ${storage.join(' ')} "$@";; esac`,
    'sh',
  ];
  await execa(alone[0]!, [...alone.slice(1), 'import', '-q', '-c', 'CMD ["sh"]', rootfs, 'bb']);
  return builderOf(
    alone,
    { build: ['bud', '--isolation', 'chroot', '--format', 'docker'], save: ['save', '-q', '-m'] },
    {},
  );
}

function builderOf(
  [program = '', ...first]: readonly string[],
  words: { readonly build: readonly string[]; readonly save: readonly string[] },
  env: Record<string, string>,
): Builder {
  const run = async (more: readonly string[]) => {
    const options = {
      stdin: 'ignore',
      reject: false,
      timeout: 120_000,
      env: { NODE_EXTRA_CA_CERTS: undefined, ...env },
    } as const;
    const { exitCode, stdout, stderr } = await execa(program, [...first, ...more], options);
    return { code: exitCode, stdout, stderr };
  };
  return {
    build: (dockerfile, context, flags) => {
      // A file: buildah opens /dev/stdin, and not what Node gives it for that.
      const file = join(temporaryFolder('dockerfile'), 'Dockerfile');
      writeFileSync(file, dockerfile);
      return run([...words.build, ...flags, '-f', file, context]);
    },
    images: async tags => {
      const folder = temporaryFolder('images');
      const archive = join(folder, 'archive.tar');
      const { code, stderr } = await run([...words.save, '-o', archive, ...tags]);
      if (code !== 0) throw new Error(`${program} saves no images: ${stderr}`);
      await execa('tar', ['-xf', archive, '-C', folder]);
      return readArchive(folder, 'bb:latest');
    },
  };
}
