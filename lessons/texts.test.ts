import fs from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sectionNames } from '../src/syscalls/step.ts';
import { lessonIds, lessonsFolder, loadLesson } from '../src/workshop/catalog.ts';
import type { Lesson, Stage } from '../src/workshop/lesson.ts';
import { reasonOf } from '../src/workshop/play/narrator.ts';
import type { Text } from '../src/workshop/text/language.ts';
import { codeBlocks, markdownSections, markdownShape } from '../src/workshop/text/markdown.ts';

const headings = {
  'README.md': [
    'What you will see',
    'The idea',
    'The syscalls',
    'What Docker does with it',
    'Famous failures',
    'Try it yourself',
    'Questions to think about',
  ],
  'README.zh-CN.md': [
    '你会看到什么',
    '核心思想',
    '用到的系统调用',
    'Docker 怎么用它',
    '著名的坑',
    '自己动手',
    '想一想',
  ],
};
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
  const programs = [lesson.run.program(stage), ...lesson.experiments.map(one => one.program(stage))];
  return programs.flatMap(program => sectionNames.flatMap(section => program[section]));
}

test('there are lessons, numbered without gaps from 01', () => {
  const numbers = lessonIds().map(id => Number(id.slice(0, 2)));
  assert.ok(numbers.length >= 6);
  assert.equal(numbers.slice(0, 6), [1, 2, 3, 4, 5, 6]);
});

for (const id of lessonIds()) {
  test(`${id}: both languages have the same structure and the same commands`, () => {
    const [english, chinese] = [read(id, 'README.md'), read(id, 'README.zh-CN.md')];
    assert.equal(markdownShape(chinese), markdownShape(english));
    assert.equal(commands(chinese), commands(english));
    for (const [name, expected] of Object.entries(headings))
      assert.equal(
        markdownSections(read(id, name))
          .slice(1)
          .map(section => section.heading),
        expected,
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
    assert.ok(lesson.question.choices[lesson.question.right], 'the right choice exists');
    for (const source of lesson.sources)
      assert.ok(fs.existsSync(path.join(lessonsFolder, '..', source)), `${source} is there`);
  });

  test(`${id}: every step has its reason in Chinese too`, async () => {
    const lesson = await loadLesson(id);
    for (const step of stepsOf(lesson)) assert.match(reasonOf(step, 'zh', lesson.reasons), han, step.why);
  });

  test(`${id}: composing the program touches nothing`, async () => {
    const lesson = await loadLesson(id);
    lesson.run.program(stage);
    assert.not(fs.existsSync(stage.scratch));
  });
}

test.run();
