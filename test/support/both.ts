import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../../scripts/images/busybox.ts';
import { type BusyboxEngine, busyboxEngine } from './busybox.ts';
import { temporaryFolder } from './cleanup.ts';
import { dockerd } from './dockerd.ts';
import { docker2010 } from './requires.ts';

/** What a command answered. */
export interface Answer {
  code: number | undefined;
  stdout: string;
  stderr: string;
}

/** An engine and a Docker 20.10 with its own client, each with the image `bb`, that get the same commands. */
export interface Both extends Pair {
  box: BusyboxEngine;
  /** For a client of Docker that the test starts itself. */
  dockerEnv: Record<string, string>;
}

export interface Pair {
  /** Runs the words on both: Docker's answer, and ours. */
  ask(words: readonly string[], input?: string | Buffer): Promise<{ there: Answer; here: Answer }>;
  /** As `ask`, and both must have the same exit code, the same normalised output, and the same first line of error in substance. */
  same(words: readonly string[], options?: { input?: string | Buffer; sorted?: boolean }): Promise<Answer>;
  docker(words: readonly string[], input?: string | Buffer): Answer;
  ours(words: readonly string[], input?: string | Buffer): Promise<Answer>;
  /** That our error says the same as Docker's. */
  sameGist(there: string, here: string): void;
}

export async function both(): Promise<Both> {
  const box = await busyboxEngine();
  const dockerEnv = { DOCKER_HOST: (await dockerd()).host, DOCKER_CONFIG: temporaryFolder('docker-config') };
  const docker = await clientWithImage(dockerEnv);
  const ours: Both['ours'] = async (words, input = '') => {
    const { exitCode, stdout, stderr } = await box.minidock([...words], {
      input,
      stdin: 'pipe',
      encoding: 'latin1',
      stripFinalNewline: false,
    });
    return { code: exitCode, stdout: String(stdout), stderr: String(stderr) };
  };
  return { box, dockerEnv, ...pairOf(docker, ours) };
}

/** Docker 20.10's client of the daemon that its environment names (DOCKER_HOST, DOCKER_CONFIG), which gets the image `bb`. */
export async function clientWithImage(
  dockerEnv: Readonly<Record<string, string>>,
  changes: readonly string[] = [],
): Promise<Pair['docker']> {
  const env = { ...process.env, ...dockerEnv };
  const docker: Pair['docker'] = (words, input = '') => {
    const { status, stdout, stderr } = spawnSync(docker2010()!, words, {
      input,
      encoding: 'latin1',
      env,
      maxBuffer: 1 << 28,
    });
    return { code: status ?? undefined, stdout, stderr };
  };
  const all = ['CMD ["sh"]', ...changes].flatMap(change => ['-c', change]);
  docker(['import', ...all, '-', 'bb'], readFileSync((await busyboxImage()).rootfs));
  return docker;
}

export function pairOf(docker: Pair['docker'], ours: Pair['ours']): Pair {
  const ask: Pair['ask'] = async (words, input) => ({ there: docker(words, input), here: await ours(words, input) });
  return {
    ask,
    docker,
    ours,
    sameGist: (there, here) =>
      assert.ok(normal(here).toLowerCase().includes(gistOf(there)), `${here} must contain ${gistOf(there)}`),
    same: async (words, { input, sorted = false } = {}) => {
      const { there, here } = await ask(words, input);
      const shown = `${words.join(' ')}\nDocker: ${JSON.stringify(there)}\nminidock: ${JSON.stringify(here)}`;
      assert.is(here.code, there.code, `exit code of ${shown}`);
      const lines = (text: string) => (sorted ? normal(text).split('\n').sort() : normal(text).split('\n'));
      assert.equal(lines(here.stdout), lines(there.stdout), `output of ${shown}`);
      const gist = gistOf(there.stderr);
      assert.ok(normal(here.stderr).toLowerCase().includes(gist), `error of ${shown}\nmust contain ${gist}`);
      return here;
    },
  };
}

/** Ids, times and the engines' own directories. */
function normal(text: string): string {
  return text
    .replace(/[0-9a-f]{64}/g, '<id>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replace(/[^" \n]*\/(?:d|root)\/volumes\//g, '<volumes>/');
}

/** The first line of an error without who says it; of several sentences the first. */
function gistOf(stderr: string): string {
  // Docker's client also logs what became of its own requests.
  const [line = ''] = normal(stderr)
    .split('\n')
    .filter(line => !line.startsWith('time='));
  return line
    .replace(/^(docker: )?(Error response from daemon: |Error: )?/, '')
    .replace(/(failed to create shim task: OCI runtime create failed: .* process|Error when allocating new name): /, '')
    .replace(/: unknown\.?$/, '')
    .split('. ')[0]!
    .replace(/\.$/, '')
    .replace(/ - \[.*/, '')
    .toLowerCase()
    .replace(/docker/g, 'minidock');
}
