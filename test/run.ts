/**
 * Runs the tests: `npm test -- --help` says which, test/README.md says more. A word may also be the whole path of a test
 * file that stands elsewhere.
 *
 * The last line is `N passed, N failed` or `N passed, N failed, N skipped`.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { parseArgs } from 'node:util';
import { type TestFile, testFiles, tiers, usualTiers } from './runner/files.ts';
import { type RunOptions, runTests } from './runner/main.ts';
import type { Pass } from './runner/passes.ts';
import { Report } from './runner/report.ts';
import { select } from './runner/words.ts';
import { checkout } from './support/requires.ts';

// Whoever read this has gone, as with `| head`: what runs ends as well, when this process does.
process.stdout.on('error', () => process.exit(1));

const usage = `Usage: npm test [-- OPTIONS] [TIER | WORD …]

  npm test             the tiers ${usualTiers.join(', ')}
  npm test -- api      a tier: ${tiers.slice(0, 8).join(', ')},
                       ${tiers.slice(8).join(', ')}
  npm test -- ports    the test files whose path contains a word

  --gate               all of them, on hosts of several kinds
  --shared-mounts      what mounts, where / is shared, as systemd has it
  --linux-3.10         what is marked so, without syscalls that came after it
  --lanes=N            so many test files at once (2, or 1 on one processor)`;

const report = new Report();
const plan = readPlan();
if (plan === 'help') console.log(usage);
else if (Array.isArray(plan)) {
  for (const problem of plan) report.fail(problem);
  process.exitCode = report.close('no test ran');
} else process.exitCode = await runTests(plan.files, plan.options, report);

/** What to run, or what is wrong with the command line or with the marks of a test file. */
function readPlan(): { files: TestFile[]; options: RunOptions } | string[] | 'help' {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        gate: { type: 'boolean', default: false },
        'shared-mounts': { type: 'boolean', default: false },
        'linux-3.10': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        lanes: { type: 'string', default: String(Math.min(2, availableParallelism())) },
      },
    });
    if (values.help) return 'help';
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
    const [said] = (error as Error).message.split('. ');
    return [`${said}; npm test -- --help lists them`];
  }
}
