import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** A private Docker daemon without network, ended with this process. The test says requires('root', 'dockerd', 'docker'). */
export async function dockerd(): Promise<Dockerd> {
  const folder = temporaryFolder('dockerd');
  const host = `unix://${join(folder, 's')}`;
  const log = join(folder, 'log');
  const output = openSync(log, 'a');
  const args = ['--data-root', join(folder, 'd'), '--exec-root', join(folder, 'e'), '-H', host];
  args.push('--pidfile', join(folder, 'p'), '--bridge=none', '--iptables=false', '--ip-forward=false');
  const child = spawn(findProgram('dockerd') ?? 'dockerd', args, { stdio: ['ignore', output, output] });
  closeSync(output);
  child.unref();
  onExit(() => endProcesses([child.pid ?? 0]));
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(`dockerd ended: ${readFileSync(log, 'utf8')}`);
    return /API listen on/.test(readFileSync(log, 'utf8'));
  }, 30);
  const result = (args: string[], input: string | Buffer = '') => {
    const { status, stdout, stderr } = spawnSync(findProgram('docker') ?? 'docker', ['-H', host, ...args], {
      input,
      maxBuffer: 1 << 28,
      env: { ...process.env, DOCKER_CONFIG: folder },
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
