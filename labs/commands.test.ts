import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { codeBlocks, markdownShape } from '../src/workshop/text/markdown.ts';
import { temporaryFolder } from '../test/support/cleanup.ts';
import { sandbox } from '../test/support/minidock.ts';
import { checkout, requires } from '../test/support/requires.ts';

/** `npm run lab …` as a learner and a teacher type it, good and bad. The labs themselves: labs/labs.test.ts. */
const test = requires('root', 'overlayfs', 'iptables', 'busybox');

const folder = temporaryFolder('learner');
const engine = sandbox();
const labs = join(folder, 'minidock/labs.json');

/** Output as one line: where it breaks is the terminal's affair. */
function lab(args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'src/workshop/lab/main.ts', ...args],
    {
      cwd: checkout,
      env: {
        ...process.env,
        ...engine.env,
        XDG_STATE_HOME: folder,
        LANG: 'C',
        NO_COLOR: '1',
        FORCE_COLOR: undefined,
        ...env,
      },
      encoding: 'utf8',
      timeout: 120_000,
    },
  );
  const flat = (text: string) => text.replace(/\s+/g, ' ').trim();
  return { status, stdout, said: flat(stdout), complaint: flat(stderr) };
}

test('a lab from its beginning to its end: sheet with values, answers, check, hand in, clean, begin again', async () => {
  assert.match(lab(['name', 'Li', 'Lei']).said, 'You are Li Lei.');
  const sheet = lab(['05']);
  assert.is(sheet.status, 0, sheet.complaint);
  assert.match(sheet.said, /Task 1: one process, two numbers \(15 points\)/);
  assert.not.match(sheet.said, /\$(one|two|three|mended|victim)\b/);
  const values = Object.fromEntries(
    [...lab(['05', 'values']).stdout.matchAll(/^(\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]),
  );
  assert.ok(sheet.said.includes(`minidock exec ${values.one} ps`));
  const pid = await engine.ok(['inspect', '-f', '{{.State.Pid}}', values.one!]);
  assert.match(lab(['05', 'answer', '1', pid]).said, `Task 1: "${pid}" is noted`);

  const check = lab(['05', 'check']);
  assert.is(check.status, 1);
  assert.match(
    check.said,
    /✓ Task 1 \(15 of 15\).*NSpid: .*✗ Task 2 \(0 of 20\).*there is no answer yet.*15 of 100 points/,
  );
  assert.match(lab(['05', 'hint']).said, /Task 2: hint 1 of 2.*1\. A zombie is/);

  const handedIn = join(folder, 'li.json');
  writeFileSync(handedIn, lab(['05', 'check', '--json']).stdout);
  const { format, results } = JSON.parse(readFileSync(handedIn, 'utf8'));
  assert.is(format, 1);
  const [{ learner, points, of, tasks }] = results;
  assert.equal({ learner, points, of, hints: tasks[1].hints }, { learner: 'Li Lei', points: 15, of: 100, hints: 1 });

  writeFileSync(join(folder, 'minidock/labs/05-pid-1-detective/mine.txt'), 'mine');
  const cleaned = lab(['05', 'clean']);
  assert.match(cleaned.said, /Lab 05-pid-1-detective is cleaned up. Your files are in /);
  assert.ok(existsSync(join(folder, 'minidock/labs/05-pid-1-detective.old-1/mine.txt')));
  assert.is(await engine.ok(['ps', '-aq']), '');
  const again = lab(['05', 'check']);
  assert.is(again.status, 2);
  assert.match(
    again.complaint,
    /^lab: lab 05-pid-1-detective was cleaned up on [\d-]+; its result is kept: 15 of 100 points npm run lab 05 begins it$/,
  );
  assert.match(lab([]).said, /◐ 05-pid-1-detective 15 of 100 points/);
});

test('a result without a name says how to put one in, beside what is handed in', () => {
  const env = { XDG_STATE_HOME: temporaryFolder('nobody') };
  assert.is(lab(['05'], env).status, 0);
  const { complaint, stdout } = lab(['05', 'check', '--json'], env);
  assert.match(complaint, /^This result bears the name \S+@\S+\. `npm run lab -- name YOUR NAME` puts yours in/);
  assert.is(JSON.parse(stdout).results.length, 1);
  assert.is(lab(['05', 'clean'], env).status, 0);
});

test('a lab that is half done is checked: what is gone is said, and comes back', async () => {
  assert.is(lab(['05']).status, 0);
  const [name] = (await engine.ok(['ps', '--format', '{{.Names}}'])).split('\n');
  await engine.ok(['rm', '-f', name!]);
  assert.is((await engine.ok(['ps', '-q'])).split('\n').length, 3);
  const { status, said } = lab(['05', 'check', 'zh']);
  assert.is(status, 1);
  assert.match(said, /✗ 任务 1（0\/15 分）.*还没有回答/);
  assert.is(lab(['05']).status, 0);
  assert.is((await engine.ok(['ps', '-q'])).split('\n').length, 4);
  assert.is(lab(['05', 'clean']).status, 0);
});

test('labs/README.md: what a class types, from its names to its table', () => {
  const [english, chinese] = ['README.md', 'README.zh-CN.md'].map(name =>
    readFileSync(join(checkout, 'labs', name), 'utf8'),
  );
  assert.equal(markdownShape(chinese!), markdownShape(english!));
  const blocks = codeBlocks(english!);
  assert.equal(codeBlocks(chinese!), blocks);
  const home = temporaryFolder('class');
  const typed = blocks.map(({ content }) => content).join('');
  // The files lie elsewhere than the checkout, in which the class types.
  const script = typed
    .replace(/\b(lab06\.json|results\/\*\.json|class\.csv)/g, `${home}/$1`)
    .replaceAll('results/', '');
  const { status, stdout, stderr } = spawnSync('bash', ['-ec', script], {
    cwd: checkout,
    env: { ...process.env, ...engine.env, XDG_STATE_HOME: home, LC_ALL: 'C', NO_COLOR: '1', FORCE_COLOR: undefined },
    encoding: 'utf8',
    timeout: 120_000,
  });
  assert.is(status, 0, stderr);
  assert.match(stdout, /Li Lei +0 +0$/m);
  assert.match(
    readFileSync(join(home, 'class.csv'), 'utf8'),
    /^\ufefflearner,06-bridge-by-hand,total\r\nLi Lei,0,0\r\n$/,
  );
});

test('what is refused is one line with what is meant, and ends with 2', () => {
  const { status, complaint, stdout } = lab(['brigde'], { LANG: 'zh_CN.UTF-8' });
  assert.equal([status, stdout, complaint], [2, '', 'lab: 没有“brigde”这个实验 是不是想写 06-bridge-by-hand？']);
});

test('a lab that was begun with another version of its sheet says so', () => {
  mkdirSync(join(folder, 'minidock'), { recursive: true });
  const book = JSON.parse(readFileSync(labs, 'utf8'));
  book.labs['bridge-by-hand'] = { answers: {}, hints: {}, begun: { on: 'x', version: 0, values: { left: 'a' } } };
  writeFileSync(labs, JSON.stringify(book));
  const { status, complaint } = lab(['06', 'check']);
  assert.match(
    complaint,
    /^lab: lab 06-bridge-by-hand was begun with version 0 of its sheet, and this is version 1 npm run lab 06 -- clean/,
  );
  assert.is(status, 2);
  assert.is(lab(['06', 'clean']).status, 0);
});

test('a report over files: the table, and a line for one that is broken', () => {
  const broken = join(folder, 'broken.json');
  writeFileSync(broken, '{"format": 1, "results": [');
  const { status, said, complaint } = lab(['report', join(folder, 'li.json'), broken]);
  assert.match(said, /^learner 05 total ─.* Li Lei 15 15 points of 100 a lab · files: 2 · results: 1 · learners: 1$/);
  assert.match(complaint, /broken\.json: left out: these are no results of a lab; `npm run -s lab 06 -- check --json/);
  assert.is(status, 1);
});

test('a logbook that makes no sense is kept aside', () => {
  writeFileSync(labs, '{"labs": 3}');
  assert.match(
    lab(['report']).complaint,
    /the progress file .*labs\.json makes no sense; it is kept as labs\.json\.broken-/,
  );
  assert.ok(readdirSync(join(folder, 'minidock')).some(name => name.startsWith('labs.json.broken-')));
});

test.run();
