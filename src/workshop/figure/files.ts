import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { lessonsFolder } from '../catalog.ts';
import type { Language } from '../text/language.ts';
import type { Figure } from './figure.ts';
import { figureToSvg } from './svg.ts';

/** Folders of lessons that have a figure.ts, in order. */
export function lessonsWithFigure(): string[] {
  return fs
    .readdirSync(lessonsFolder)
    .filter(name => fs.existsSync(path.join(lessonsFolder, name, 'figure.ts')))
    .sort();
}

export async function loadFigure(id: string): Promise<Figure> {
  const file = path.join(lessonsFolder, id, 'figure.ts');
  return ((await import(pathToFileURL(file).href)) as { figure: Figure }).figure;
}

const names: Record<Language, string> = { en: 'figure.svg', zh: 'figure.zh-CN.svg' };

/** What the files of a lesson's figure should hold, by path. */
export async function figureFiles(id: string): Promise<Map<string, string>> {
  const figure = await loadFigure(id);
  return new Map(
    (['en', 'zh'] as const).map(language => [
      path.join(lessonsFolder, id, names[language]),
      figureToSvg(figure, language),
    ]),
  );
}

/** Writes the files that are not up to date, and gives their paths. */
export async function writeFigures(): Promise<string[]> {
  const written: string[] = [];
  for (const id of lessonsWithFigure())
    for (const [file, expected] of await figureFiles(id)) {
      if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === expected) continue;
      fs.writeFileSync(file, expected);
      written.push(path.relative(process.cwd(), file));
    }
  return written;
}
