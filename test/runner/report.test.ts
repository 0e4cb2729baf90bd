import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describe } from './files.ts';
import { Report } from './report.ts';

/** What a report prints in the end. */
function closing(report: Report): string {
  const lines: string[] = [];
  const { log } = console;
  console.log = line => lines.push(line);
  try {
    report.close('about');
  } finally {
    console.log = log;
  }
  return lines.join('\n');
}

test('tiers that nobody asked for are named in the end, with the commands that run them', () => {
  const report = new Report();
  report.leavesOut(
    ['test/crash-a.test.ts', 'test/parity-b.test.ts', 'test/parity-c.test.ts'].map(at => describe(at, '')),
  );
  assert.match(
    closing(report),
    /\nnot run: parity \(2 files\), crash \(1 file\)\n {2}npm test -- parity crash\n {2}bash \.ci\/run .*\n\nabout\n0 passed, 0 failed$/,
  );
});

test('where all were asked for nothing is said', () => {
  const report = new Report();
  report.leavesOut([]);
  assert.is(closing(report), '\nabout\n0 passed, 0 failed');
});

test.run();
