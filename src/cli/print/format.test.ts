import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../../errors.ts';
import { parse } from '../grammar/parse.ts';
import { KeptOutput } from '../testing/fakes.ts';
import { filterFlag, printListing, readFilters } from './listing.ts';
import { humanSize, readBytes } from './size.ts';
import { ellipsis, printTable } from './table.ts';
import { goTime, humanDuration, timeAgo } from './time.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

test('durations', () => {
  const cases: [number, string][] = [
    [-5 * second, 'Less than a second'],
    [999, 'Less than a second'],
    [second, '1 second'],
    [59 * second, '59 seconds'],
    [minute, 'About a minute'],
    [119 * second, 'About a minute'],
    [2 * minute, '2 minutes'],
    [59 * minute, '59 minutes'],
    [hour, 'About an hour'],
    [hour + 29 * minute, 'About an hour'],
    [hour + 30 * minute, '2 hours'],
    [47 * hour, '47 hours'],
    [2 * day, '2 days'],
    [13 * day, '13 days'],
    [14 * day, '2 weeks'],
    [59 * day, '8 weeks'],
    [60 * day, '2 months'],
    [729 * day, '24 months'],
    [730 * day, '2 years'],
  ];
  for (const [length, expected] of cases) assert.is(humanDuration(length), expected);
  assert.is(timeAgo('2026-01-01T00:00:00.5Z', Date.parse('2026-01-01T00:05:01Z')), '5 minutes ago');
  assert.is(goTime('2026-11-20T19:14:16.158187464Z'), '2026-11-20 19:14:16 +0000 UTC');
});

test('sizes', () => {
  assert.is(humanSize(0), '0B');
  assert.is(humanSize(999), '999B');
  assert.is(humanSize(1982305), '1.982MB');
  assert.is(humanSize(1982305, 3), '1.98MB');
  assert.is(humanSize(43_200_000, 3), '43.2MB');
  assert.is(humanSize(1_000), '1kB');
  assert.is(readBytes('500m'), 500 * 1024 ** 2);
  assert.is(readBytes('1g'), 1024 ** 3);
  assert.is(readBytes('1.5GiB'), 1.5 * 1024 ** 3);
  assert.is(readBytes('64MB'), 64 * 1024 ** 2);
  assert.is(readBytes('4096'), 4096);
  assert.is(readBytes('10b'), 10);
  for (const wrong of ['abc', '', '1x', '-1', '1 0m', 'm', '1.m'])
    assert.throws(() => readBytes(wrong), /invalid size/);
});

test('tables are three spaces apart and at least ten wide', () => {
  const rows = [
    ['NAME', 'PORTS', 'X'],
    ['a', '', 'long'],
  ];
  assert.is(printTable(rows), 'NAME      PORTS     X\na                   long\n');
  assert.is(ellipsis('"abc"', 5), '"abc"');
  assert.is(ellipsis('abcdef', 5), 'abcd…');
});

/** What a listing prints. */
async function listed(
  ...[rows, format, headings, columns]: Parameters<typeof printListing> extends [unknown, ...infer R] ? R : never
) {
  const output = new KeptOutput();
  await printListing(output, rows, format, headings, columns);
  return output.stdout;
}

test('listings: table, table with a template, json, template', async () => {
  const headings = { ID: 'CONTAINER ID', Names: 'NAMES' };
  const rows = [{ ID: 'bdd8674bca38', Names: 'web' }];
  assert.is(await listed(rows, undefined, headings, ['ID', 'Names']), 'CONTAINER ID   NAMES\nbdd8674bca38   web\n');
  assert.is(
    await listed(rows, 'table {{.Names}}\\t{{.ID}}', headings, []),
    'NAMES     CONTAINER ID\nweb       bdd8674bca38\n',
  );
  assert.is(await listed(rows, 'json', headings, []), '{"ID":"bdd8674bca38","Names":"web"}\n');
  assert.is(await listed(rows, '{{.ID}}: {{.Names}}', headings, []), 'bdd8674bca38: web\n');
  assert.is(await listed([], '{{.ID}}', headings, []), '');
  for (const [format, message] of [
    ['{{.Foo}}', /map has no entry for key "Foo"/],
    ['{{', /unclosed action/],
    ['table {{', /unclosed action/],
  ] as const) {
    const error = await listed(rows, format, headings, []).catch((error: MinidockError) => error);
    assert.instance(error, MinidockError);
    assert.match((error as MinidockError).message, message);
    assert.is((error as MinidockError).exitCode, 1);
  }
});

test('lines and columns of a table are made by the table alone; a template gives what is there', async () => {
  const headings = { ID: 'ID', Names: 'NAMES' };
  const rows = [{ ID: 'a\tb\nc', Names: '\x1b[2J' }];
  assert.is(await listed(rows, 'table', headings, ['ID', 'Names']), 'ID        NAMES\na\\tb\\nc   \\x1b[2J\n');
  assert.is(await listed(rows, 'table {{.ID}}\n{{.Names}}', headings, []), 'ID\nNAMES\na\\tb\\nc\n\\x1b[2J\n');
  assert.is(await listed(rows, '{{.ID}}{{.Names}}', headings, []), 'a\tb\nc\x1b[2J\n');
});

test('filters', () => {
  const filters = readFilters(['name=a', 'name=b=c', 'status=exited'], ['name', 'status']);
  assert.equal(
    [...filters],
    [
      ['name', ['a', 'b=c']],
      ['status', ['exited']],
    ],
  );
  assert.throws(() => readFilters(['foo=bar'], ['name']), /there is no filter 'foo'/);
  const table = { filter: filterFlag('', { short: 'f' }) };
  assert.equal(parse(table, ['-f', 'a=b', '--filter=c=d'], false).flags.filter, ['a=b', 'c=d']);
  assert.throws(
    () => parse(table, ['-f', 'name'], false),
    /^invalid argument "name" for "-f, --filter" flag: bad format of filter \(expected name=value\)$/,
  );
});

test.run();
