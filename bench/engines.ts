import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../scripts/images/layout.ts';
import { endProcesses, onExit } from '../test/support/cleanup.ts';
import { eventually } from '../test/support/eventually.ts';
import { minidockPath, sandbox } from '../test/support/minidock.ts';
import { docker2010, findProgram } from '../test/support/requires.ts';

/** An engine with private roots, driven by a command line. */
export interface BenchEngine {
  name: string;
  version: string;
  /** The start of every command: program and global flags. */
  command: string[];
  env: Record<string, string>;
  /** Its commands do their work in another process, which has this id. */
  daemon?: number;
  /** Removes running containers without a grace period. */
  remove: string[];
  /** Shell command that makes the engine forget an image and its layers. */
  forget(image: string): string;
  /** Command that pulls from a registry without TLS on loopback. */
  pull(image: string): string;
}

export const image = 'bench:latest';
const remove = ['rm', '-f'];

/** minidock, and whichever of docker and podman are installed and start. Each has the image. */
export async function startEngines(folder: string, rootfs: string, registry: string): Promise<BenchEngine[]> {
  const engines: BenchEngine[] = [];
  for (const start of [startMinidock, startDocker, startPodman])
    try {
      const engine = await start(folder, registry);
      if (!engine) continue;
      run(engine, ['import', rootfs, image]);
      engines.push(engine);
    } catch (error) {
      process.stderr.write(`bench: left out: ${(error as Error).message}\n`);
    }
  return engines;
}

/** Runs one command of an engine; returns its stdout, throws with its stderr. */
export function run(engine: BenchEngine, args: string[]): string {
  const [program = '', ...first] = engine.command;
  return must(program, [...first, ...args], { env: { ...process.env, ...engine.env } }).trim();
}

/** Makes a directory in memory, as the engines' own are, which lie in /run. The folder that it is in takes it away at the end. */
function inMemory(directory: string): string {
  mkdirSync(directory);
  must('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', directory]);
  return directory;
}

