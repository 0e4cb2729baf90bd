import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { removeNetwork } from '../../src/network/bridge.ts';
import { cgroupParent } from '../../src/state/paths.ts';
import { checkout } from '../images/cache.ts';

/** The demo's engine: what it pulls is kept in /var/cache for the next time, the rest goes with the demo. */
export interface DemoEngine {
  root: string;
  bridge: string;
  /** Cleans up after a demo that was killed, and makes the roots. */
  prepare(): Promise<void>;
  minidock(args: string[]): Promise<{ exitCode?: number; stdout: string; stderr: string }>;
  /** Ends the demo's containers and takes its bridge and rules away. */
  clean(): Promise<void>;
}

/**
 * One demo at a time: they share roots and a bridge. The lock is an abstract socket, which the kernel frees however the
 * process ends. Throws when another demo holds it.
 */
export function lockDemo(): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', () => reject(new Error('another demo is running on this machine; end it first')));
    server.listen('\0minidock-demo', resolve);
  });
}

/** Roots of their own, so that the user's images, containers and daemon.json are as they were. */
export function demoEngine(kind: string, config: Record<string, unknown>): DemoEngine {
  const roots = { root: `/var/cache/minidock-demo/${kind}`, execRoot: '/run/minidock-demo' };
  const bridge = 'minidock-demo';
  const configPath = join(roots.execRoot, 'daemon.json');
  const prepare = async () => {
    await clean();
    mkdirSync(roots.root, { recursive: true, mode: 0o710 });
    mkdirSync(roots.execRoot, { recursive: true, mode: 0o710 });
    writeFileSync(configPath, JSON.stringify(config));
  };
  const env = {
    MINIDOCK_ROOT: roots.root,
    MINIDOCK_EXEC_ROOT: roots.execRoot,
    MINIDOCK_BRIDGE: bridge,
    MINIDOCK_CONFIG: configPath,
  };
  let current: ResultPromise | undefined;
  const minidock = async (args: string[]) => {
    const stdio = { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' } as const;
    // A group of its own: Ctrl-C reaches the demo alone, which ends the command under way before it cleans up.
    const running = execa(join(checkout, 'bin/minidock'), args, { reject: false, env, detached: true, ...stdio });
    current = running;
    return await running;
  };
  const clean = async () => {
    current?.kill('SIGINT');
    await current;
    const ids = containersIn(roots.root);
    if (ids.length > 0) await minidock(['rm', '-f', ...ids]);
    await removeNetwork(roots, bridge);
    await removeGroups(cgroupParent(roots));
    rmSync(roots.execRoot, { recursive: true, force: true });
  };
  return { root: roots.root, bridge, prepare, minidock, clean };
}

function containersIn(root: string): string[] {
  try {
    return readdirSync(join(root, 'containers')).filter(name => /^[0-9a-f]{64}$/.test(name));
  } catch {
    return [];
  }
}

/** The engine's empty groups in every hierarchy. The last supervisor leaves them a moment after its container is gone. */
async function removeGroups(parent: string): Promise<void> {
  const hierarchies = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map(name => join('/sys/fs/cgroup', name))];
  const groups = hierarchies.map(path => join(path, parent)).filter(path => existsSync(path));
  for (let tries = 0; tries < 100; tries++) {
    if (groups.filter(group => !removeGroup(group)).length === 0) return;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

function removeGroup(group: string): boolean {
  try {
    const entries = existsSync(group) ? readdirSync(group, { withFileTypes: true }) : [];
    for (const entry of entries) if (entry.isDirectory() && !removeGroup(join(group, entry.name))) return false;
    if (existsSync(group)) rmdirSync(group);
    return true;
  } catch {
    return false;
  }
}
