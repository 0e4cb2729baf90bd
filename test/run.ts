/**
 * Runs the tests: `npm test`, or `npm test -- [--gate] [--shared-mounts] [--linux-3.10] [--lanes=N] [TIER | WORD …]`. A tier is unit, kernel,
 * proof, trouble, security, api, course, parity, vm, crash or browser; a word is part of a test file's path, or the whole path of one that stands elsewhere.
 * Without either, unit, kernel and proof run, and the end says what did not; with `--gate`, all do.
 * test/README.md says more.
 *
 * The last line is `N passed, N failed` or `N passed, N failed, N skipped`.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { parseArgs } from 'node:util';
import { type TestFile, testFiles, usualTiers } from './runner/files.ts';
import { type RunOptions, runTests } from './runner/main.ts';
import type { Pass } from './runner/passes.ts';
import { Report } from './runner/report.ts';
import { select } from './runner/words.ts';
import { checkout } from './support/requires.ts';

// Whoever read this has gone, as with `| head`: what runs ends as well, when this process does.
process.stdout.on('error', () => process.exit(1));

const report = new Report();
const plan = readPlan();
if (Array.isArray(plan)) for (const problem of plan) report.fail(problem);
process.exitCode = Array.isArray(plan) ? report.close('no test ran') : await runTests(plan.files, plan.options, report);

/** What to run, or what is wrong with the command line or with the marks of a test file. */
function readPlan(): { files: TestFile[]; options: RunOptions } | string[] {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        gate: { type: 'boolean', default: false },
        'shared-mounts': { type: 'boolean', default: false },
        'linux-3.10': { type: 'boolean', default: false },
        lanes: { type: 'string', default: String(Math.min(2, availableParallelism())) },
      },
    });
    const elsewhere = positionals.filter(word => isAbsolute(word) && existsSync(word));
    const all = testFiles(checkout, elsewhere);
    const isUsual = positionals.length === 0 && !values.gate;
    const { files, problems } = select(all, isUsual ? usualTiers : positionals);
    const lanes = Number(values.lanes);
    if (!Number.isInteger(lanes) || lanes < 1) problems.push(`--lanes=${values.lanes} is no whole number from 1 on`);
    if (values['shared-mounts'] && !files.some(file => file.mounts))
      problems.push('--shared-mounts: none of these files mounts');
    if (values['linux-3.10'] && !files.some(file => file.marks.includes('linux-3.10')))
      problems.push('--linux-3.10: none of these files is marked @linux-3.10');
    if (problems.length > 0) return problems;
    if (isUsual) report.leavesOut(all.filter(file => !files.includes(file)));
    const passes: Pass[] = values.gate ? ['here', 'shared', '3.10'] : [];
    if (values['shared-mounts']) passes.push('shared');
    if (values['linux-3.10']) passes.push('3.10');
    if (passes.length === 0) passes.push('here');
    return { files, options: { passes, lanes, gate: values.gate } };
  } catch (error) {
    return [(error as Error).message];
  }
}
