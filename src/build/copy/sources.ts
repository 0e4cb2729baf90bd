import { byteString } from '../../storage/bytes.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import { pathPattern } from '../path-pattern.ts';
import { namesOf, type Tree } from './tree.ts';

/** A file or directory that is copied. */
export interface Found {
  /** Where it is, links followed. */
  readonly names: readonly ByteString[];
  /** What it is called in a directory: the last name that led to it. */
  readonly name: ByteString | undefined;
  /** The names that led to it, those before `/./` left out: `--parents` makes these directories. */
  readonly written: readonly ByteString[];
}

/**
 * What a source of COPY names: one path, or those that fit a pattern, sorted. A path is followed where it is a link, one that fits a
 * pattern too. Empty where there is nothing; undefined for a pattern that is malformed.
 *
 * @param isDeep `**` is any number of directories, as `--parents` has it; otherwise it is `*`
 */
export function findSources(tree: Tree, source: string, isDeep: boolean): Found[] | undefined {
  const cleaned = source.replace(/^\/+/, '');
  const pivot = source.indexOf('/./');
  const skipped = pivot < 0 ? 0 : namesOf(source.slice(0, pivot)).length;
  const parts = namesOf(cleaned);
  if (!/[*?[]/.test(cleaned)) {
    const names = locate(tree, byteString(cleaned));
    return typeof names !== 'object' ? [] : [{ names, name: parts.at(-1), written: parts.slice(skipped) }];
  }
  let found: (readonly ByteString[])[] = [[]];
  for (const [index, part] of parts.entries()) {
    const fits = fitting(tree, part, isDeep, index === parts.length - 1);
    if (fits === undefined) return undefined;
    found = found.flatMap(names => (isDirectory(tree, names) ? fits(names) : []));
  }
  const unique = new Map(found.map(names => [names.join('/'), names]));
  return [...unique.values()].flatMap(names => {
    if (tree.look(names) === undefined) return [];
    const located = locate(tree, names.join('/'));
    const at = typeof located === 'object' ? located : names;
    return [{ names: at, name: names.at(-1), written: names.slice(skipped) }];
  });
}

/** What one part of a pattern fits in a directory; undefined where it is malformed. */
function fitting(
  tree: Tree,
  part: ByteString,
  isDeep: boolean,
  isLast: boolean,
): ((directory: readonly ByteString[]) => (readonly ByteString[])[]) | undefined {
  if (isDeep && part === '**') return names => (isLast ? [names] : directoriesIn(tree, names));
  if (!/[*?[\\]/.test(part)) return names => [[...names, part]];
  const expression = pathPattern(part.replace(/(?<!\\)\*+/g, '*'));
  if (expression === undefined) return undefined;
  const whole = new RegExp(`^${expression}$`, 's');
  return names =>
    tree
      .list(names)
      .filter(name => whole.test(name))
      .map(name => [...names, name]);
}

/** A directory and all those below it. */
function directoriesIn(tree: Tree, names: readonly ByteString[]): (readonly ByteString[])[] {
  const below = tree.list(names).map(name => [...names, name]);
  return [names, ...below.filter(one => isDirectory(tree, one)).flatMap(one => directoriesIn(tree, one))];
}

/** Names near one that is missing, for the error. */
export function namesBeside(tree: Tree, source: string): string[] {
  const above = namesOf(source).slice(0, -1);
  if (!isDirectory(tree, above)) return [];
  const beside = tree.list(above).map(name => [...above, name]);
  return beside.filter(names => tree.look(names) !== undefined).map(names => names.join('/'));
}

/** Whether .dockerignore is why a path is not there. */
export const isLeftOut = (tree: Tree, source: string): boolean => locate(tree, byteString(source)) === 'left out';

function locate(tree: Tree, path: ByteString): ReturnType<Tree['locate']> {
  try {
    return tree.locate(path === '' ? '.' : path);
  } catch (error) {
    if ((error as { code?: string }).code === 'no-such-file') return undefined;
    throw error;
  }
}

const isDirectory = (tree: Tree, names: readonly ByteString[]): boolean => tree.look(names)?.isDirectory() ?? false;
