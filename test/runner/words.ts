import { type TestFile, type Tier, tiers } from './files.ts';

export interface Selection {
  files: TestFile[];
  /** One line for each word that names nothing: what is near it. */
  problems: string[];
}

/** The files that the words name: a tier, or a part of a path. Without words, all. */
export function select(files: readonly TestFile[], words: readonly string[]): Selection {
  const matches = (file: TestFile, word: string) =>
    isTier(word) ? file.tier === word : file.path.includes(word.replace(/^\.\//, ''));
  const problems = words
    .filter(word => !files.some(file => matches(file, word)))
    .map(word =>
      isTier(word) ? `the tier ${word} has no test yet` : `no test file matches "${word}"${near(files, word)}`,
    );
  return { files: files.filter(file => words.length === 0 || words.some(word => matches(file, word))), problems };
}

const isTier = (word: string): word is Tier => tiers.some(tier => tier === word);

/** The file, or the tier, that was probably meant. */
function near(files: readonly TestFile[], word: string): string {
  const named = word
    .split('/')
    .at(-1)!
    .replace(/(\.test)?\.ts$/, '');
  const names = [...tiers.map(tier => ({ path: `the tier ${tier}`, name: tier as string })), ...files.flatMap(namesOf)];
  const byDistance = names
    .map(({ path, name }) => ({ path, distance: distance(named.toLowerCase(), name) }))
    .sort((a, b) => a.distance - b.distance);
  return byDistance[0] ? `; the nearest is ${byDistance[0].path}` : '';
}

/** `test/network-ports.test.ts` is known as `network-ports`, `network` and `ports`. */
function namesOf({ path }: TestFile): { path: string; name: string }[] {
  const name = path
    .split('/')
    .at(-1)!
    .replace(/\.test\.ts$/, '');
  return [...new Set([name, ...name.split('-')])].map(name => ({ path, name }));
}

/** How many letters are to be added, removed, replaced or swapped with the next (optimal string alignment). */
export function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const [above, row] = [rows[i - 1]!, [i]];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
