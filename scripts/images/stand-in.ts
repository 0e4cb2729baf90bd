import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cached, type ImageFiles, recipe } from './cache.ts';
import { unpackPackages } from './debian.ts';
import { must, tarArguments, writeLayout } from './layout.ts';
import { nginxConfig } from './nginx.ts';
import { accounts, copyProgram, folder, link, mergeTrees, put } from './tree.ts';

export interface StandIn extends ImageFiles {
  /** What serves the page, and where it came from, for the demo to say. */
  origin: string;
}

/**
 * What `docker.io/library/nginx:alpine` is replaced by where Docker Hub is out of reach: nginx from this machine or from its
 * distribution's packages (unpacked, not installed), or, where neither is to be had, Node itself serving the same page.
 * Made of the machine's own files and the libraries that ldd names, in seconds.
 */
export async function demoNginx(): Promise<StandIn> {
  const origins = new Map<string, (root: string) => Source>([
    ["this machine's own nginx", () => machineNginx()],
    ["nginx from this machine's package sources, unpacked and not installed", root => packagedNginx(root)],
    ["this machine's own Node, because no nginx is to be had", () => nodeServer()],
  ]);
  const wanted = machineHasNginx() ? [...origins] : [...origins].slice(1);
  let failure: unknown;
  for (const [origin, find] of wanted) {
    const inputs = [
      recipe(import.meta.url),
      recipe(new URL('nginx.ts', import.meta.url).href),
      origin,
      process.version,
    ];
    try {
      const built = await cached('stand-in', inputs, root => build(root, find(root)));
      return { layout: join(built, 'oci'), tag: 'alpine', rootfs: join(built, 'rootfs.tar'), origin };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

interface Source {
  binary: string;
  target: string;
  libraries: string[];
  cmd: string[];
  node: boolean;
}

const machinePaths = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx', '/usr/local/nginx/sbin/nginx'];
const machineHasNginx = () => machinePaths.some(path => existsSync(path));

function machineNginx(): Source {
  const binary = machinePaths.find(path => existsSync(path)) ?? '';
  return { binary, target: 'usr/sbin/nginx', libraries: [], cmd: nginxConfig.Cmd, node: false };
}

function packagedNginx(root: string): Source {
  const tree = join(root, 'unpacked');
  unpackPackages(['nginx-light'], join(root, 'archives'), tree);
  const binary = join(tree, 'usr/sbin/nginx');
  return { binary, target: 'usr/sbin/nginx', libraries: libraryFolders(tree), cmd: nginxConfig.Cmd, node: false };
}

function nodeServer(): Source {
  const cmd = ['node', '/srv/serve.cjs'];
  return { binary: process.execPath, target: 'usr/bin/node', libraries: [], cmd, node: true };
}

/** Folders with shared libraries below `usr/lib` and `lib` of an unpacked tree. */
function libraryFolders(tree: string): string[] {
  return ['lib', 'usr/lib'].flatMap(top => {
    const path = join(tree, top);
    if (!existsSync(path)) return [];
    const below = readdirSync(path, { withFileTypes: true }).filter(entry => entry.isDirectory());
    return [path, ...below.map(entry => join(path, entry.name))];
  });
}

async function build(root: string, source: Source): Promise<void> {
  const base = join(root, 'base');
  const server = join(root, 'server');
  const page = join(root, 'page');
  accounts(base);
  for (const tool of [
    'sh',
    'ls',
    'cat',
    'echo',
    'env',
    'true',
    'sleep',
    'readlink',
    'id',
    'hostname',
    'ps',
    'grep',
    'getent',
  ]) {
    const path = ['/bin', '/usr/bin'].map(folder => join(folder, tool)).find(path => existsSync(path));
    if (path && statSync(path).isFile()) copyProgram(base, path, `bin/${tool}`);
  }
  copyProgram(server, source.binary, source.target, source.libraries);
  settings(server, source);
  put(page, 'usr/share/nginx/html/index.html', html(source.node ? `Node ${process.version}` : 'nginx'));
  await writeLayout(join(root, 'oci'), {
    tag: 'alpine',
    layers: [
      { folder: base, createdBy: 'COPY sh, a few tools and their libraries /' },
      { folder: server, createdBy: `COPY ${source.target} and its libraries /` },
      { folder: page, createdBy: 'COPY index.html /usr/share/nginx/html/' },
    ],
    config: { ...nginxConfig, Cmd: source.cmd, Labels: { 'minidock.stand-in': 'true' } },
  });
  mergeTrees(base, [server, page]);
  must('tar', ['-f', join(root, 'rootfs.tar'), ...tarArguments(base, false)]);
  for (const tree of [base, server, page, join(root, 'unpacked'), join(root, 'archives')])
    rmSync(tree, { recursive: true, force: true });
}

function settings(tree: string, source: Source): void {
  if (source.node) {
    put(tree, 'srv/serve.cjs', nodeProgram);
    return;
  }
  const defaults = ['/etc/nginx/mime.types', join(dirname(dirname(dirname(source.binary))), 'etc/nginx/mime.types')];
  const types = defaults.find(path => existsSync(path));
  put(tree, 'etc/nginx/mime.types', types ? must('cat', [types]) : 'types { text/html html; }\n');
  put(tree, 'etc/nginx/nginx.conf', nginxMain);
  for (const path of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) folder(tree, `var/lib/nginx/${path}`);
  for (const path of ['var/lock', 'usr/share/nginx/modules']) folder(tree, path);
  link(tree, 'var/log/nginx/access.log', '/dev/stdout');
  link(tree, 'var/log/nginx/error.log', '/dev/stderr');
}

const nginxMain = `user www-data;
worker_processes 1;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log warn;
events { worker_connections 256; }
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log /var/log/nginx/access.log;
    server {
        listen 80;
        root /usr/share/nginx/html;
        index index.html;
    }
}
`;

const nodeProgram = `const page = require('fs').readFileSync('/usr/share/nginx/html/index.html');
const server = require('http').createServer((request, response) => {
  console.log(request.socket.remoteAddress, request.method, request.url);
  response.setHeader('Content-Type', 'text/html');
  response.end(page);
});
server.listen(80);
for (const signal of ['SIGTERM', 'SIGQUIT', 'SIGINT']) process.on(signal, () => process.exit(0));
`;

const html = (server: string) => `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Welcome to nginx!</title></head>
<body>
<h1>Welcome to nginx!</h1>
<p>This page comes out of a container that minidock made: ${server}, in namespaces of its own, on layers of an image.</p>
<p>The image is a stand-in for nginx:alpine, made on this machine because Docker Hub was out of reach.</p>
</body>
</html>
`;
