/**
 * `npm run bench`: medians of the same jobs on minidock and on whichever of docker, podman and runc are installed, side by
 * side in one run. Everything happens in a network and a mount namespace of its own, with private roots and a dockerd of
 * its own, so nothing of another engine on this machine is touched. Its options: `npm run bench -- --help`.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { temporaryFolder } from '../test/support/cleanup.ts';
import { push, registry } from '../test/support/registry.ts';
import { type BenchEngine, runcBundle, startDaemon, startEngines } from './engines.ts';
import { daemonJobs, hostAddress, hyperfine, type Job, jobs, measure, memoryJob } from './jobs.ts';
import { layersImage } from './layers.ts';
import { daemonMemory, peakMemory, supervisorMemory } from './memory.ts';
import { type BenchOptions, readOptions, usage } from './options.ts';
import { manyRequests } from './requests.ts';
import { type About, facts, machine, type Row, table, withFigures } from './table.ts';

const containersForMemory = 10;
const containersOfDaemon = 200;
const peakOfPulls = 'peak memory of that pull in one layer (RSS)';

async function main({ only, runs, json, writes }: BenchOptions): Promise<void> {
  const folder = temporaryFolder('bench');
  const small = await busyboxImage();
  const server = await registry();
  if (pulls(only)) for (const [name, { layout, tag }] of await pulled()) push(`oci:${layout}:${tag}`, server, name);

  const engines = await startEngines(folder, small.rootfs, server.host);
  const rows: Row[] = [];
  for (const job of jobs(server.host).filter(({ name }) => name.includes(only))) {
    const row: Row = { job: job.name, unit: 'ms', values: {} };
    for (const engine of engines)
      row.values[engine.name] = await attempt(`${engine.name}: ${job.name}`, 'ms', () =>
        measure(job, engine, runs, folder),
      );
    rows.push(row);
  }
  const runc = runcBundle(folder, small.rootfs);
  const bare = rows.find(row => row.job.includes('none'));
  if (runc && bare)
    bare.values.runc = await attempt('runc', 'ms', () => hyperfine(runc.command.join(' '), {}, runs.most, folder));
  const memory: Row = { job: 'memory of a supervisor (PSS, one a container)', unit: 'kB', values: {} };
  if (memory.job.includes(only))
    for (const engine of engines)
      memory.values[engine.name] = await attempt(`${engine.name}: supervisors`, 'kB', () =>
        supervisorMemory(engine, containersForMemory),
      );
  const pulling: Row = { job: peakOfPulls, unit: 'kB', values: {} };
  if (pulling.job.includes(only))
    for (const engine of engines.filter(({ daemon }) => !daemon))
      pulling.values[engine.name] = await attempt(`${engine.name}: ${pulling.job}`, 'kB', () =>
        peakOfPull(engine, `${server.host}/one:1`),
      );
  const job = memoryJob();
  const building: Row = { job: job.name, unit: 'kB', values: {} };
  if (building.job.includes(only))
    for (const engine of engines)
      building.values[engine.name] = await attempt(`${engine.name}: ${job.name}`, 'kB', () => peakOfBuild(engine, job));
  rows.push(...[memory, pulling, building].filter(({ values }) => Object.keys(values).length > 0));

  const daemonTable = await daemons(engines, small.rootfs, { runs, only, folder });

  const versions = Object.fromEntries(engines.map(engine => [engine.name, engine.version]));
  if (runc) versions.runc = runc.version;
  const about = {
    ...machine(),
    versions,
    runs,
  };
  const asked = { versions: { minidock: 'daemon', docker: versions.docker ?? '' } };
  const tables = [table(about, rows), table(asked, daemonTable, 'asked by one client (median)')];
  if (json) console.log(JSON.stringify({ ...about, rows, daemons: daemonTable }, null, 2));
  else console.log(readable(about, rows.length > 0 ? tables : tables.slice(1)));
  if (!writes) return;
  for (const name of ['README.md', 'README.zh-CN.md'])
    writeFileSync(name, withFigures(readFileSync(name, 'utf8'), tables, facts(about)));
}

async function peakOfPull(engine: BenchEngine, name: string): Promise<number> {
  spawnSync('sh', ['-c', engine.forget(name)], { env: { ...process.env, ...engine.env } });
  return await peakMemory(engine, engine.pull(name));
}

async function peakOfBuild(engine: BenchEngine, job: Job): Promise<number> {
  try {
    job.setUp?.(engine);
    return await peakMemory(engine, job.command(engine));
  } finally {
    job.tearDown?.(engine);
  }
}

/** What Docker's client waits for, at a `minidock daemon` and at dockerd, and what these need for it. */
async function daemons(
  engines: readonly BenchEngine[],
  rootfs: string,
  { runs, only, folder }: { runs: { most: number; long: number }; only: string; folder: string },
): Promise<Row[]> {
  const memory = `memory of a daemon with ${containersOfDaemon} containers (PSS)`;
  const later = 'the same after 10,000 requests';
  const wanted = daemonJobs().filter(({ name }) => `daemon: ${name}`.includes(only));
  const measuresMemory = [memory, later].some(name => `daemon: ${name}`.includes(only));
  if (wanted.length === 0 && !measuresMemory) return [];
  const ours = await startDaemon(rootfs);
  const both = [ours, ...engines.filter(({ daemon }) => daemon !== undefined)].filter(engine => engine !== undefined);
  const rows: Row[] = [];
  for (const job of wanted) {
    const row: Row = { job: job.name, unit: 'ms', values: {} };
    for (const engine of both)
      row.values[engine.name] = await attempt(`daemon of ${engine.name}: ${job.name}`, 'ms', () =>
        measure(job, engine, runs, folder),
      );
    rows.push(row);
  }
  if (!measuresMemory) return rows;
  const values: Record<string, number>[] = [{}, {}];
  for (const engine of both) {
    process.stderr.write(`  daemon of ${engine.name}: memory\n`);
    const then = engine === ours ? () => manyRequests(ours, 10_000) : async () => {};
    const [before = 0, after = 0] = await daemonMemory(engine, containersOfDaemon, then);
    values[0]![engine.name] = before;
    if (engine === ours) values[1]![engine.name] = after;
  }
  return [...rows, { job: memory, unit: 'kB', values: values[0]! }, { job: later, unit: 'kB', values: values[1]! }];
}

