import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cached, type ImageFiles, recipe } from './cache.ts';
import { aptSource } from './debian.ts';
import { must, tarArguments, writeLayout } from './layout.ts';
import { folder, link, mergeTrees, put } from './tree.ts';

/** What makes nginx a container's main process: in the foreground, logs to its standard output. */
export const nginxConfig = {
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  Cmd: ['nginx', '-g', 'daemon off;'],
  ExposedPorts: { '80/tcp': {} },
  StopSignal: 'SIGQUIT',
  WorkingDir: '/',
};

/** One server on port 80 without IPv6: the kernel may have none. */
export const nginxSite = `server {
    listen 80 default_server;
    root /var/www/html;
    index index.html;
    server_name _;
}
`;

/**
 * A real Debian with nginx-light, made by debootstrap from the mirror this machine's apt uses: two layers, nginx's own
 * welcome page. A minute or two the first time, kept after that. Needs root, debootstrap and the mirror.
 */
export async function nginxImage(): Promise<ImageFiles> {
  const built = await cached('nginx', [recipe(import.meta.url), process.arch], async root => {
    const base = join(root, 'base');
    const top = join(root, 'top');
    bootstrap(base);
    settings(base, top);
    await writeLayout(join(root, 'oci'), {
      tag: 'latest',
      layers: [
        { folder: base, createdBy: 'debootstrap --variant=minbase --include=nginx-light', keepTimes: true },
        { folder: top, createdBy: 'COPY nginx settings /' },
      ],
      config: nginxConfig,
    });
    mergeTrees(base, [top]);
    must('tar', ['-f', join(root, 'rootfs.tar'), ...tarArguments(base, true)]);
    rmSync(base, { recursive: true });
    rmSync(top, { recursive: true });
  });
  return { layout: join(built, 'oci'), tag: 'latest', rootfs: join(built, 'rootfs.tar') };
}

/**
 * debootstrap in its own mount and pid namespaces: what it mounts and starts in the tree ends with it, even when it is
 * killed.
 */
function bootstrap(tree: string): void {
  const { mirror, suite, components } = aptSource();
  const include = ['--variant=minbase', '--include=nginx-light', `--components=${components}`];
  const isolate = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  must('unshare', [...isolate, 'debootstrap', ...include, suite, tree, mirror], { env });
  for (const path of [
    'var/cache/apt',
    'var/lib/apt/lists',
    'var/log/apt',
    'usr/share/doc',
    'usr/share/locale',
    'usr/share/man',
  ])
    rmSync(join(tree, path), { recursive: true, force: true });
  for (const path of ['var/cache/apt/archives/partial', 'var/lib/apt/lists/partial']) folder(tree, path);
  for (const path of ['proc', 'sys', 'dev', 'run']) {
    rmSync(join(tree, path), { recursive: true, force: true });
    folder(tree, path);
  }
}

function settings(base: string, tree: string): void {
  link(tree, 'var/log/nginx/access.log', '/dev/stdout');
  link(tree, 'var/log/nginx/error.log', '/dev/stderr');
  put(tree, 'etc/nginx/sites-available/default', nginxSite);
  mkdirSync(join(tree, 'var/www/html'), { recursive: true });
  copyFileSync(join(base, 'var/www/html/index.nginx-debian.html'), join(tree, 'var/www/html/index.html'));
}
