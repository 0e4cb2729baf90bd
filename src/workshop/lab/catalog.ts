import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MinidockError } from '../../errors.ts';
import { matchingIds, nearestId } from '../catalog.ts';
import type { Language } from '../text/language.ts';
import { says } from './says.ts';
import type { Lab } from './types.ts';

/** The folder of all labs. */
const labsFolder = fileURLToPath(new URL('../../../labs/', import.meta.url));

/** Names of all labs, in order. */
export function labIds(): string[] {
  return fs
    .readdirSync(labsFolder)
    .filter(name => /^\d\d-/.test(name) && fs.existsSync(path.join(labsFolder, name, 'lab.ts')))
    .sort();
}

/** The lab that a word means: `06-bridge-by-hand`, `06`, `6`, `bridge`. @throws {MinidockError} `no-such-lab` */
export function findLab(query: string, ids: readonly string[], language: Language): string {
  const word = query
    .toLowerCase()
    .replace(/^(\.\/)?labs\//, '')
    .replace(/\/$/, '');
  const found = matchingIds(word, ids);
  if (found.length === 1) return found[0]!;
  if (found.length > 1)
    throw new MinidockError('no-such-lab', says.severalLabs(query, found)[language], {
      fix: says.giveNumber[language],
    });
  const near = nearestId(word, ids);
  throw new MinidockError('no-such-lab', says.noLab(query)[language], {
    fix: near ? says.didYouMean(near)[language] : says.listsThem[language],
  });
}

export async function loadLab(id: string): Promise<Lab> {
  return ((await import(`../../../labs/${id}/lab.ts`)) as { lab: Lab }).lab;
}

/** The sheet, or with `TEACHER` the teacher's notes. */
export function readLabText(id: string, language: Language, name: 'README' | 'TEACHER' = 'README'): string {
  return fs.readFileSync(path.join(labsFolder, id, `${name}${language === 'zh' ? '.zh-CN' : ''}.md`), 'utf8');
}

/** The lab's title without its number. */
export function labTitle(id: string, language: Language): string {
  const [first = ''] = readLabText(id, language).split('\n', 1);
  return first.replace(/^# (Lab|实验) ?\d+(: |：)/, '').replaceAll('`', '');
}
