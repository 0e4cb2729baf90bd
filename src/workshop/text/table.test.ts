import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { widthOf } from '../../syscalls/text/columns.ts';
import { cell, renderTable } from './table.ts';

test('a table fits its width, wraps its cells and keeps its columns', () => {
  const rows = [
    [cell('调用'), cell('meaning')],
    [cell('mount'), cell('puts a file system where the path says so')],
  ];
  const lines = renderTable(rows, 24);
  for (const line of lines) assert.ok(widthOf(line) <= 24, line);
  assert.match(lines[0]!, /^调用 {3}meaning/);
  assert.match(lines[1]!, /^─+$/);
  assert.ok(lines.length > 4, 'the long cell takes several lines');
  assert.ok(lines.slice(3).every(line => line.startsWith(' '.repeat(7))));
  assert.is(widthOf(renderTable(rows, 10)[1]!), 5 + 2 + 8, 'no column gets narrower than a word');
});

test.run();
