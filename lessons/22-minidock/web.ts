import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Engine } from '../../src/engine/engine.ts';
import { systemProgram } from '../../src/host/programs.ts';
import { librariesOf, makeSmallRoot } from '../../src/workshop/play/small-root.ts';

/** A web server for containers, out of this machine's own programs: nginx where it is installed, otherwise Node. */
export interface Web {
  readonly image: string;
  readonly nginx: boolean;
  /** Node is too large to be packed: it is seen through a volume. */
  readonly binds: readonly string[];
}

const page = '<!DOCTYPE html><title>minidock</title><h1>served by a container</h1>\n';

const nginxConfig = (address: string) => `daemon off;
user root;
worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr;
events { worker_connections 32; }
http {
  access_log /dev/stdout;
  server { listen ${address}:80; root /www; }
}
`;

/** Makes the image `nginx`. */
export async function importWeb(engine: Engine, scratch: string): Promise<Web> {
  const tree = path.join(scratch, 'tree');
  makeSmallRoot(tree);
  fs.writeFileSync(path.join(tree, 'etc/group'), 'root:x:0:\n');
  put(tree, 'www/index.html', page);
  const nginx = systemProgram('nginx');
  if (nginx !== undefined) {
    for (const library of [nginx, ...librariesOf(nginx)])
      copy(library, path.join(tree, library === nginx ? '/bin/nginx' : library));
    for (const folder of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi', 'tmp'])
      fs.mkdirSync(path.join(tree, 'var/lib/nginx', folder), { recursive: true });
    for (const folder of ['var/log/nginx', 'var/cache/nginx', 'run'])
      fs.mkdirSync(path.join(tree, folder), { recursive: true });
    for (const address of ['0.0.0.0', '127.0.0.1']) put(tree, `etc/nginx/${address}.conf`, nginxConfig(address));
  }
  const file = path.join(scratch, 'tree.tar');
  execFileSync(systemProgram('tar') ?? 'tar', ['-C', tree, '-cf', file, '.']);
  fs.rmSync(tree, { recursive: true });
  await engine.images.import(file, { reference: 'nginx', changes: [] });
  fs.rmSync(file);
  const node = [process.execPath, ...librariesOf(process.execPath)].map(
    (one, i) => `${fs.realpathSync(one)}:${i === 0 ? '/bin/node' : one}:ro`,
  );
  return { image: 'nginx', nginx: nginx !== undefined, binds: nginx === undefined ? node : [] };
}

/** The server in the foreground. */
export function serverCommand({ nginx }: Web, address: string): string[] {
  if (nginx) return ['nginx', '-e', 'stderr', '-c', `/etc/nginx/${address}.conf`];
  const script = `require('http').createServer((request, response) => {
    console.log(request.socket.remoteAddress, request.method, request.url);
    response.end(${JSON.stringify(page)});
  }).listen(80, '${address}')`;
  return ['node', '-e', script];
}

function put(tree: string, name: string, content: string): void {
  const file = path.join(tree, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
}

function copy(from: string, to: string): void {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.copyFileSync(fs.realpathSync(from), to);
}
