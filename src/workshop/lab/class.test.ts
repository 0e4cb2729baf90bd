import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { classTable, readResults, remarks, resultsFile, toCsv } from './class.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-class-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  fs.writeFileSync(path.join(folder, name), content);
  return path.join(folder, name);
}

const row = {
  machine: 'a',
  lab: '05-pid-1-detective',
  version: 1,
  on: '2026-01-01T00:00:00.000Z',
  points: 60,
  of: 100,
  tasks: [{ points: 60, of: 100, hints: 1 }],
};
const of = (learner: string, more: object = {}) =>
  file(
    `${learner.replace(/\W/g, '')}-${Object.values(more).join()}.json`,
    resultsFile([{ ...row, learner, values: learner, ...more }]),
  );
const noResults =
  'left out: these are no results of a lab; `npm run -s lab 06 -- check --json > lab06.json` makes such a file';
const versions = new Map([
  ['05-pid-1-detective', 1],
  ['06-x', 1],
]);

test('broken files, newer ones and others are named, each in a line, and nothing else is lost', () => {
  const { rows, troubles } = readResults(
    [
      file('broken.json', '{"format": 1, "results": ['),
      of('Han Mei'),
      of('More Than All', { points: 1000 }),
      file('empty.json', '\n'),
      file('newer.json', '{"format": 2, "results": []}'),
      file('other.json', '{"name": "minidock"}'),
      file('half.json', '{"format": 1, "results": [{"lab": "05"}]}'),
      path.join(folder, 'nowhere.json'),
      folder,
    ],
    versions,
    'en',
  );
  assert.equal(
    rows.map(({ learner }) => learner),
    ['Han Mei'],
  );
  assert.equal(
    troubles.map(line => line.replace(`${folder}/`, '').replace(folder, '.')),
    [
      `broken.json: ${noResults}`,
      `MoreThanAll-1000.json: ${noResults}`,
      "empty.json: left out: it is empty: the command that should have written it failed; the learner's terminal says why",
      'newer.json: left out: its format is 2, and this minidock reads 1: update this one',
      `other.json: ${noResults}`,
      `half.json: ${noResults}`,
      'nowhere.json: left out: there is no such file',
      '.: left out: this is a folder',
    ],
  );
});

test('a file into which npm wrote what it runs is read all the same', () => {
  const saved = fs.readFileSync(of('Han Mei'), 'utf8');
  const { rows, troubles } = readResults(
    [
      file(
        'banner.json',
        `\n> minidock@0.1.0 lab\n> node --import tsx src/workshop/lab/main.ts 05 check --json\n\n${saved}`,
      ),
    ],
    versions,
    'en',
  );
  assert.equal(troubles, []);
  assert.is(rows[0]!.learner, 'Han Mei');
});

test('a file that PowerShell wrote, in UTF-16, is read all the same', () => {
  const saved = `\ufeff${fs.readFileSync(of('韩梅梅'), 'utf8').replaceAll('\n', '\r\n')}`;
  const name = path.join(folder, 'wide.json');
  fs.writeFileSync(name, saved, 'utf16le');
  const { rows, troubles } = readResults([name], versions, 'en');
  assert.equal(troubles, []);
  assert.is(rows[0]!.learner, '韩梅梅');
});

test('the version of a lab that is here counts before another with more points', () => {
  const old = of('Li Lei', { version: 0, points: 100 });
  for (const files of [
    [old, of('Li Lei')],
    [of('Li Lei'), old],
  ])
    assert.equal(
      readResults(files, versions, 'en').rows.map(({ version, points }) => [version, points]),
      [[1, 60]],
    );
  assert.is(readResults([old], versions, 'en').rows[0]!.points, 100);
});

test('of two files of a learner the better result counts; labs and learners in order, with the sum', () => {
  const { rows } = readResults(
    [of('Li Lei', { points: 80 }), of('Li Lei'), of('Han Mei'), of('Han Mei', { lab: '06-x', points: 5 })],
    versions,
    'en',
  );
  const { labs, lines } = classTable(rows);
  assert.equal(labs, ['05-pid-1-detective', '06-x']);
  assert.equal(
    lines.map(({ learner, total }) => [learner, total]),
    [
      ['Han Mei', 65],
      ['Li Lei', 80],
    ],
  );
});

test('one name on two machines may be two learners: it is said', () => {
  const { shared } = readResults([of('root@vm'), of('root@vm', { machine: 'b' }), of('Han Mei')], versions, 'en');
  assert.is(shared.length, 1);
  assert.match(shared[0]!, /^root@vm: results from 2 machines have this name/);
});

test('a name is one name, however its spaces and accents are written', () => {
  const { rows } = readResults([of('Jos\u00e9 Li'), of(' Jose\u0301\t Li')], versions, 'en');
  assert.equal(
    rows.map(({ learner }) => learner),
    ['Jos\u00e9 Li'],
  );
});

test('CSV: quoted where it must be, nothing that a spreadsheet would compute; what JSON prints can be read again', () => {
  const { rows } = readResults(
    [of('=Zhang, "San"'), of('a;b'), of('Han Mei', { lab: '06-x', points: 5 })],
    versions,
    'en',
  );
  const csv =
    '\ufefflearner,05-pid-1-detective,06-x,total\r\n"\'=Zhang, ""San""",60,,60\r\n"a;b",60,,60\r\nHan Mei,,5,5\r\n';
  assert.is(toCsv(rows, 'en'), csv);
  const again = readResults([file('whole.json', resultsFile(rows))], versions, 'en');
  assert.equal(again, { rows, shared: [], troubles: [] });
});

test('results of other versions and copies are remarked', () => {
  const { rows } = readResults(
    [
      of('Han Mei'),
      of('Li Lei', { values: 'Han Mei' }),
      of('Han Mei', { lab: '06-x' }),
      of('Li Lei', { lab: '06-x', values: 'Han Mei' }),
      of('Wang Wu', { version: 7 }),
      of('Zhao Liu', { lab: '42-gone' }),
    ],
    versions,
    'en',
  );
  assert.equal(remarks(rows, versions, 'en'), [
    '* 05-pid-1-detective: version 7 of the lab, here it is version 1: Wang Wu',
    '* 42-gone: there is no such lab here: Zhao Liu',
    "05-pid-1-detective, 06-x: Han Mei, Li Lei have the same values: one result is the other's",
  ]);
  assert.match(remarks(rows, versions, 'zh')[2]!, '数值相同');
});

test.run();
