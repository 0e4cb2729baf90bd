import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lessonName } from '../src/syscalls/lessons.ts';
import { labIds, loadLab, readLabText } from '../src/workshop/lab/catalog.ts';
import { seededRandom } from '../src/workshop/lab/seed.ts';
import { fillIn, sheetParts } from '../src/workshop/lab/sheet.ts';
import { codeBlocks, markdownShape } from '../src/workshop/text/markdown.ts';

/** What holds of each lab's texts, whatever the machine is. */
const read = (id: string, name: 'README' | 'TEACHER') =>
  [readLabText(id, 'en', name), readLabText(id, 'zh', name)] as const;

/** Commands without their comments, which are translated. */
const commands = (source: string) =>
  codeBlocks(source).map(({ info, content }) => ({ info, content: content.replace(/ +# (?!→|check →).*$/gm, '') }));

for (const id of labIds()) {
  test(`${id}: sheet and teacher's notes have the same structure and commands in both languages`, () => {
    for (const name of ['README', 'TEACHER'] as const) {
      const [english, chinese] = read(id, name);
      assert.equal(markdownShape(chinese), markdownShape(english), name);
      assert.equal(commands(chinese), commands(english), name);
      for (const { info } of codeBlocks(english))
        assert.ok(
          // `sh blog` is typed by `npm run test:blog`.
          [
            '',
            'sh',
            'sh blog',
            'sh cgroup1',
            'sh cgroup2',
            ...(name === 'TEACHER' ? ['sh mistake', 'sh mistake dropped'] : []),
          ].includes(info),
          info,
        );
    }
  });

  test(`${id}: the Chinese texts are typeset as Chinese`, () => {
    for (const name of ['README', 'TEACHER'] as const) {
      const prose = read(id, name)[1]
        .replace(/```[\s\S]*?```/g, '')
        .replace(/`[^`\n]*`/g, '');
      assert.not.match(prose, /[\u4e00-\u9fff][,;:?!]|[,;?!][\u4e00-\u9fff]/);
      assert.not.match(prose, /[\u4e00-\u9fff，、][\n][\u4e00-\u9fff]/);
    }
  });

  test(`${id}: sheet, notes and lab.ts have the same tasks, which give 100 points`, async () => {
    const lab = await loadLab(id);
    assert.is(lab.id, id);
    const points = lab.tasks.map(task => task.points);
    assert.is(
      points.reduce((a, b) => a + b, 0),
      100,
    );
    const numbers = points.map((_, i) => i + 1);
    for (const version of [1, 2] as const)
      for (const text of [...read(id, 'README'), ...read(id, 'TEACHER')]) {
        const tasks = sheetParts(text, version).filter(part => part.task !== undefined);
        assert.equal(
          tasks.map(({ task }) => task),
          numbers,
        );
        const promised = tasks.map(part => part.points);
        if (text === readLabText(id, 'en') || text === readLabText(id, 'zh')) assert.equal(promised, points);
        else for (const { blocks } of tasks) assert.ok(blocks.some(({ info }) => info === 'sh'));
      }
  });

  test(`${id}: the sheet's head says time, points and lessons`, async () => {
    const lab = await loadLab(id);
    const lessons = lab.needs.map(slug => Number(lessonName(slug).slice(0, 2)));
    const [english, chinese] = read(id, 'README');
    assert.ok(english.includes(` · ${lab.minutes} minutes · 100 points · `));
    assert.ok(chinese.includes(` · ${lab.minutes} 分钟 · 100 分 · `));
    const head = (text: string) => text.split('\n').find(line => line.includes(' · '))!;
    const named = (text: string) => [...head(text).split(' · ').at(-1)!.matchAll(/\d+/g)].map(([n]) => Number(n));
    assert.equal(named(english), lessons);
    assert.equal(named(chinese), lessons);
  });

  test(`${id}: two learners have different values; every value that the sheet names is there`, async () => {
    const lab = await loadLab(id);
    const [mine, yours] = ['a', 'b'].map(seed => lab.values(seededRandom(seed)));
    assert.equal(lab.values(seededRandom('a')), mine);
    assert.not.equal(mine, yours);
    for (const name of Object.keys(mine!)) assert.match(name, /^(?!folder$)[a-z][a-z0-9]*$/);
    for (const text of [...read(id, 'README'), ...read(id, 'TEACHER')]) {
      const rest = fillIn(text, { ...mine, folder: '/folder' });
      // What is left in running text is a shell's own, which some block sets.
      const blocks = [...read(id, 'README'), ...read(id, 'TEACHER')]
        .flatMap(codeBlocks)
        .map(({ content }) => content)
        .join('\n');
      const own = [...blocks.matchAll(/(?:^|\s|for )([a-z]\w*)(?:=| in )/g)].map(([, name]) => name!);
      for (const [written, name] of rest.replace(/```[\s\S]*?```/g, '').matchAll(/\$\{?([a-z]\w*)/g))
        assert.ok(own.includes(name!), `${written} has no value`);
      for (const [name] of Object.entries(mine!))
        for (const { content } of codeBlocks(text))
          assert.not.match(content, new RegExp(`^\\s*(for )?${name}(=| in )`, 'm'));
    }
  });

  test(`${id}: what the sheet says of values as such holds none, which the terminal would fill in`, () => {
    for (const source of read(id, 'README')) {
      const said = source
        .split('\n\n')
        .flatMap(text => text.match(/[^.。:：]*(?:the sheet on the terminal|终端上)[^.。]*/g) ?? []);
      assert.is(said.length, 1);
      assert.not.match(said[0]!, /\$[a-z]/);
    }
  });

  test(`${id}: a hint for each task, and all texts in both languages`, async () => {
    const lab = await loadLab(id);
    const values = lab.values(seededRandom('a'));
    for (const { ask, hints, answer } of lab.tasks) {
      assert.ok(hints.length > 0);
      const texts = [ask(values), ...hints.map(hint => hint(values)), ...(answer ? [answer] : [])];
      for (const { en, zh } of texts) {
        assert.ok(en !== '' && zh !== '');
        assert.not.match(en, /[\u4e00-\u9fff]/);
      }
    }
  });
}

test.run();
