import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MinidockError } from '../../../errors.ts';
import { steadyNow } from '../../../host/clock.ts';
import { findIdentity, isAlive } from '../../../host/process.ts';
import { systemProgram } from '../../../host/programs.ts';
import type { Place } from '../types.ts';

/** By this variable of its environment a lab's registry is found again. */
const mark = 'MINIDOCK_LAB_REGISTRY';

/** How long a registry may take to begin, and to end. */
const patienceMs = 20_000;

/** A manifest that a registry has, and what it says. */
export interface ManifestSeen {
  readonly digest: string;
  readonly config: string;
  readonly layers: readonly string[];
}

/**
 * Starts a private registry on the loopback where none answers at this port: docker-registry where it is installed, else minidock's own. Its
 * files lie in `registry` of the learner's folder, what it says in `registry.log`.
 */
export async function ensureRegistry(place: Place, port: number): Promise<void> {
  if (await answers(port)) return;
  const store = path.join(place.folder, 'registry');
  fs.mkdirSync(store, { recursive: true });
  const log = path.join(place.folder, 'registry.log');
  await place.run(
    'sh',
    '-c',
    'setsid env "$@" > "$0" 2>&1 < /dev/null &',
    log,
    `${mark}=${place.folder}`,
    ...commandOf(place, store, port),
  );
  const until = steadyNow() + patienceMs;
  while (!(await answers(port))) {
    if (steadyNow() > until)
      throw new MinidockError('lab-failed', `no registry answers at port ${port}`, { fix: `its log: ${log}` });
    await sleep(50);
  }
}

function commandOf(place: Place, store: string, port: number): string[] {
  const program = systemProgram('docker-registry');
  if (program === undefined) {
    const minidock = fileURLToPath(new URL('../../../../bin/minidock', import.meta.url));
    const roots = [`MINIDOCK_ROOT=${store}`, `MINIDOCK_EXEC_ROOT=${path.join(store, 'run')}`];
    return [...roots, minidock, 'registry', 'serve', '-p', String(port)];
  }
  const file = path.join(place.folder, 'registry.yml');
  const settings = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: store }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
  };
  // JSON is YAML.
  fs.writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`);
  return [program, 'serve', file];
}

/** Ends this lab's registry and removes its files. */
export async function endRegistry(place: Place): Promise<void> {
  const ours = fs.readdirSync('/proc').filter(name => /^\d+$/.test(name) && environmentOf(name).includes(place.folder));
  for (const one of ours) {
    const identity = findIdentity(Number(one));
    if (identity === undefined) continue;
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (isAlive(identity)) process.kill(identity.pid, signal);
      const until = steadyNow() + patienceMs;
      while (isAlive(identity) && steadyNow() < until) await sleep(20);
    }
  }
  for (const name of ['registry', 'registry.yml', 'registry.log'])
    fs.rmSync(path.join(place.folder, name), { recursive: true, force: true });
}

/** What a process has under `mark`; empty for one that has none, or has ended. */
function environmentOf(pid: string): string[] {
  try {
    const variables = fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return variables.filter(one => one.startsWith(`${mark}=`)).map(one => one.slice(mark.length + 1));
  } catch {
    return [];
  }
}

const answers = async (port: number) => (await ask(port, '')) !== undefined;

/** A manifest by tag or digest; undefined where the registry has none. */
export async function manifestAt(port: number, repository: string, name: string): Promise<ManifestSeen | undefined> {
  const reply = await ask(port, `${repository}/manifests/${name}`);
  if (reply === undefined) return undefined;
  const { config, layers = [] } = JSON.parse(reply.text) as {
    config?: { digest: string };
    layers?: { digest: string }[];
  };
  return {
    digest: reply.digest,
    config: config?.digest ?? '',
    layers: layers.map(({ digest }) => digest),
  };
}

/** The diff IDs that the config of an image in a registry names, lowest first. */
export async function diffIdsAt(port: number, repository: string, config: string): Promise<string[]> {
  const reply = await ask(port, `${repository}/blobs/${config}`);
  const { rootfs } = JSON.parse(reply?.text ?? '{}') as { rootfs?: { diff_ids: string[] } };
  return rootfs?.diff_ids ?? [];
}

/** The tags that a registry has of a repository. */
export async function tagsAt(port: number, repository: string): Promise<string[]> {
  const reply = await ask(port, `${repository}/tags/list`);
  return (JSON.parse(reply?.text ?? '{}') as { tags?: string[] | null }).tags ?? [];
}

/** Types of manifests of one image, OCI's and Docker's. */
const accept = 'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json';

async function ask(port: number, what: string): Promise<{ text: string; digest: string } | undefined> {
  try {
    const reply = await fetch(`http://127.0.0.1:${port}/v2/${what}`, { headers: { accept } });
    const text = await reply.text();
    return reply.ok ? { text, digest: reply.headers.get('docker-content-digest') ?? '' } : undefined;
  } catch {
    // Nobody listens.
    return undefined;
  }
}
