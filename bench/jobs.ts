import { execSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../test/support/cleanup.ts';
import { findProgram } from '../test/support/requires.ts';
import { type BenchEngine, image, run } from './engines.ts';

export interface Job {
  name: string;
  command(engine: BenchEngine): string;
  /** Runs before each measured run, unmeasured. */
  prepare?(engine: BenchEngine): string;
  /** Before and after all runs of one engine. */
  setUp?(engine: BenchEngine): void;
  tearDown?(engine: BenchEngine): void;
  /** It takes seconds: fewer runs do. */
  long?: true;
}

const text = (engine: BenchEngine, ...args: string[]) => [...engine.command, ...args].join(' ');

const shell = (script: string) => `sh -c '${script}'`;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i).join(' ');

/** An address of the bench's host that is not its loopback's (RFC 5737): main.ts gives it. */
export const hostAddress = '192.0.2.1';

/** A million lines of 64 bytes. */
const lines = `yes ${'x'.repeat(63)} | head -n 1048576`;
const chatty = ['run', '-d', '--network', 'none', '--name', 'chatty', image, 'sh', '-c'];

/** Removes every container of the engine. */
const removeAll = (engine: BenchEngine) =>
  shell(`${text(engine, 'ps', '-aq')} | xargs -r ${text(engine, ...engine.remove)} >/dev/null`);

function execShell(engine: BenchEngine, command: string): void {
  execSync(command, { env: { ...process.env, ...engine.env }, stdio: ['ignore', 'ignore', 'pipe'] });
}

export function jobs(registry: string): Job[] {
  return [
    { name: 'run --rm IMAGE true', command: engine => text(engine, 'run', '--rm', image, 'true') },
    {
      name: 'run --rm --network none',
      command: engine => text(engine, 'run', '--rm', '--network', 'none', image, 'true'),
    },
    { name: 'run --rm -p', command: engine => text(engine, 'run', '--rm', '-p', '18080:80', image, 'true') },
    {
      name: 'run -d, rm -f',
      command: engine =>
        `sh -c '${text(engine, ...engine.remove)} $(${text(engine, 'run', '-d', image, 'sleep', '1000')})'`,
    },
    {
      name: 'exec true',
      setUp: engine => run(engine, ['run', '-d', '--name', 'bench', image, 'sleep', '1000']),
      command: engine => text(engine, 'exec', 'bench', 'true'),
      tearDown: engine => run(engine, [...engine.remove, 'bench']),
    },
    {
      name: 'stop -t 0, start',
      setUp: engine => run(engine, ['run', '-d', '--name', 'bench', image, 'sleep', '1000']),
      command: engine => shell(`${text(engine, 'stop', '-t', '0', 'bench')} && ${text(engine, 'start', 'bench')}`),
      tearDown: engine => run(engine, [...engine.remove, 'bench']),
    },
    { name: 'ps -a', command: engine => text(engine, 'ps', '-a') },
    {
      name: '20 × run -d at once',
      prepare: removeAll,
      command: engine =>
        shell(`for i in ${numbers(20)}; do ${text(engine, 'run', '-d', image, 'sleep', '1000')} & done; wait`),
      tearDown: engine => execShell(engine, removeAll(engine)),
      long: true,
    },
    {
      name: 'ps of 200 containers',
      setUp: engine => {
        const start = text(engine, 'run', '-d', '--network', 'none', image, 'sleep', '1000');
        execShell(engine, shell(`for i in ${numbers(20)}; do for j in ${numbers(10)}; do ${start} & done; wait; done`));
      },
      command: engine => text(engine, 'ps'),
      tearDown: engine => execShell(engine, removeAll(engine)),
    },
    {
      name: 'a container logs 64 MB',
      prepare: removeAll,
      command: engine => shell(`${text(engine, 'wait')} $(${text(engine, ...chatty)} "${lines}")`),
      tearDown: engine => execShell(engine, removeAll(engine)),
      long: true,
    },
    {
      name: 'logs of these 64 MB',
      setUp: engine => {
        run(engine, ['wait', run(engine, [...chatty, lines])]);
      },
      command: engine => text(engine, 'logs', 'chatty'),
      tearDown: engine => execShell(engine, removeAll(engine)),
      long: true,
    },
    {
      name: 'run --rm -p beside 99 published',
      setUp: engine => {
        const start = text(engine, 'run', '-d', '-p', '80', image, 'sleep', '1000');
        execShell(engine, shell(`for i in ${numbers(9)}; do for j in ${numbers(11)}; do ${start} & done; wait; done`));
      },
      command: engine => text(engine, 'run', '--rm', '-p', '18080:80', image, 'true'),
      tearDown: engine => execShell(engine, removeAll(engine)),
    },
    throughput('1 GB through a published port', hostAddress),
    throughput('the same by 127.0.0.1', '127.0.0.1'),
    throughput('the same by [::1]', '[::1]'),
    buildJob('build of 10 × RUN and COPY', '--no-cache'),
    buildJob('the same build, all cached'),
    largeContext('build beside 20,000 files, 500 MB, that nothing uses', 200, 'ENV A=1'),
    pullJob(registry, 'one:1', 'pull 8,000 files, 150 MB, in one layer'),
    pullJob(registry, 'ten:1', 'pull the same in ten layers'),
  ];
}