async function startMinidock(_folder: string, registry: string): Promise<BenchEngine> {
  const box = sandbox({ 'insecure-registries': [registry] });
  inMemory(box.execRoot);
  const version = spawnSync(minidockPath, ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '?';
  const pulled = join(box.folder, 'pulled');
  return {
    name: 'minidock',
    version: version.replace('minidock version ', ''),
    command: [minidockPath],
    env: box.env,
    remove,
    forget: () => `rm -rf ${pulled}`,
    pull: name => `${minidockPath} --root ${pulled} pull ${name}`,
  };
}

async function startDocker(folder: string): Promise<BenchEngine | undefined> {
  const daemon = findProgram('dockerd');
  // Of the same version: a newer client wants another builder, and speaks an API that this daemon does not know.
  const client = docker2010() ?? findProgram('docker');
  if (!daemon || !client) return undefined;
  const socket = `unix://${join(folder, 's')}`;
  const before = ['docker', 'system.slice'].filter(name => existsSync(`/sys/fs/cgroup/cpu/${name}`));
  const log = openSync(join(folder, 'dockerd.log'), 'a');
  const execRoot = inMemory(join(folder, 'e'));
  const roots = ['--data-root', join(folder, 'd'), '--exec-root', execRoot, '--pidfile', join(folder, 'p')];
  const child = spawn(daemon, [...roots, '-H', socket], { stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  const pid = child.pid ?? 0;
  onExit(() => {
    endProcesses([pid]);
    if (!before.includes('docker')) removeEmptyGroups('docker');
  });
  const command = [client, '-H', socket];
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(`dockerd: ${lastLines(join(folder, 'dockerd.log'))}`);
    must(client, ['-H', socket, 'version']);
  }, 30);
  const version = must(client, ['-H', socket, 'version', '--format', '{{.Server.Version}}']).trim();
  const forget = (name: string) => `${command.join(' ')} rmi -f ${name}`;
  const pull = (name: string) => `${command.join(' ')} pull ${name}`;
  return { name: 'docker', version, command, env: { DOCKER_BUILDKIT: '0' }, daemon: pid, remove, forget, pull };
}

/** Docker's client, asking a `minidock daemon` with roots of its own. Undefined where there is no such client. */
export async function startDaemon(rootfs: string): Promise<BenchEngine | undefined> {
  // The one that asks dockerd, too: else two clients would be compared.
  const client = docker2010() ?? findProgram('docker');
  if (!client) return undefined;
  const box = sandbox();
  inMemory(box.execRoot);
  const environment: NodeJS.ProcessEnv = { ...process.env, ...box.env };
  delete environment.NODE_EXTRA_CA_CERTS;
  const child = spawn(minidockPath, ['daemon'], { stdio: 'ignore', env: environment });
  // The bench ends when its last figure is told, and this daemon with it.
  child.unref();
  const pid = child.pid ?? 0;
  onExit(() => endProcesses([pid]));
  const command = [client, '-H', `unix://${join(box.execRoot, 'minidock.sock')}`];
  await eventually(() => must(client, [...command.slice(1), 'version']), 30);
  const nothing = () => 'true';
  const engine = {
    ...{ name: 'minidock', version: 'daemon', command, env: {}, daemon: pid, remove },
    ...{ forget: nothing, pull: nothing },
  };
  run(engine, ['import', rootfs, image]);
  return engine;
}

async function startPodman(folder: string): Promise<BenchEngine | undefined> {
  const podman = findProgram('podman');
  if (!podman) return undefined;
  const at = (name: string) => join(folder, name);
  const running = ['--runroot', inMemory(at('ps')), '--tmpdir', inMemory(at('pt'))];
  const roots = ['--root', at('pr'), ...running, '--network-config-dir', at('pn')];
  const command = [podman, ...roots, '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'];
  // The same runtime as Docker's: crun, which Debian's podman prefers, refuses hosts with both versions of cgroups.
  const runc = findProgram('runc');
  if (runc) command.push('--runtime', runc);
  onExit(() => {
    spawnSync(podman, [...command.slice(1), 'rm', '-fa', '-t', '0'], { timeout: 30_000 });
  });
  // Its default limits are above what a root without CAP_SYS_RESOURCE may set.
  writeFileSync(at('containers.conf'), '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n');
  const env = { CONTAINERS_CONF: at('containers.conf') };
  const version = must(podman, ['--version']).trim().replace('podman version ', '');
  const forget = (name: string) => `${command.join(' ')} rmi -f ${name}`;
  const pull = (name: string) => `${command.join(' ')} pull --tls-verify=false ${name}`;
  return { name: 'podman', version, command, env, remove: [...remove, '-t', '0'], forget, pull };
}

/** An OCI bundle for runc: what a bare runtime needs, without an engine around it. */
export function runcBundle(folder: string, rootfs: string): { command: string[]; version: string } | undefined {
  const runc = findProgram('runc');
  if (!runc) return undefined;
  const bundle = join(folder, 'bundle');
  mkdirSync(join(bundle, 'rootfs'), { recursive: true });
  must('tar', ['-xpf', rootfs, '-C', join(bundle, 'rootfs'), '--numeric-owner']);
  must(runc, ['spec'], { cwd: bundle });
  const spec = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'));
  spec.process.args = ['true'];
  spec.process.terminal = false;
  spec.linux.cgroupsPath = '/minidock-bench-runc';
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
  const version = /version (\S+)/.exec(must(runc, ['--version']))?.[1] ?? '?';
  return { command: [runc, '--root', inMemory(join(folder, 'rc')), 'run', '-b', bundle, 'minidock-bench'], version };
}

function removeEmptyGroups(name: string): void {
  const controllers = must('find', ['/sys/fs/cgroup', '-mindepth', '1', '-maxdepth', '1', '-type', 'd']).split('\n');
  for (const controller of controllers)
    try {
      rmdirSync(join(controller, name));
    } catch {}
}

function lastLines(path: string): string {
  return readFileSync(path, 'utf8').trim().split('\n').slice(-3).join(' | ');
}
