import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readOptions } from './options.ts';

test('what is said, and what is meant where nothing is', () => {
  const usual = { only: '', runs: { most: 15, long: 6 }, json: false, writes: false, help: false };
  assert.equal(readOptions([], {}), usual);
  assert.equal(readOptions(['--quick', '--only', 'ps'], {}), { ...usual, only: 'ps', runs: { most: 3, long: 3 } });
  assert.equal(readOptions(['--runs=9', '--write'], { npm_config_json: 'true' }), {
    ...usual,
    ...{ runs: { most: 9, long: 6 }, json: true, writes: true },
  });
});

/** As typed, with a limit: a bench that begins takes a quarter of an hour. */
function bench(...args: string[]) {
  const script = fileURLToPath(new URL('main.ts', import.meta.url));
  const run = spawnSync(process.execPath, ['--import', 'tsx', script, ...args], { encoding: 'utf8', timeout: 20_000 });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

test('help begins nothing', () => {
  const { code, out, err } = bench('--help');
  assert.equal([code, err], [0, '']);
  assert.match(out, /^Usage: npm run bench [\s\S]+ --quick /);
});

test('what cannot be meant is one line, and nothing begins', () => {
  const err = "bench: Unknown option '--qick'\n  fix: npm run bench -- --help\n";
  assert.equal(bench('--qick'), { code: 1, out: '', err });
  for (const many of ['many', '0', '1.5'])
    assert.throws(() => readOptions(['--runs', many], {}), `--runs ${many}: it takes a whole number from 1 on`);
  assert.throws(() => readOptions(['--write', '--only', 'ps'], {}), /without --only$/);
});

test.run();
