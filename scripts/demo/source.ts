import { readFileSync } from 'node:fs';
import chalk from 'chalk';
import { demoNginx } from '../images/stand-in.ts';

/** Where `nginx:alpine` will come from. */
export interface Source {
  kind: 'hub' | 'mirror' | 'stand-in';
  /** One line for the reader. */
  description: string;
  /** daemon.json for the engine. */
  config: Record<string, unknown>;
  stop(): Promise<void>;
}

const patience = 3000;

/**
 * Docker Hub where it answers; else a mirror that the user's own daemon.json names, where that answers; else a stand-in
 * made on this machine, served by the embedded registry as if it were a mirror of Docker Hub.
 */
export async function chooseSource(): Promise<Source> {
  if (!process.env.MINIDOCK_DEMO_OFFLINE) {
    waitFor('asking Docker Hub');
    if (await answers('https://registry-1.docker.io'))
      return { kind: 'hub', description: 'Docker Hub answers', config: {}, stop: async () => {} };
    for (const mirror of ownMirrors())
      if (await answers(mirror))
        return {
          kind: 'mirror',
          description: `Docker Hub does not answer; your daemon.json's mirror ${mirror} does`,
          config: { 'registry-mirrors': [mirror] },
          stop: async () => {},
        };
  }
  return await standIn();
}

export async function standIn(): Promise<Source> {
  waitFor('making a stand-in for nginx:alpine; the first time it takes longer');
  const image = await demoNginx();
  const { serve } = await import('../../src/registry/server/serve.ts');
  const server = await serve({ layout: image.layout, repository: 'library/nginx' });
  return {
    kind: 'stand-in',
    description: `Docker Hub is out of reach: a STAND-IN is served as library/nginx:alpine,\nmade of ${image.origin}`,
    config: { 'registry-mirrors': [server.url] },
    stop: () => server.close(),
  };
}

/** Seconds may pass without another line: where packets get lost, or packages come slowly. */
function waitFor(what: string): void {
  console.log(chalk.dim(what));
}

/** A registry's base endpoint answers 200, or 401 where it wants a token (distribution spec, end-1). */
async function answers(registry: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('/v2/', registry), { signal: AbortSignal.timeout(patience) });
    return response.status === 200 || response.status === 401;
  } catch {
    return false;
  }
}

function ownMirrors(): string[] {
  for (const path of ['/etc/minidock/daemon.json', '/etc/docker/daemon.json'])
    try {
      const mirrors: unknown = JSON.parse(readFileSync(path, 'utf8'))['registry-mirrors'];
      if (Array.isArray(mirrors)) return mirrors.filter(mirror => typeof mirror === 'string');
    } catch {}
  return [];
}