/** What is measured for the memory that it takes. */
export const memoryJob = (): Job =>
  largeContext('peak memory of a build that copies 2,000 files, 50 MB (RSS, with the daemon)', 20, 'COPY . /all');

/** What a client of a daemon waits for. The same client asks each of them. */
export function daemonJobs(): Job[] {
  const everybodys = ['run --rm IMAGE true', 'run --rm --network none', 'ps of 200 containers', 'logs of these 64 MB'];
  return [
    ...jobs('').filter(({ name }) => everybodys.includes(name)),
    {
      name: '64 MB through attach',
      command: engine => text(engine, 'run', '--rm', '--network', 'none', image, 'sh', '-c', `"${lines}"`),
      long: true,
    },
    {
      name: '50 × ps at once',
      command: engine => shell(`for i in ${numbers(50)}; do ${text(engine, 'ps')} & done; wait`),
      long: true,
    },
  ];
}

/** A gigabyte of zeros from a web server in a container, fetched on the host by one of its addresses. */
function throughput(name: string, address: string): Job {
  const url = `http://${address}:18080/gigabyte`;
  const serve = 'mkdir -p /www && truncate -s 1G /www/gigabyte && exec httpd -f -p 80 -h /www';
  return {
    name,
    setUp: engine => {
      run(engine, ['run', '-d', '--name', 'web', '-p', '18080:80', image, 'sh', '-c', serve]);
      execShell(engine, shell(`for i in ${numbers(100)}; do curl -sfI ${url} && exit; sleep 0.1; done; exit 1`));
    },
    command: () => `curl -sf -o /dev/null ${url}`,
    tearDown: engine => run(engine, [...engine.remove, 'web']),
    long: true,
  };
}

/** Ten times a command that writes a file, and a file of the context. */
function buildJob(name: string, ...flags: string[]): Job {
  const context = temporaryFolder('build');
  const steps = Array.from({ length: 10 }, (_, i) => `RUN echo ${i} > /made-${i}\nCOPY file-${i} /\n`);
  writeFileSync(join(context, 'Dockerfile'), `FROM ${image}\n${steps.join('')}`);
  for (const [i] of steps.entries()) writeFileSync(join(context, `file-${i}`), `${i}\n`);
  return {
    name,
    command: engine => text(engine, 'build', '-q', '--network', 'none', ...flags, context),
    long: true,
  };
}

/** So many folders of 100 files of 25 kB. The files have no blocks: what is sent is as long, and no disk fills. */
function largeContext(name: string, folders: number, instruction: string): Job {
  const context = temporaryFolder('build');
  return {
    name,
    setUp: () => {
      writeFileSync(join(context, 'Dockerfile'), `FROM ${image}\n${instruction}\n`);
      const make = `for d in $(seq ${folders}); do mkdir -p $d; (cd $d; truncate -s 25000 $(seq 100)); done`;
      execSync(make, { cwd: context });
    },
    command: engine => text(engine, 'build', '-q', '--network', 'none', context),
    tearDown: () => execSync('rm -rf ./[0-9]*', { cwd: context }),
    long: true,
  };
}

function pullJob(registry: string, image: string, name: string): Job {
  return {
    name,
    prepare: engine => `sh -c '${engine.forget(`${registry}/${image}`)} >/dev/null 2>&1 || true'`,
    command: engine => engine.pull(`${registry}/${image}`),
    long: true,
  };
}

/** How often a job is measured: most of them, and those that take seconds. */
export interface Runs {
  most: number;
  long: number;
}

/** Median milliseconds of one job on one engine, measured by hyperfine without a shell. Throws with its last words. */
export function measure(job: Job, engine: BenchEngine, runs: Runs, folder: string): number {
  const count = job.long ? Math.min(runs.most, runs.long) : runs.most;
  try {
    job.setUp?.(engine);
    return hyperfine(job.command(engine), engine.env, count, folder, job.prepare?.(engine));
  } finally {
    job.tearDown?.(engine);
  }
}

export function hyperfine(
  command: string,
  env: Record<string, string>,
  runs: number,
  folder: string,
  prepare?: string,
) {
  const result = join(folder, 'hyperfine.json');
  const args = ['-N', '--style', 'none', '--warmup', '1', '--runs', String(runs), '--export-json', result];
  if (prepare) args.push('--prepare', prepare);
  const environment: NodeJS.ProcessEnv = { ...process.env, ...env };
  // Reading extra certificates costs Node tens of milliseconds at every start, here and not on a student's machine.
  delete environment.NODE_EXTRA_CA_CERTS;
  const ended = spawnSync(findProgram('hyperfine') ?? 'hyperfine', [...args, command], {
    encoding: 'utf8',
    env: environment,
  });
  if (ended.status !== 0) throw new Error(ended.stderr.trim().split('\n').slice(-3).join(' '));
  return JSON.parse(readFileSync(result, 'utf8')).results[0].median * 1000;
}
