export interface Counts {
  passed: number;
  failed: number;
  /** `name (reason)` each. */
  skipped: string[];
  output: string;
}

/** What became of one test file. */
export interface FileResult extends Counts {
  file: string;
  milliseconds: number;
}

/** Whether uvu has printed its last line. */
export function isOver(output: string): boolean {
  return /^ {2}Duration: .*$/m.test(output);
}

/**
 * Counts from uvu's closing lines, the last ones, because a test may show those of a run that it started. A file without them (a crash, an early exit, the time limit) is one failure, as is one
 * that passed all its tests and still ended badly, and one that holds no test.
 */
export function judge(output: string, code: number | string): Counts {
  const closing = (name: string) => [...output.matchAll(new RegExp(`^ {2}${name}: +(\\d+)$`, 'gm'))].at(-1);
  const [total, done] = [closing('Total'), closing('Passed')];
  const skips = Number(closing('Skipped')?.[1] ?? 0);
  const skipped = [...output.matchAll(/^ {2}skipped: (.+)$/gm)].map(match => match[1] ?? '');
  while (skipped.length < skips) skipped.push('a test that says test.skip');
  const passed = Number(done?.[1] ?? 0);
  if (!total || !done)
    return { passed: 0, failed: 1, skipped, output: `${output}\nended with ${code} before its tests did` };
  let failed = Number(total[1]) - passed;
  if (failed === 0 && code !== 0) return { passed, failed: 1, skipped, output: `${output}\nended with ${code}` };
  if (passed + failed + skipped.length === 0) {
    failed = 1;
    return { passed, failed, skipped, output: `${output}\nno test in this file` };
  }
  return { passed, failed, skipped, output };
}
