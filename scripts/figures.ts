/**
 * The pictures of the lessons, made from their figure.ts: lessons/NN/figure.svg and figure.zh-CN.svg.
 *
 *   npm run figures                 writes what changed
 *   npm run figures -- 04 [--zh] [--width 80]   draws one in the terminal
 */
import { parseArgs } from 'node:util';
import chalk from 'chalk';
import { findLesson } from '../src/workshop/catalog.ts';
import { lessonsWithFigure, loadFigure, writeFigures } from '../src/workshop/figure/files.ts';
import { drawFigure } from '../src/workshop/figure/terminal.ts';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { zh: { type: 'boolean', default: false }, width: { type: 'string' } },
  });
  const [query] = positionals;
  if (query === undefined) {
    for (const file of await writeFigures()) console.log(file);
    return;
  }
  const figure = await loadFigure(findLesson(query, lessonsWithFigure()));
  const language = values.zh ? 'zh' : 'en';
  const width = Number(values.width ?? Math.min(process.stdout.columns || 80, 100)) - 4;
  console.log(`\n  ${chalk.bold(figure.title[language])}\n`);
  for (const line of drawFigure(figure, language, { width, chalk })) console.log(`  ${line}`);
}

// Whoever read this has gone, as with `| head`.
process.stdout.on('error', () => process.exit(1));
try {
  await main();
} catch (error) {
  const [said] = (error as Error).message.split('. ');
  console.error(`figures: ${said}\n  fix: npm run figures, or npm run figures -- LESSON [--zh] [--width COLUMNS]`);
  process.exitCode = 1;
}
