import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Chalk } from 'chalk';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { programOnPath } from '../src/host/programs.ts';
import { widthOf } from '../src/syscalls/text/columns.ts';
import { lessonIds, lessonsFolder, loadLesson } from '../src/workshop/catalog.ts';
import { figureFiles, lessonsWithFigure, loadFigure } from '../src/workshop/figure/files.ts';
import { drawFigure } from '../src/workshop/figure/terminal.ts';

const languages = ['en', 'zh'] as const;
const readmes = { en: 'README.md', zh: 'README.zh-CN.md' };
const images = { en: 'figure.svg', zh: 'figure.zh-CN.svg' };
const chalk = new Chalk({ level: 0 });

test('every figure belongs to a lesson, and the lesson shows it', async () => {
  const shown = await Promise.all(lessonsWithFigure().map(async id => (await loadLesson(id)).figure));
  assert.equal(shown, await Promise.all(lessonsWithFigure().map(loadFigure)));
  assert.equal(lessonsWithFigure().slice(0, 6), lessonIds().slice(0, 6));
});

for (const id of lessonsWithFigure()) {
  test(`${id}: the files in the tree are what figure.ts gives`, async () => {
    for (const [file, expected] of await figureFiles(id))
      assert.ok(
        fs.existsSync(file) && fs.readFileSync(file, 'utf8') === expected,
        `${path.relative(lessonsFolder, file)} is not up to date: npm run figures`,
      );
  });

  test(`${id}: the READMEs show the figure, with what it shows as alternative text`, async () => {
    const { summary } = await loadFigure(id);
    for (const language of languages) {
      const text = fs.readFileSync(path.join(lessonsFolder, id, readmes[language]), 'utf8');
      assert.ok(text.includes(`\n![${summary[language]}](${images[language]})\n`), readmes[language]);
    }
  });

  test(`${id}: the terminal's form fits 40, 80 and 100 columns, and no border is broken`, async () => {
    const figure = await loadFigure(id);
    for (const language of languages)
      for (const columns of [40, 80, 100]) {
        const lines = drawFigure(figure, language, { width: columns - 4, chalk });
        for (const line of lines) assert.ok(widthOf(line) <= columns - 4, `${language} ${columns}: ${line}`);
        const text = lines.join('\n');
        const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
        assert.is(count(/[┌╔┏]/g), count(/[┘╝┛]/g), text);
        assert.is(count(/[└╚┗]/g), count(/[┐╗┓]/g), text);
      }
  });

  test(`${id}: every word of the figure is in both its forms`, async () => {
    const figure = await loadFigure(id);
    for (const [language, [, svg]] of [...(await figureFiles(id))].map((file, i) => [languages[i]!, file] as const)) {
      const shown = svg.slice(svg.indexOf('<g ')).replace(/<[^>]*>/g, ' ');
      const words = (text: string) => new Set(text.match(/[\p{L}\d_]{3,}/gu));
      const drawn = words(drawFigure(figure, language, { width: 96, chalk }).join('\n'));
      const missing = [...words(shown)].filter(word => !drawn.has(word) && language === 'en');
      assert.equal(missing, []);
    }
  });
}

test('npm run figures: a lesson that is not there, an unknown option, are one line and how it is typed', () => {
  for (const [typed, said] of [
    ['99', 'no lesson "99"'],
    ['--help', "Unknown option '--help'"],
  ] as const) {
    const script = path.join(lessonsFolder, '../scripts/figures.ts');
    const run = spawnSync(process.execPath, ['--import', 'tsx', script, typed], { encoding: 'utf8', timeout: 30_000 });
    const fix = 'npm run figures, or npm run figures -- LESSON [--zh] [--width COLUMNS]';
    assert.equal([run.status, run.stdout, run.stderr], [1, '', `figures: ${said}\n  fix: ${fix}\n`]);
  }
});

const xmllint = programOnPath('xmllint');
if (xmllint !== undefined)
  test('the figures are well-formed XML and ask for nothing from elsewhere', () => {
    for (const id of lessonsWithFigure())
      for (const name of Object.values(images)) {
        const file = path.join(lessonsFolder, id, name);
        execFileSync(xmllint, ['--noout', '--nonet', file]);
        assert.not.match(
          fs.readFileSync(file, 'utf8').replace('http://www.w3.org/2000/svg', ''),
          /https?:|url\(|@import|href/,
        );
      }
  });

test.run();
