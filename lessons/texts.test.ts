import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sectionNames } from '../src/syscalls/step.ts';
import type { Text } from '../src/syscalls/text/language.ts';
import { lessonIds, lessonsFolder, loadLesson } from '../src/workshop/catalog.ts';
import { type Lesson, programsOf, type Question, type Stage } from '../src/workshop/lesson.ts';
import { codeBlocks, markdownSections, markdownShape } from '../src/workshop/text/markdown.ts';
import { sectionHeadings } from '../src/workshop/text/sections.ts';

const han = /[\u4e00-\u9fff]/;
const stage: Stage = { scratch: '/scratch', command: { path: '/bin/sh', argv: ['sh'], env: [] } };
const read = (id: string, name: string) => fs.readFileSync(path.join(lessonsFolder, id, name), 'utf8');

/** Commands without their comments, which are translated. */
const commands = (source: string) =>
  codeBlocks(source).map(({ info, content }) => ({ info, content: content.replace(/ +# (?!→).*$/gm, '') }));

/** All texts of a lesson, wherever they stand in it. */
function textsOf(value: unknown): Text[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('en' in value && 'zh' in value) return [value as Text];
  return Object.values(value).flatMap(textsOf);
}

function stepsOf(lesson: Lesson) {
  return programsOf(lesson, stage).flatMap(program => sectionNames.flatMap(section => program[section]));
}

/** Every question of a lesson. */
function questionsOf(lesson: Lesson): Question[] {
  return [
    lesson.question,
    ...lesson.experiments.map(({ question }) => question),
    ...lesson.breakIt.map(({ question }) => question),
    ...lesson.recap,
  ];
}

test('there are lessons, numbered without gaps from 00 to 06', () => {
  const numbers = lessonIds().map(id => Number(id.slice(0, 2)));
  assert.ok(numbers.length >= 6);
  assert.equal(numbers.slice(0, 7), [0, 1, 2, 3, 4, 5, 6]);
});

for (const id of lessonIds()) {
  test(`${id}: both languages have the same structure and the same commands`, () => {
    const [english, chinese] = [read(id, 'README.md'), read(id, 'README.zh-CN.md')];
    assert.equal(markdownShape(chinese), markdownShape(english));
    assert.equal(commands(chinese), commands(english));
    for (const [name, language] of [
      ['README.md', 'en'],
      ['README.zh-CN.md', 'zh'],
    ] as const)
      assert.equal(
        markdownSections(read(id, name))
          .slice(1)
          .map(section => section.heading),
        Object.values(sectionHeadings).map(heading => heading[language]),
        name,
      );
  });

  test(`${id}: the Chinese text is typeset as Chinese`, () => {
    const prose = read(id, 'README.zh-CN.md')
      .replace(/```[\s\S]*?```/g, '')
      .replace(/`[^`\n]*`/g, '');
    assert.not.match(prose, /[\u4e00-\u9fff][,;:?!]|[,;?!][\u4e00-\u9fff]/);
    // A line break within a paragraph would be a space between two characters.
    assert.not.match(prose, /[\u4e00-\u9fff，、][\n][\u4e00-\u9fff]/);
  });

  test(`${id}: lesson.ts has every text in both languages`, async () => {
    const lesson = await loadLesson(id);
    assert.is(lesson.id, id);
    const texts = textsOf(lesson);
    assert.ok(texts.length >= 8);
    for (const text of texts) {
      assert.ok(text.en.trim() && text.zh.trim());
      assert.not.match(text.en, han);
      if (/[a-z]{3,} [a-z]+ [a-z]+/.test(text.en)) assert.match(text.zh, han, text.en);
    }
    for (const source of lesson.sources)
      assert.ok(fs.existsSync(path.join(lessonsFolder, '..', source)), `${source} is there`);
  });

  test(`${id}: each question has one right answer and at least two wrong ones, all different, each with its own reply`, async () => {
    for (const { ask, right, wrong } of questionsOf(await loadLesson(id))) {
      const answers = [right, ...wrong];
      assert.ok(wrong.length >= 2 && wrong.length <= 4, ask.en);
      for (const language of ['en', 'zh'] as const) {
        assert.is(new Set(answers.map(({ text }) => text[language])).size, answers.length, ask.en);
        assert.is(new Set(answers.map(({ because }) => because[language])).size, answers.length, ask.en);
      }
    }
  });

  test(`${id}: takes 15 to 40 minutes, breaks something, looks back three times, explains a word, names what to read`, async () => {
    const { minutes, breakIt, recap, glossary, reading } = await loadLesson(id);
    assert.ok(minutes >= 15 && minutes <= 40, String(minutes));
    assert.is(recap.length, 3);
    for (const list of [breakIt, glossary, reading]) assert.ok(list.length > 0);
  });

  test(`${id}: what is broken on purpose is called that`, async () => {
    for (const { title } of (await loadLesson(id)).breakIt) {
      assert.match(title.en, /^Break it: /);
      assert.match(title.zh, /^[拆换改][一个步顺序]+：/, title.en);
    }
  });

  test(`${id}: every step has its reason in Chinese too`, async () => {
    const lesson = await loadLesson(id);
    for (const { why } of stepsOf(lesson)) assert.match(why.zh, han, why.en);
  });

  test(`${id}: composing the program touches nothing`, async () => {
    const lesson = await loadLesson(id);
    programsOf(lesson, stage);
    assert.not(fs.existsSync(stage.scratch));
  });
}

test('every lesson that a step of the engine names is written', () => {
  const source = fileURLToPath(new URL('../src/', import.meta.url));
  const files = (fs.readdirSync(source, { recursive: true }) as string[]).filter(
    name => /\.(ts|jsonl)$/.test(name) && !name.endsWith('.test.ts'),
  );
  const named = files.flatMap(name =>
    [...fs.readFileSync(path.join(source, name), 'utf8').matchAll(/\blesson"?: ?['"]([a-z-]{3,})['"]/g)].map(
      ([, slug]) => slug!,
    ),
  );
  assert.ok(new Set(named).size > 12, 'they were found');
  const written = lessonIds().map(id => id.slice(3));
  assert.equal(
    [...new Set(named)].filter(slug => !written.includes(slug)),
    [],
  );
});

test('each new word is explained in one lesson only', async () => {
  const lessons = await Promise.all(lessonIds().map(loadLesson));
  const terms = lessons.flatMap(({ glossary }) => glossary.map(({ term }) => term.en.toLowerCase()));
  assert.equal(
    terms.filter((term, i) => terms.indexOf(term) !== i),
    [],
  );
});

test.run();
