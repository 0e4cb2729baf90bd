import fs from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findVerb } from '../src/cli/grammar/find-verb.ts';
import { globalFlags } from '../src/cli/grammar/global-flags.ts';
import { parse } from '../src/cli/grammar/parse.ts';
import { UnknownFlag } from '../src/cli/grammar/usage.ts';
import { lessonSlugs } from '../src/syscalls/lessons.ts';
import { lessonIds, lessonsFolder } from '../src/workshop/catalog.ts';
import { codeBlocks } from '../src/workshop/text/markdown.ts';

/** What the course's texts mention: commands, other lessons, syscalls. Whether it is there is asked here; what it does, elsewhere. */
const checkout = path.join(lessonsFolder, '..');
const labs = fs.readdirSync(path.join(checkout, 'labs')).filter(name => /^\d\d-/.test(name));
const folders = ['.', ...lessonIds().map(id => `lessons/${id}`), ...labs.map(id => `labs/${id}`)];
const read = (file: string) => fs.readFileSync(path.join(checkout, file), 'utf8');
const texts = (folder: string) => ['README.md', 'README.zh-CN.md'].map(name => path.join(folder, name));
const notes = (folder: string) =>
  ['TEACHER.md', 'TEACHER.zh-CN.md']
    .map(name => path.join(folder, name))
    .filter(file => fs.existsSync(path.join(checkout, file)));
const sources = (folder: string) =>
  fs
    .readdirSync(path.join(checkout, folder))
    .filter(name => name.endsWith('.ts') && folder !== '.')
    .map(name => path.join(folder, name));

/** `minidock …` at the beginning of a code span, and wherever a shell would look for a command in a block. */
function minidockCommands(file: string): string[][] {
  const source = read(file);
  const spans = [...source.matchAll(/\\?`(?:bin\/)?minidock ([^`\\\n]+)\\?`/g)].map(([, words]) => words!);
  const blocks = file.endsWith('.md') ? codeBlocks(source).filter(({ info }) => info.startsWith('sh')) : [];
  const typed = blocks.flatMap(({ content }) =>
    [...content.matchAll(/(?:^|[|;&({]|\$\()\s*(?:bin\/)?minidock ([^\n]+)/gm)].map(([, words]) => words!),
  );
  return [...spans, ...typed].map(wordsOf).filter(([first]) => first !== 'VERB' && first !== undefined);
}

/** The words up to a comment or to what ends a command, without quotes. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/'[^']*'|"[^"]*"|[|;&)#<>]|(?:\\.|[^\s|;&)#<>])+/g)].map(([word]) => word);
  const end = words.findIndex(word => /^[|;&)#<>]$/.test(word));
  return (end < 0 ? words : words.slice(0, end)).map(word => word.replace(/^(['"])(.*)\1$/, '$2'));
}

/** Undefined where minidock has the verb and its flags; what a flag's value may be is the verb's to say. */
async function complaintOf(words: string[]): Promise<string | undefined> {
  try {
    const { operands } = parse(globalFlags, words, true);
    if (operands.length === 0 || operands.at(-1) === '…') return undefined;
    const found = await findVerb(operands);
    if (found.kind === 'group') return undefined;
    parse(found.verb.flags, found.rest, found.verb.stopAtOperand === true);
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    return error instanceof UnknownFlag || /not a minidock command/.test(message) ? message : undefined;
  }
}

for (const folder of folders)
  test(`${folder}: minidock has the commands and flags that are shown`, async () => {
    for (const file of [...texts(folder), ...notes(folder), ...sources(folder)])
      for (const words of minidockCommands(file))
        assert.is(await complaintOf(words), undefined, `${file}: minidock ${words.join(' ')}`);
  });

test('a verb or a flag that is not there is found', async () => {
  assert.match((await complaintOf(['swarm', 'join']))!, 'not a minidock command');
  assert.match((await complaintOf(['run', '--isolation', 'x', 'busybox']))!, 'unknown flag: --isolation');
  assert.match((await complaintOf(['ps', '-y']))!, 'unknown shorthand flag');
  assert.is(await complaintOf(['run', '--rm', 'busybox', 'ls', '--zz']), undefined);
  assert.equal(wordsOf('run -d "a b" | x # c'), ['run', '-d', 'a b']);
});

/** Numbers of lessons that a text mentions: `lesson 5`, `lessons 3 to 5`, `第 3 至 5 课`. The commands that name one are not meant. */
function lessonsMentioned(text: string): number[] {
  const prose = text.replace(/npm run lesson \d+/g, '');
  const english = prose.matchAll(/\b[Ll]essons? (\d+(?:(?: to |, | and |–)\d+)*)/g);
  const chinese = prose.matchAll(/第 ?(\d+(?:(?: ?[、至到和–] ?)\d+)*) ?课/g);
  return [...english, ...chinese].flatMap(([, numbers]) => [...numbers!.matchAll(/\d+/g)].map(Number)).sort();
}

for (const folder of folders) {
  test(`${folder}: both languages mention the same lessons, and the course has them`, () => {
    const [english, chinese] = texts(folder).map(file => lessonsMentioned(read(file)));
    assert.equal(chinese, english);
    for (const number of english!) assert.ok(number < lessonSlugs.length, `lesson ${number}`);
  });

  test(`${folder}: what names a lesson by number and slug has both right`, () => {
    for (const file of [...texts(folder), ...sources(folder)])
      for (const [name, number, slug] of read(file).matchAll(/\b(\d\d)-([a-z]+(?:-[a-z]+)+)\b/g))
        if (lessonSlugs.some(one => one === slug)) assert.is(lessonSlugs[Number(number)], slug, `${file}: ${name}`);
  });
}

for (const id of lessonIds())
  test(`${id}: mentions itself by its own number, and other lessons alone by theirs`, () => {
    const own = Number(id.slice(0, 2));
    for (const file of texts(`lessons/${id}`)) {
      const commands = [...read(file).matchAll(/npm run lesson (\d+) -- check/g)].map(([, number]) => Number(number));
      for (const number of commands) assert.is(number, own, file);
      assert.not(lessonsMentioned(read(file)).includes(own), file);
    }
  });

/** Calls of x86 that arm64, with the generic table, never had. */
const missingOnArm64 = new Set(
  'access alarm chmod chown creat dup2 epoll_create fork getdents getpgrp inotify_init lchown link lstat mkdir mknod open pause pipe poll readlink rename rmdir select signalfd stat symlink time umount unlink utime vfork'.split(
    ' ',
  ),
);

for (const folder of folders)
  test(`${folder}: strace is asked for calls that each machine has, or may lack`, () => {
    for (const file of [...texts(folder), ...sources(folder)])
      for (const [, list] of read(file).matchAll(/\btrace=['"]?([a-z0-9_?,]+)/g))
        for (const name of list!.split(','))
          assert.not(missingOnArm64.has(name), `${file}: trace=${list}: arm64 has no ${name}, write ?${name}`);
  });

for (const folder of folders)
  test(`${folder}: each code block is typed by a test or is a picture`, () => {
    for (const { info, content } of codeBlocks(read(path.join(folder, 'README.md')))) {
      // labs/texts.test.ts knows what labs may have.
      if (!folder.startsWith('labs/')) assert.ok(['', 'sh', 'sh run', 'c', 'ts'].includes(info), `${info}: ${content}`);
      if (info === '') assert.not.match(content, /^(\$ |# |npm |minidock )/m);
    }
  });

test.run();
