/**
 * Runs the tests: `npm test`, or `node --import tsx test/run.ts [unit | kernel | path fragment …]`.
 *
 * Every file is a process of its own with a time limit. Unit tests (src/, scripts/) run two at a time, tests of the
 * kernel (test/, lessons/, labs/) one at a time. At the end whatever of ours is new on the machine is a failed test. The last
 * line is `N passed, N failed` or `N passed, N failed, N skipped`.
 */
import { testRun } from './support/cleanup.ts';
import { findTests, type Group } from './support/files.ts';
import { holdings, newSince } from './support/leaks.ts';
import { checkout } from './support/requires.ts';
import { endRunning, type FileResult, runFile } from './support/runner.ts';

const seconds: Record<Group, number> = { unit: 60, kernel: 300 };
const totals = { passed: 0, failed: 0, skipped: 0 };
const failures: FileResult[] = [];
const skips: string[] = [];

function add(result: FileResult): void {
  totals.passed += result.passed;
  totals.failed += result.failed;
  totals.skipped += result.skipped.length;
  skips.push(...result.skipped.map(skip => `${result.file}: ${skip}`));
  if (result.failed > 0) failures.push(result);
  const mark = result.failed > 0 ? '✘' : '•';
  const counts = `${result.passed} passed${result.failed ? `, ${result.failed} failed` : ''}`;
  const skipped = result.skipped.length ? `, ${result.skipped.length} skipped` : '';
  console.log(`${mark} ${result.file}  ${counts}${skipped}  ${(result.milliseconds / 1000).toFixed(1)} s`);
  if (result.failed > 0) console.log(result.output.trimEnd().replace(/^/gm, '    '));
}

/** Takes files from one queue with `workers` at a time. */
async function runAll(files: string[], group: Group, workers: number): Promise<void> {
  const queue = [...files];
  const worker = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) add(await runFile(checkout, file, seconds[group]));
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

/** The kernel takes namespaces, veths and cgroups down a moment after the last process: ten seconds are allowed. */
async function checkLeaks(before: ReturnType<typeof holdings>): Promise<void> {
  let leaks: string[] = [];
  for (let tries = 0; tries < 40; tries++) {
    leaks = newSince(before, holdings());
    if (leaks.length === 0) break;
    await new Promise(resolve => setTimeout(resolve, 250));
  }
  add({
    file: 'nothing of ours is left on the machine',
    passed: leaks.length === 0 ? 1 : 0,
    failed: leaks.length === 0 ? 0 : 1,
    skipped: [],
    output: leaks.map(leak => `left behind: ${leak}`).join('\n'),
    milliseconds: 0,
  });
}

const filters = process.argv.slice(2);
const found = findTests(checkout, filters);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, async () => {
    await endRunning();
    console.log(`stopped by ${signal}`);
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });

const before = holdings();
await runAll(found.unit, 'unit', 2);
await runAll(found.kernel, 'kernel', 1);
if (found.unit.length + found.kernel.length === 0) {
  console.log(`✘ no test file matches ${filters.join(' ') || 'anything'}`);
  totals.failed += 1;
} else {
  await checkLeaks(before);
}

if (skips.length > 0) console.log(`\nskipped:\n${skips.map(skip => `  ${skip}`).join('\n')}`);
if (failures.length > 0) console.log(`\nfailed:\n${failures.map(result => `  ${result.file}`).join('\n')}`);
console.log(`\nrun ${testRun}, Node ${process.versions.node}`);
const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
process.exitCode = totals.failed > 0 ? 1 : 0;
