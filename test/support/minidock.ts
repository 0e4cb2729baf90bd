import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa, type Options, type ResultPromise } from 'execa';
import { cgroupParent } from '../../src/state/paths.ts';
import { endProcesses, onExit, processesWith, removeTree, sleepSync, temporaryFolder, testRun } from './cleanup.ts';
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
  const mine = { ...box, folder, bridge, env };
  open.add(mine);
  // The one that was made last closes all: looking through all processes once is enough.
  onExit(() => removeSandboxes([...open]));
  const close = () => removeSandboxes([mine]);
  return { ...box, folder, bridge, env, minidock, ok, close };
}

type Box = Pick<Sandbox, 'folder' | 'root' | 'execRoot' | 'bridge' | 'env'>;
const open = new Set<Box>();

/**
 * First by each engine's own `rm -f`; then by force, because the engine under test may be the broken part: what still runs
 * with these sandboxes' roots, their cgroups, rules and links.
 */
function removeSandboxes(boxes: Box[]): void {
  const closing = boxes.filter(box => open.delete(box));
  for (const { root, env } of closing) {
    const containers = join(root, 'containers');
    const ids = existsSync(containers) ? readdirSync(containers) : [];
    if (ids.length > 0)
      spawnSync(minidockPath, ['rm', '-f', ...ids], { env: { ...process.env, ...env }, timeout: 30_000 });
  }
  endProcesses(processesWith(...closing.map(box => `MINIDOCK_ROOT=${box.root}`)));
  for (const box of closing) removeByForce(box);
}

function removeByForce(box: Box): void {
  for (const group of cgroupsNamed(basename(cgroupParent(box)))) removeCgroup(group);
  // An engine notes its bridge before it makes one.
  // An engine that made no network has no rules; of one whose root a test deleted that cannot be known.
  for (const bridge of [box.bridge, ...bridgesOf(box.root)]) {
    if (!existsSync(box.root) || existsSync(join(box.root, 'networks'))) removeRules(bridge);
    if (existsSync(`/sys/class/net/${bridge}`)) spawnSync(findProgram('ip') ?? 'ip', ['link', 'del', bridge]);
  }
  removeTree(box.folder);
}

/** Of the networks that a test made and did not remove. */
function bridgesOf(root: string): string[] {
  const networks = join(root, 'networks');
  return foldersIfThere(networks).flatMap(name => {
    const file = join(networks, name, 'network.json');
    return /[0-9a-f]{64}$/.test(name) && existsSync(file)
      ? [JSON.parse(readFileSync(file, 'utf8')).bridge as string]
      : [];
  });
}

const foldersIfThere = (folder: string) => (existsSync(folder) ? foldersIn(folder) : []);

/** An engine's groups in every hierarchy, children before parents. */
function cgroupsNamed(name: string): string[] {
  const top = '/sys/fs/cgroup';
  return ['', ...foldersIn(top)].map(hierarchy => join(top, hierarchy, name)).flatMap(treeOf);
}

function treeOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return [...foldersIn(folder).flatMap(name => treeOf(join(folder, name))), folder];
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name);
}

/** A process that is about to end is not listed any more and keeps its group busy for a moment. */
function removeCgroup(path: string): void {
  for (let tries = 0; tries < 100 && existsSync(path); tries++) {
    try {
      endProcesses(readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number));
      rmdirSync(path);
    } catch {
      sleepSync(20);
    }
  }
}

/**
 * Deletes every iptables rule that names the bridge and the chains that are named after it; and the chains that the
 * bridges of all engines share, where they are empty: iptables-restore does all of a table or nothing, should another engine
 * enter them meanwhile.
 */
function removeRules(bridge: string): void {
  const saved = iptables('iptables-save');
  let table = '';
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    if (line.startsWith('-A ') && line.includes(bridge)) restore(table, [`-D ${line.slice(3)}`]);
  }
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    const chain = line.startsWith(':') && line.includes(bridge) ? line.slice(1).split(' ')[0] : undefined;
    if (chain) restore(table, [`-F ${chain}`, `-X ${chain}`]);
  }
  const left = iptables('iptables-save');
  if (/^:MINIDOCK-FORWARD /m.test(left) && !/^-A MINIDOCK-FORWARD -j MINIDOCK-(?!USER)/m.test(left))
    restore('filter', [
      ...(left.match(/(?<=^-A )(FORWARD -j MINIDOCK-FORWARD|MINIDOCK-FORWARD -j MINIDOCK-USER)$/gm) ?? []).map(
        rule => `-D ${rule}`,
      ),
      '-X MINIDOCK-FORWARD',
      '-X MINIDOCK-USER',
    ]);
}

function iptables(command: string, args: string[] = [], input = ''): string {
  return spawnSync(findProgram(command) ?? command, args, { input, encoding: 'utf8' }).stdout ?? '';
}

function restore(table: string, rules: string[]): void {
  iptables('iptables-restore', ['-w', '--noflush'], `*${table}\n${rules.join('\n')}\nCOMMIT\n`);
}