function readable(about: About, tables: readonly string[]): string {
  const words = '(× n): how many times as long, or as much, as minidock.';
  return [...tables, `${facts(about)}; medians.\n${words}`].join('\n\n');
}

/** What was typed; where it cannot be meant, it is said and this process ends. */
function optionsOrEnd(): BenchOptions {
  try {
    return readOptions(process.argv.slice(2), process.env);
  } catch (error) {
    const [said] = (error as Error).message.split('. ');
    console.error(`bench: ${said}\n  fix: npm run bench -- --help`);
    process.exit(1);
  }
}

/** Whether an image of many files is pulled: to make it takes half a minute, the first time. */
function pulls(only: string): boolean {
  return [peakOfPulls, ...jobs('').map(({ name }) => name)].some(name => name.includes('pull') && name.includes(only));
}

async function pulled() {
  return [['one:1', await layersImage(1)] as const, ['ten:1', await layersImage(10)] as const];
}

/**
 * A job that fails on one engine is an empty cell and a line on stderr. Each figure is told at once: a whole run takes a
 * quarter of an hour.
 */
async function attempt(
  what: string,
  unit: Row['unit'],
  action: () => number | Promise<number>,
): Promise<number | undefined> {
  process.stderr.write(`  ${what}`);
  try {
    const figure = await action();
    await signals();
    process.stderr.write(`  ${Math.round(figure)} ${unit}\n`);
    return figure;
  } catch (error) {
    await signals();
    process.stderr.write(`\nbench: ${what}: ${(error as Error).message}\n`);
    return undefined;
  }
}

/** Lets the handler of Ctrl-C run: it waits for the event loop, which jobs that are waited for synchronously do not turn. */
const signals = () => setImmediate();

const options = optionsOrEnd();
if (options.help) console.log(usage);
else if (process.env.MINIDOCK_BENCH_INSIDE) await main(options);
else {
  // Made before the network namespace is entered, and found in the cache after it.
  await busyboxImage();
  if (pulls(options.only)) await pulled();
  const addresses = `ip link set lo up && ip addr add ${hostAddress}/32 dev lo`;
  const again = `${addresses} && exec "$0" --import tsx "$@"`;
  const isolate = ['--net', '--mount', '--propagation', 'private', 'sh', '-c', again, process.execPath];
  const ended = spawnSync('unshare', [...isolate, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, MINIDOCK_BENCH_INSIDE: '1' },
  });
  process.exitCode = ended.status ?? 1;
}
