import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endProcesses, onExit, temporaryFolder } from './cleanup.ts';
import { eventually } from './eventually.ts';
import { findProgram } from './requires.ts';

export interface Dockerd {
  /** For clients that the test starts itself: DOCKER_HOST. */
  host: string;
  /** Runs the docker client; throws with its stderr unless it exits with 0. Returns stdout without the last newline. */
  docker(args: string[], input?: string | Buffer): string;
  /** As `docker`, and never throws. */
  result(args: string[], input?: string | Buffer): { status: number | null; stdout: string; stderr: string };
}

/**
 * A Docker daemon without network and with nothing in it, this process's own until it ends. The runner lends one to a test file
 * after the other: starting a daemon costs two seconds. The test says requires('root', 'dockerd', 'docker').
 */
export async function dockerd(): Promise<Dockerd> {
  const services = process.env.MINIDOCK_TEST_SERVICES;
  const host = services ? await borrowDockerd(services) : await startDockerd();
  const config = temporaryFolder('docker-config');
  const result = (args: string[], input: string | Buffer = '') => {
    const { status, stdout, stderr } = spawnSync(findProgram('docker') ?? 'docker', ['-H', host, ...args], {
      input,
      maxBuffer: 1 << 28,
      env: { ...process.env, DOCKER_CONFIG: config },
    });
    return { status, stdout: String(stdout).trimEnd(), stderr: String(stderr).trimEnd() };
  };
  const docker = (args: string[], input?: string | Buffer) => {
    const { status, stdout, stderr } = result(args, input);
    if (status !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  return { host, docker, result };
}

/** Asks the runner, test/runner/services.ts. The open connection is what keeps the daemon ours. */
async function borrowDockerd(path: string): Promise<string> {
  const socket = connect(path);
  for await (const line of createInterface({ input: socket })) {
    const { host, error } = JSON.parse(line);
    if (error !== undefined) throw new Error(error);
    socket.unref();
    return host;
  }
  throw new Error('the runner lends no daemon any more');
}

/** With an end: dockerd 20.10 was seen to leave `rm -f` without an answer for containers that were gone. */
const patient = (script: string) => ['timeout', '--kill-after=5', '60', 'sh', '-c', script] as const;
const removeContainers = 'docker ps -aq | xargs -r docker rm -f';

/** Removes all that a daemon has: containers, images, volumes, networks. Whether that succeeded. */
export async function resetDockerd(host: string): Promise<boolean> {
  const [command, ...args] = patient(`${removeContainers} && docker system prune -af --volumes`);
  return await new Promise(resolve =>
    spawn(command, args, { stdio: 'ignore', env: { ...process.env, DOCKER_HOST: host } })
      .once('error', () => resolve(false))
      .once('exit', code => resolve(code === 0)),
  );
}

/**
 * Starts a private daemon that ends with this process, however that ends; returns its address. Its mounts are in a namespace
 * of their own: it would make its data root shared in this one. It has no network, or the whole of it in the network
 * namespace of another process. `inMemory`: its data root is a tmpfs that nobody else sees, and waits for no disk.
 */
export async function startDockerd({
  networkOf,
  inMemory = false,
}: {
  networkOf?: number;
  inMemory?: boolean;
} = {}): Promise<string> {
  const folder = temporaryFolder('dockerd');
  const host = `unix://${join(folder, 's')}`;
  const log = join(folder, 'log');
  const output = openSync(log, 'a');
  const inside = networkOf === undefined ? [] : ['nsenter', '-t', String(networkOf), '-n'];
  const data = join(folder, 'd');
  const memory = ['sh', '-c', 'mkdir "$0" && mount -t tmpfs tmpfs "$0" && exec "$@"', data];
  const args = ['--pdeathsig', 'TERM', ...inside, 'unshare', '--mount', ...(inMemory ? memory : [])];
  args.push(findProgram('dockerd') ?? 'dockerd', '--data-root', data, '--exec-root', join(folder, 'e'), '-H', host);
  args.push('--pidfile', join(folder, 'p'));
  if (networkOf === undefined) args.push('--bridge=none', '--iptables=false', '--ip-forward=false');
  const child = spawn(findProgram('setpriv') ?? 'setpriv', args, { stdio: ['ignore', output, output] });
  closeSync(output);
  child.unref();
  onExit(() => {
    // What a failed test left running would outlive a daemon that is killed.
    const [command, ...args] = patient(removeContainers);
    spawnSync(command, args, { env: { ...process.env, DOCKER_HOST: host } });
    endProcesses([child.pid ?? 0], 20);
  });
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(`dockerd ended: ${readFileSync(log, 'utf8')}`);
    return /API listen on/.test(readFileSync(log, 'utf8'));
  }, 30);
  return host;
}
