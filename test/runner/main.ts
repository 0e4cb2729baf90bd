import { cleanUp, fileRun, onSignal, temporaryFolder, testRun } from '../support/cleanup.ts';
import { changedFiles } from '../support/prepared.ts';
import { checkout } from '../support/requires.ts';
import type { TestFile } from './files.ts';
import { type FileResult, isOver, judge } from './judge.ts';
import { type Job, runInLanes } from './lanes.ts';
import { watchLeaks } from './leak-check.ts';
import { linux310 } from './linux-3.10.ts';
import { inOwnNetwork } from './own-network.ts';
import { type Pass, passesFor } from './passes.ts';
import { endRunning, runProcess } from './process.ts';
import type { Report } from './report.ts';
import { wereIdle } from './room.ts';
import { serveServices } from './services.ts';
import { sharedHost } from './shared-mounts.ts';
import { runUnits } from './unit.ts';

const where: Record<Pass, string> = { here: '', shared: ', where / is shared', '3.10': ', on Linux 3.10' };

export interface RunOptions {
  passes: readonly Pass[];
  lanes: number;
  /** Where a requirement is missing that the gate has to meet, its tests fail: see test/support/requires.ts. */
  gate: boolean;
}

/**
 * Time limits, in seconds: of a unit test's process, of all unit tests in one process, of another test file; and of a file
 * whose tests are over.
 */
const limits = { unit: 60, units: 180, file: 480, over: 30 };

/** How many files the gate runs again, alone, after they failed beside others: more failures are no chance. */
const secondLooks = 8;

/**
 * Runs test files in lanes and reports each. At the end whatever of ours is new on the machine is a failed test. A signal
 * ends what runs, lets it clean up, and says what is left; the process then ends by itself.
 */
export async function runTests(files: readonly TestFile[], options: RunOptions, report: Report): Promise<number> {
  const shared = options.passes.includes('shared') ? await sharedHost() : undefined;
  const old = options.passes.includes('3.10') ? linux310() : undefined;
  const leaks = watchLeaks(shared?.pid);
  const services = serveServices();
  const prepared = temporaryFolder('prepared');
  let stopped: NodeJS.Signals | undefined;
  let started = 0;

  /** What a test process is told: whose its leaks are, where the runner's services are. */
  const environment = (file: string): NodeJS.ProcessEnv => {
    const id = fileRun(started++);
    leaks.nameOwner(id, file);
    return {
      ...process.env,
      MINIDOCK_TEST_RUN: id,
      MINIDOCK_TEST_SERVICES: services,
      MINIDOCK_TEST_PREPARED: prepared,
      MINIDOCK_TEST_GATE: options.gate ? '1' : '',
      // Node reads this file at each of its thousands of starts; no test asks a server of the outside world.
      NODE_EXTRA_CA_CERTS: '',
      NO_COLOR: '1',
      FORCE_COLOR: '0',
    };
  };
  const node = (...args: string[]) => [process.execPath, '--import', 'tsx', ...args];
  /** Files that failed, with what runs each again: the gate's second look. */
  const doubtful: (() => Promise<void>)[] = [];
  const add = (result: FileResult, tier: TestFile['tier'], again?: () => Promise<void>) => {
    if (stopped) return;
    if (again === undefined || result.failed === 0 || doubtful.length >= secondLooks) return report.add(result, tier);
    report.doubt(result, tier);
    doubtful.push(again);
  };

  /** One file, in one pass after the other: what has a fixed name on a machine cannot be there twice. */
  const fileJob = (file: TestFile, passes: readonly Pass[]): Job => ({
    exclusive: file.marks.includes('exclusive'),
    rank: file.marks.includes('long') ? Number.MAX_SAFE_INTEGER : file.size * passes.length,
    run: async () => {
      for (const pass of passes) if (!stopped) await runFile(file, pass);
    },
  });
  const commandIn: Record<Pass, (command: string[]) => string[]> = {
    here: command => command,
    shared: command => shared!.enter(command, checkout),
    '3.10': command => [...old!, ...command],
  };
  const runFile = async (file: TestFile, pass: Pass, looks = options.gate ? 2 : 1): Promise<void> => {
    const name = `${file.path}${where[pass]}`;
    if (pass === '3.10' && old === undefined)
      return add(
        { file: name, passed: 0, failed: 0, skipped: ['gcc is not installed'], output: '', milliseconds: 0 },
        file.tier,
      );
    const began = Date.now();
    const command = node(file.path);
    const { code, output } = await runProcess({
      command: commandIn[pass](file.marks.includes('own-network') ? inOwnNetwork(command) : command),
      cwd: checkout,
      env: environment(name),
      seconds: file.tier === 'unit' ? limits.unit : limits.file,
      over: { is: isOver, seconds: limits.over },
    });
    const result = { file: name, ...judge(output, code), milliseconds: Date.now() - began };
    add(result, file.tier, looks > 1 ? () => runFile(file, pass, looks - 1) : undefined);
  };
  const unitJob = (units: readonly TestFile[]): Job => ({
    exclusive: false,
    rank: Number.POSITIVE_INFINITY,
    run: () =>
      runUnits(
        units.map(file => file.path),
        (paths, onOutput) =>
          runProcess({
            command: node('test/runner/unit-host.ts', ...paths),
            cwd: checkout,
            env: environment('unit tests in one process'),
            seconds: limits.units,
            onOutput,
          }),
        result => {
          const file = options.gate ? units.find(one => one.path === result.file) : undefined;
          add(result, 'unit', file && (() => runFile(file, 'here', 1)));
        },
      ),
  });

  const inOneProcess = files.filter(file => file.tier === 'unit' && !file.marks.includes('own-process'));
  const jobs = inOneProcess.length > 0 && options.passes.includes('here') ? [unitJob(inOneProcess)] : [];
  for (const file of files) {
    const passes = inOneProcess.includes(file) ? [] : passesFor(file, options.passes);
    if (passes.length > 0) jobs.push(fileJob(file, passes));
  }

  const finished = (async () => {
    await runInLanes(jobs, {
      count: options.lanes,
      stopped: () => stopped !== undefined,
      hasRoom: options.lanes > 1 ? () => wereIdle(0.4, 2000) : undefined,
    });
    for (const again of doubtful.splice(0)) if (!stopped) await again();
    const changed = changedFiles(prepared);
    if (changed.length > 0) report.add(sharedFilesChanged(changed));
    cleanUp();
    const about = `run ${testRun.slice(0, 4)}, Node ${process.versions.node}`;
    report.add(await leaks.check());
    shared?.end();
    return report.close(stopped ? `stopped by ${stopped}; ${about}` : about);
  })();
  onSignal(async signal => {
    stopped = signal;
    console.log(`\n${signal}: ending what runs`);
    await endRunning();
    await finished;
  });
  return finished;
}

/** No file is known to have done it: engines of several had this in common. */
function sharedFilesChanged(changed: readonly string[]): FileResult {
  const output = changed.map(line => `changed: ${line}`).join('\n');
  return { file: 'what engines share is as it was', passed: 0, failed: 1, skipped: [], output, milliseconds: 0 };
}
