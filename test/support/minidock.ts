import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa, type Options, type ResultPromise } from 'execa';
import { cgroupParent } from '../../src/state/paths.ts';
import { endProcesses, onExit, processesWith, removeTree, temporaryFolder, testRun } from './cleanup.ts';
import { checkout, findProgram } from './requires.ts';

export const minidockPath = join(checkout, 'bin/minidock');

/** An engine of its own: private roots, bridge and daemon.json, all gone when the test's process ends. */
export interface Sandbox {
  folder: string;
  root: string;
  execRoot: string;
  bridge: string;
  /** daemon.json; write to it before the first command. */
  config: string;
  /** MINIDOCK_ROOT, MINIDOCK_EXEC_ROOT, MINIDOCK_BRIDGE, MINIDOCK_CONFIG: for commands the test starts itself. */
  env: Record<string, string>;
  /**
   * Runs bin/minidock. Never rejects for an exit code: look at `exitCode`, `stdout`, `stderr` (both without the last
   * newline). Ends after 60 seconds unless `timeout` says otherwise.
   */
  minidock(args: string[], options?: Options): ResultPromise;
  /** As `minidock`, and throws with both outputs unless the exit code is 0; resolves with stdout. */
  ok(args: string[], options?: Options): Promise<string>;
  /** Ends all containers and removes everything; runs by itself at the end. */
  close(): void;
}

let count = 0;

/** Makes a sandbox. `config` is the content of its daemon.json (Docker's keys). */
export function sandbox(config: Record<string, unknown> = {}): Sandbox {
  const folder = temporaryFolder('engine');
  const bridge = `mdt${testRun}${(process.pid % 0x1000).toString(36)}${count++}`.slice(0, 15);
  const box = { root: join(folder, 'root'), execRoot: join(folder, 'run'), config: join(folder, 'daemon.json') };
  writeFileSync(box.config, JSON.stringify(config));
  const env = {
    MINIDOCK_ROOT: box.root,
    MINIDOCK_EXEC_ROOT: box.execRoot,
    MINIDOCK_BRIDGE: bridge,
    MINIDOCK_CONFIG: box.config,
  };
  const minidock = (args: string[], options: Options = {}) =>
    execa(minidockPath, args, {
      reject: false,
      timeout: 60_000,
      stdin: 'ignore',
      ...options,
      env: { NODE_EXTRA_CA_CERTS: undefined, ...env, ...options.env },
    });
  const ok = async (args: string[], options: Options = {}) => {
    const result = await minidock(args, options);
    if (result.exitCode !== 0)
      throw new Error(`minidock ${args.join(' ')}: ${result.shortMessage}\n${result.stdout}\n${result.stderr}`);
    return String(result.stdout ?? '');
  };
  const close = onExit(() => removeSandbox({ ...box, folder, bridge, env }));
  return { ...box, folder, bridge, env, minidock, ok, close };
}

/**
 * First by the engine's own `rm -f`; then by force, because the engine under test may be the broken part: what still runs
 * with this sandbox's root, its cgroups, rules and links.
 */
function removeSandbox(box: Pick<Sandbox, 'folder' | 'root' | 'execRoot' | 'bridge' | 'env'>): void {
  const containers = join(box.root, 'containers');
  const ids = existsSync(containers) ? readdirSync(containers) : [];
  if (ids.length > 0)
    spawnSync(minidockPath, ['rm', '-f', ...ids], { env: { ...process.env, ...box.env }, timeout: 30_000 });
  endProcesses(processesWith(`MINIDOCK_ROOT=${box.root}`));
  for (const group of cgroupsNamed(basename(cgroupParent(box)))) removeCgroup(group);
  removeRules(box.bridge);
  if (existsSync(`/sys/class/net/${box.bridge}`)) spawnSync(findProgram('ip') ?? 'ip', ['link', 'del', box.bridge]);
  removeTree(box.folder);
}

/** In every hierarchy, children before parents. */
function cgroupsNamed(name: string): string[] {
  const found = spawnSync('find', ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*/${name}*`], {
    encoding: 'utf8',
  });
  return (found.stdout ?? '').split('\n').filter(path => path !== '');
}

function removeCgroup(path: string): void {
  const kill = spawnSync('cat', [join(path, 'cgroup.procs')], { encoding: 'utf8' });
  endProcesses((kill.stdout ?? '').split('\n').filter(Boolean).map(Number));
  spawnSync('rmdir', [path]);
}

/**
 * Deletes every iptables rule that names the bridge, then the chains that are named after it; and the one chain that the
 * bridges of all engines share, where it is empty.
 */
function removeRules(bridge: string): void {
  const iptables = findProgram('iptables');
  if (!iptables) return;
  for (const table of ['nat', 'filter', 'mangle', 'raw']) {
    const listed = spawnSync(iptables, ['-w', '-t', table, '-S'], { encoding: 'utf8' }).stdout ?? '';
    const lines = listed.split('\n').filter(line => line.includes(bridge));
    for (const line of lines.filter(line => line.startsWith('-A ')))
      spawnSync('sh', ['-c', `${iptables} -w -t ${table} -D ${line.slice(3)}`]);
    const chains = lines.filter(line => line.startsWith('-N ')).map(line => line.slice(3));
    for (const chain of chains) spawnSync(iptables, ['-w', '-t', table, '-F', chain]);
    for (const chain of chains) spawnSync(iptables, ['-w', '-t', table, '-X', chain]);
  }
  const shared = spawnSync(iptables, ['-w', '-S', 'MINIDOCK-FORWARD'], { encoding: 'utf8' }).stdout ?? '';
  if (shared.trim() === '-N MINIDOCK-FORWARD') {
    spawnSync(iptables, ['-w', '-D', 'FORWARD', '-j', 'MINIDOCK-FORWARD']);
    spawnSync(iptables, ['-w', '-X', 'MINIDOCK-FORWARD']);
  }
}
