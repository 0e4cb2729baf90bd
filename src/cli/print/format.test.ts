import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { humanDuration, timeAgo } from '../../api/shapes/ago.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { parse } from '../grammar/parse.ts';
import { KeptOutput } from '../testing/fakes.ts';
import { filterFlag, printListing, type Row, readFilters } from './listing.ts';
import { humanSize, readBytes } from './size.ts';
import { ellipsis, printTable } from './table.ts';
import { goTime } from './time.ts';

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

const listing = {
  headings: { ID: 'CONTAINER ID', Names: 'NAMES' },
  columns: ['ID', 'Names'],
  type: 'formatter.ContainerContext',
  raw: 'container_id: {{.ID}}',
  label: (_: Row, name: string) => `label ${name}`,
};
const rows = [{ ID: 'bdd8674bca38', Names: '<web>' }];

async function listed(rows: readonly Row[], format: string | undefined): Promise<string> {
  const output = new KeptOutput();
  await printListing(output, rows, format, listing);
  return output.stdout;
}

test('listings: table, table with a template, json, raw, template', async () => {
  const cases: [string | undefined, string][] = [
    [undefined, 'CONTAINER ID   NAMES\nbdd8674bca38   <web>\n'],
    ['table {{.Names}}\\t{{.ID}}', 'NAMES     CONTAINER ID\n<web>     bdd8674bca38\n'],
    // Docker's client prints the whole row with the escapes of HTML, and what the function `json` gets without.
    ['json', '{"ID":"bdd8674bca38","Names":"\\u003cweb\\u003e"}\n'],
    ['{{json .}}', '{"ID":"bdd8674bca38","Names":"\\u003cweb\\u003e"}\n'],
    ['{{json .Names}}', '"<web>"\n'],
    ['raw', 'container_id: bdd8674bca38\n'],
    ['{{.ID}}: {{.Names}}', 'bdd8674bca38: <web>\n'],
    ['{{.Label "a.b"}} {{"c" | .Label | upper}}', 'label a.b LABEL C\n'],
    ['table {{upper .Names}}\\t{{.Label "a.my-x_y"}}', 'NAMES     my x y\n<WEB>     label a.my-x_y\n'],
    [
      'table {{truncate .ID 3}}\\t{{json .Names}}\\t{{len .ID}}',
      'CONTAINER ID   NAMES     12\nbdd            "<web>"   12\n',
    ],
  ];
  for (const [format, expected] of cases) assert.is(await listed(rows, format), expected, format);
  assert.is(await listed([], '{{.ID}}'), '');
});

test('listings: what is wrong with a template', async () => {
  const at = 'template parsing error: template: :1';
  const type = '*formatter.ContainerContext';
  const cases: [string, string][] = [
    ['{{.Foo}}', `${at}:2: executing "" at <.Foo>: can't evaluate field Foo in type ${type}`],
    ['{{.Label}}', `${at}:2: executing "" at <.Label>: wrong number of args for Label: want 1 got 0`],
    ['{{.Label 5}}', `${at}:9: executing "" at <5>: expected string; found 5`],
    ['{{.ID "x"}}', `${at}:2: executing "" at <.ID>: wrong number of args for ID: want 0 got 1`],
    ['{{', `${at}: unclosed action`],
    ['table {{', `${at}: unclosed action`],
  ];
  for (const [format, expected] of cases) {
    const error = await listed(rows, format).then(
      () => undefined,
      (error: Error) => [error.message, exitCodeOf(error)],
    );
    assert.equal(error, [expected, 1]);
  }
});

test('lines and columns of a table are made by the table alone; a template gives what is there', async () => {
  const rows = [{ ID: 'a\tb\nc', Names: '\x1b[2J' }];
  assert.is(await listed(rows, 'table'), 'CONTAINER ID   NAMES\na\\tb\\nc        \\x1b[2J\n');
  assert.is(await listed(rows, 'table {{.ID}}\n{{.Names}}'), 'CONTAINER ID\nNAMES\na\\tb\\nc\n\\x1b[2J\n');
  assert.is(await listed(rows, '{{.ID}}{{.Names}}'), 'a\tb\nc\x1b[2J\n');
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
  assert.throws(() => readFilters(['foo=bar'], ['name']), /invalid filter 'foo'/);
  const table = { filter: filterFlag('', { short: 'f' }) };
  assert.equal(parse(table, ['-f', 'a=b', '--filter=c=d'], false).flags.filter, ['a=b', 'c=d']);
  assert.throws(
    () => parse(table, ['-f', 'name'], false),
    /^invalid argument "name" for "-f, --filter" flag: bad format of filter \(expected name=value\)$/,
  );
});

test.run();
