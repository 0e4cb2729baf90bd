import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../support/cleanup.ts';
import { checkout } from '../support/requires.ts';
import type { FileResult } from './judge.ts';
import { runProcess } from './process.ts';
import { runUnits } from './unit.ts';

const uvu = join(checkout, 'node_modules/uvu');

/** Runs these test files as the runner does; what it reports, by file. */
async function units(sources: Record<string, string>): Promise<FileResult[]> {
  const folder = temporaryFolder('units');
  mkdirSync(join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const head = `import { test } from '${uvu}/dist/index.mjs'; import * as assert from '${uvu}/assert/index.mjs';\n`;
  for (const [name, source] of Object.entries(sources)) writeFileSync(join(folder, `${name}.ts`), head + source);
  const results: FileResult[] = [];
  await runUnits(
    Object.keys(sources).map(name => `${name}.ts`),
    (files, onOutput) =>
      runProcess({
        command: [process.execPath, '--import', join(checkout, 'node_modules/tsx/dist/esm/index.mjs'), host, ...files],
        cwd: folder,
        env: process.env,
        seconds: 20,
        onOutput,
      }),
    result => results.push(result),
  );
  return results;
}
const host = join(checkout, 'test/runner/unit-host.ts');
const counts = (results: FileResult[]) => results.map(({ file, passed, failed }) => [file, passed, failed]);

test('files in one process are judged one by one; a file that ends the process has failed, those after it get another', async () => {
  const changes = `process.chdir('/'); process.umask(0); process.env.LEFT = '1'; delete process.env.PATH;`;
  const finds = `assert.equal([process.cwd() === '/', process.umask(), process.env.LEFT, !process.env.PATH],
    [false, ${process.umask()}, undefined, false]);`;
  const results = await units({
    changes: `test('a', () => {}); test('b', () => { ${changes} }); test.run();`,
    finds: `test('a', () => { ${finds} }); test('b', () => assert.ok(false)); test.run();`,
    forgets: `test('never run', () => assert.ok(false));`,
    broken: `throw new Error('while it is read');`,
    exits: `test('a', () => {}); test('b', () => process.exit(0)); test.run();`,
    throws: `test('a', () => { setTimeout(() => { throw new Error('later') }); return new Promise(() => {}); }); test.run();`,
    stuck: `test('a', () => new Promise(() => {})); test.run();`,
    last: `test('a', () => {}); test.run();`,
  });
  assert.equal(counts(results), [
    ['changes.ts', 2, 0],
    ['finds.ts', 1, 1],
    ['forgets.ts', 0, 1],
    ['broken.ts', 0, 1],
    ['exits.ts', 0, 1],
    ['throws.ts', 0, 1],
    ['stuck.ts', 0, 1],
    ['last.ts', 1, 0],
  ]);
  const said = Object.fromEntries(results.map(({ file, output }) => [file, output]));
  assert.match(said['forgets.ts']!, 'this file does not end with test.run()');
  assert.match(said['broken.ts']!, 'while it is read');
  assert.match(said['throws.ts']!, 'later');
});

test('what keeps a process is a failure: of the file that ran, of no file once all have', async () => {
  const passed = (file: string) => `\n\u001e${file}\n  Total:     1\n  Passed:    1\n\n\u001e=0\n`;
  const runs: [string, number | string][] = [
    [`${passed('a')}\n\u001eb\nhalf`, 'SIGTERM'],
    [`${passed('c')}still open: Timeout\n`, 1],
  ];
  const started: string[][] = [];
  const results: FileResult[] = [];
  const start = async (files: string[], onOutput: (text: string) => void) => {
    started.push(files);
    const [output, code] = runs.shift()!;
    onOutput(output);
    return { output, code };
  };
  await runUnits(['a', 'b', 'c'], start, result => results.push(result));
  assert.equal(started, [['a', 'b', 'c'], ['c']]);
  assert.equal(counts(results), [
    ['a', 1, 0],
    ['b', 0, 1],
    ['c', 1, 0],
    ['unit tests in one process', 0, 1],
  ]);
  assert.match(results[3]!.output, 'still open: Timeout');
});

test.run();
