import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../../errors.ts';
import { widthOf } from '../../syscalls/text/columns.ts';
import { usage as handbookUsage } from '../handbook/options.ts';
import { words } from '../text/words.ts';
import { findLab } from './catalog.ts';
import { parseLabOptions } from './options.ts';
import { says } from './says.ts';
import { cgroupVersion, fillIn, forThisHost } from './sheet.ts';

const parse = (words: string, env: NodeJS.ProcessEnv = {}): Record<string, unknown> => {
  const { language, ...options } = parseLabOptions(words.split(' ').filter(Boolean), { LANG: 'C', ...env });
  return {
    language,
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== false && value !== undefined)),
  };
};

test('what npm hands on, with and without its --', () => {
  const en = { language: 'en', rest: [] };
  assert.equal(parse(''), en);
  assert.equal(parse('06'), { ...en, lab: '06' });
  assert.equal(parse('06 zh'), { ...en, language: 'zh', lab: '06' });
  assert.equal(parse('06 check --json'), { ...en, lab: '06', action: 'check', json: true });
  assert.equal(parse('06', { npm_config_check: 'true', npm_config_json: 'true' }), {
    ...en,
    lab: '06',
    action: 'check',
    json: true,
  });
  assert.equal(parse('06 hint 3'), { ...en, lab: '06', action: 'hint', rest: ['3'] });
  assert.equal(parse('report a.json en.json --csv'), {
    ...en,
    action: 'report',
    rest: ['a.json', 'en.json'],
    csv: true,
  });
  assert.equal(parse('06', { LANG: 'zh_CN.UTF-8' }).language, 'zh');
});

test('what --help prints fits a terminal of 80 columns', () => {
  for (const text of [...Object.values(says.usage), ...Object.values(words.usage), handbookUsage])
    for (const line of text.split('\n')) assert.ok(widthOf(line) <= 80, line);
});

test('answers and names are the learner’s own words', () => {
  assert.equal(parse('06 answer 5 zh --json check').rest, ['5', 'zh', '--json', 'check']);
  assert.equal(parse('name Li en').rest, ['Li', 'en']);
});

const complaint = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    if (error instanceof MinidockError) return `${error.message} | ${error.fix}`;
  }
  return undefined;
};

test('what is no action is refused, with the one that is meant', () => {
  assert.is(
    complaint(() => parse('05 chekc')),
    '"chekc" is not understood | did you mean check?',
  );
  assert.is(
    complaint(() => parse('05 check now')),
    '"now" is not understood | `npm run lab -- --help` says what there is',
  );
  assert.is(
    complaint(() => parse('report --tsv')),
    '"--tsv" is not understood | `npm run lab -- --help` says what there is',
  );
});

test('a lab by its number, name and parts of it; one that is not there gets the nearest', () => {
  const ids = ['05-pid-1-detective', '06-bridge-by-hand', '07-port-mapping-and-capture'];
  for (const word of ['06', '6', '06-bridge-by-hand', 'bridge', 'labs/06-bridge-by-hand/', 'Bridge-by-hand'])
    assert.is(findLab(word, ids, 'en'), ids[1]);
  assert.is(
    complaint(() => findLab('brigde', ids, 'en')),
    'no lab "brigde" | did you mean 06-bridge-by-hand?',
  );
  assert.is(
    complaint(() => findLab('16', ids, 'en')),
    'no lab "16" | `npm run lab` lists them',
  );
  assert.is(
    complaint(() => findLab('d', ids, 'zh')),
    '没有“d”这个实验 | `npm run lab` 会列出所有实验',
  );
  assert.is(
    complaint(() => findLab('p', ids, 'en')),
    `"p" means several labs: ${ids[0]}, ${ids[2]} | give its number`,
  );
});

test('a sheet: values in the place of their names, the block of this host’s cgroups', () => {
  assert.is(fillIn(`$box ${'$'}{box}-l $boxes $pid`, { box: 'a' }), 'a a-l $boxes $pid');
  const commented = 'exec $box ps   # → $n\nexec $other ps # one\nexec $n        # two\n';
  const filled = 'exec a ps      # → 7\nexec bcdefg ps # one\nexec 7         # two\n';
  assert.is(fillIn(commented, { box: 'a', other: 'bcdefg', n: 7 }), filled);
  const sheet = 'a\n\n```sh cgroup1\none\n```\n\n```sh cgroup2\ntwo\n```\n\nb\n';
  assert.is(forThisHost(sheet, 1), 'a\n\n```sh\none\n```\n\nb\n');
  assert.is(forThisHost(sheet, 2), 'a\n\n```sh\ntwo\n```\n\nb\n');
  assert.ok([1, 2].includes(cgroupVersion()));
});

test.run();
