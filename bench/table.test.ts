import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { table, withFigures } from './table.ts';

const versions = { minidock: '0.1.0', docker: '20.10' };
const rows = [
  { job: 'run', unit: 'ms' as const, values: { minidock: 70, docker: 280 } },
  { job: 'a longer job', unit: 'ms' as const, values: { minidock: 7.25 } },
];

test('beside the figure of another engine stands how many times ours it is', () => {
  const lines = table({ versions }, rows).split('\n');
  assert.equal(lines, [
    '| job (median) | minidock 0.1.0 |   docker 20.10 |',
    '| ------------ | -------------: | -------------: |',
    '| run          |          70 ms | 280 ms (× 4.0) |',
    '| a longer job |         7.3 ms |              – |',
  ]);
});

for (const name of ['README.md', 'README.zh-CN.md'])
  test(`the tables of ${name} are replaced, with date and machine under them, and nothing else`, () => {
    const text = readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
    const tables = [table({ versions }, rows), table({ versions }, rows.slice(0, 1), 'asked by one client (median)')];
    const once = withFigures(text, tables, '2030-01-02, Debian, Node 20.1.0');
    assert.match(once, /\n\| a longer job .*\n\n/);
    assert.match(once, /\n\n2030-01-02, Debian, Node 20\.1\.0;/);
    assert.not.match(once, /\| pull the same|50 × ps/);
    assert.is(once.split('\n').filter(line => !text.includes(line)).length, 8);
    assert.is(withFigures(once, tables, '2030-01-02, Debian, Node 20.1.0'), once);
  });

test.run();
