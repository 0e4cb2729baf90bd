import { type TestFile, type Tier, tiers } from './files.ts';
import type { FileResult } from './judge.ts';

/**
 * Seconds that the files of a tier may take in the gate, added up, in two lanes on two cores that do nothing else. Over its budget a tier has not
 * failed: whoever adds to it makes something in it faster, or argues for another number here.
 */
const budgets: Record<Tier, number> = {
  unit: 30,
  kernel: 800,
  proof: 40,
  build: 80,
  registry: 180,
  trouble: 350,
  security: 200,
  api: 150,
  project: 250,
  course: 600,
  parity: 700,
  vm: 80,
  crash: 200,
  browser: 60,
};

/** Prints what becomes of the test files, and in the end counts, skips, failures and what each tier used of its budget. */
export class Report {
  readonly #totals = { passed: 0, failed: 0, skipped: 0 };
  readonly #failures: string[] = [];
  readonly #skips: string[] = [];
  readonly #doubted: string[] = [];
  readonly #used = new Map<Tier, number>();
  #leftOut: string[] = [];

  /** Files that nobody asked for, and that are not run: the end names their tiers, and the commands that run them. */
  leavesOut(files: readonly TestFile[]): void {
    const counts = tiers.map(tier => ({ tier, count: files.filter(file => file.tier === tier).length }));
    const left = counts.filter(({ count }) => count > 0);
    if (left.length === 0) return;
    const named = left.map(({ tier, count }) => `${tier} (${count} ${count === 1 ? 'file' : 'files'})`);
    this.#leftOut = [
      `not run: ${named.join(', ')}`,
      `  npm test -- ${left.map(({ tier }) => tier).join(' ')}`,
      '  bash .ci/run   everything, and what mounts where / is shared: what must pass before a release',
    ];
  }

  /** A file that failed and will be run again: nothing of it counts, and its output stands in the report. */
  doubt(result: FileResult, tier: Tier): void {
    this.#doubted.push(result.file);
    this.#used.set(tier, (this.#used.get(tier) ?? 0) + result.milliseconds / 1000);
    console.log(`? ${result.file}  ${result.failed} failed; it will run again, alone`);
    console.log(result.output.trimEnd().replace(/^/gm, '    '));
  }

  add(result: FileResult, tier?: Tier): void {
    this.#totals.passed += result.passed;
    this.#totals.failed += result.failed;
    this.#totals.skipped += result.skipped.length;
    this.#skips.push(...result.skipped.map(skip => `${result.file}: ${skip}`));
    if (result.failed > 0) this.#failures.push(result.file);
    if (tier) this.#used.set(tier, (this.#used.get(tier) ?? 0) + result.milliseconds / 1000);
    const counts = [`${result.passed} passed`];
    if (result.failed > 0) counts.push(`${result.failed} failed`);
    if (result.skipped.length > 0) counts.push(`${result.skipped.length} skipped`);
    const time = `${(result.milliseconds / 1000).toFixed(1)} s`;
    console.log(`${result.failed > 0 ? '✘' : '•'} ${result.file}  ${counts.join(', ')}  ${time}`);
    if (result.failed > 0) console.log(result.output.trimEnd().replace(/^/gm, '    '));
  }

  /** What keeps the runner from running tests at all, and counts as one failed. */
  fail(problem: string): void {
    console.log(`✘ ${problem}`);
    this.#totals.failed++;
  }

  /** Prints all that is to be said at the end; the last line is the one that .ci/run reads. Returns the exit code. */
  close(about: string): number {
    const { passed, failed, skipped } = this.#totals;
    if (this.#skips.length > 0) console.log(`\nskipped:\n${this.#skips.map(skip => `  ${skip}`).join('\n')}`);
    const unsteady = this.#doubted.filter(file => !this.#failures.includes(file));
    if (unsteady.length > 0) console.log(`\nunsteady, passed alone:\n${unsteady.map(file => `  ${file}`).join('\n')}`);
    if (this.#failures.length > 0) console.log(`\nfailed:\n${this.#failures.map(file => `  ${file}`).join('\n')}`);
    const lines = budgetLines(this.#used);
    if (lines.length > 0) console.log(`\n${lines.join('\n')}`);
    if (this.#leftOut.length > 0) console.log(`\n${this.#leftOut.join('\n')}`);
    console.log(`\n${about}`);
    console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
    return failed > 0 ? 1 : 0;
  }
}

/** One line a tier that ran; what is over its budget is said loudly. */
function budgetLines(used: ReadonlyMap<Tier, number>): string[] {
  return tiers.flatMap(tier => {
    const seconds = used.get(tier);
    if (seconds === undefined) return [];
    const line = `${tier.padEnd(8)} ${seconds.toFixed(0).padStart(4)} s of ${budgets[tier]} s`;
    return seconds <= budgets[tier] ? [line] : [`${line}  OVER BUDGET by ${(seconds - budgets[tier]).toFixed(0)} s`];
  });
}
