import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { endProcesses, onExit, temporaryFolder } from './cleanup.ts';
import { eventually } from './eventually.ts';
import { findProgram } from './requires.ts';

export interface Registry {
  /** `127.0.0.1:PORT`: loopback, so clients may speak plain HTTP to it. */
  host: string;
  url: string;
  /** Where the registry keeps its blobs, to corrupt and to count. */
  store: string;
  pid: number;
  /** What it wrote to stderr and stdout so far, its access log included. */
  log(): string;
  stop(): void;
}

/** A TCP port that nothing listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/**
 * A real docker-registry (distribution 2.8) with an empty store in a temporary folder, ended with this process. `config`
 * is merged over the configuration's top level: `{ auth: { htpasswd: { realm, path } } }`, `{ http: { tls } }` …
 */
export async function registry(config: Record<string, unknown> = {}): Promise<Registry> {
  const binary = findProgram('docker-registry');
  if (!binary) throw new Error('docker-registry is not here: the test must say requires("docker-registry")');
  const folder = temporaryFolder('registry');
  const host = `127.0.0.1:${await freePort()}`;
  const http = { addr: host, ...(config.http as object | undefined) };
  const settings = {
    version: 0.1,
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: join(folder, 'store') }, delete: { enabled: true } },
    ...config,
    http,
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(settings));
  const output = openSync(join(folder, 'log'), 'a');
  const child = spawn(binary, ['serve', join(folder, 'config.yml')], { stdio: ['ignore', output, output] });
  closeSync(output);
  child.unref();
  const pid = child.pid ?? 0;
  const stop = onExit(() => endProcesses([pid]));
  const log = () => readFileSync(join(folder, 'log'), 'utf8');
  const url = `${'tls' in http ? 'https' : 'http'}://${host}`;
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(`docker-registry ended: ${log()}`);
    return /listening on/.test(log());
  }, 10);
  return { host, url, store: join(folder, 'store'), pid, log, stop };
}

/** `skopeo copy` of an image (`oci:FOLDER:TAG`, `docker-archive:FILE`, `docker://…`) into a registry. */
export function push(source: string, target: { host: string }, name: string): void {
  const skopeo = findProgram('skopeo') ?? 'skopeo';
  const args = [
    '--insecure-policy',
    'copy',
    '-q',
    '--dest-tls-verify=false',
    source,
    `docker://${target.host}/${name}`,
  ];
  const result = spawnSync(skopeo, args, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`skopeo copy ${source}: ${result.stderr || result.error}`);
}
