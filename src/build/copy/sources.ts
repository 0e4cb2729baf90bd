import { pattern } from '../../dockerfile/pattern.ts';
import { byteString } from '../../storage/bytes.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import { namesOf, type Tree } from './tree.ts';

/** A file or directory that is copied. */
export interface Found {
  /** Where it is, links followed. */
  readonly names: readonly ByteString[];
  /** What it is called in a directory: the last name that led to it. */
  readonly name: ByteString | undefined;
}

/**
 * What a source of COPY names: one path, or those that fit a pattern, sorted. A path is followed where it is a link, one that fits a
 * pattern too. Empty where there is nothing.
 */
export function findSources(tree: Tree, source: string): Found[] {
  const cleaned = source.replace(/^\/+/, '');
  if (!/[*?[]/.test(cleaned)) {
    const names = locate(tree, cleaned);
    return names === undefined ? [] : [{ names, name: namesOf(cleaned).at(-1) }];
  }
  let found: (readonly ByteString[])[] = [[]];
  for (const part of namesOf(cleaned)) {
    if (!/[*?[\\]/.test(part)) {
      found = found.flatMap(names => (isDirectory(tree, names) ? [[...names, part]] : []));
      continue;
    }
    const expression = new RegExp(`^${pattern(part)}$`, 's');
    found = found.flatMap(names =>
      isDirectory(tree, names)
        ? tree
            .list(names)
            .filter(name => expression.test(name))
            .map(name => [...names, name])
        : [],
    );
  }
  return found.flatMap(names =>
    tree.look(names) === undefined ? [] : [{ names: locate(tree, names.join('/')) ?? names, name: names.at(-1) }],
  );
}

/** Names near one that is missing, for the error. */
export function namesBeside(tree: Tree, source: string): string[] {
  const names = namesOf(source);
  const above = names.slice(0, -1);
  return isDirectory(tree, above) ? tree.list(above).map(name => [...above, name].join('/')) : [];
}

function locate(tree: Tree, path: string): readonly ByteString[] | undefined {
  try {
    return tree.locate(byteString(path === '' ? '.' : path));
  } catch (error) {
    if ((error as { code?: string }).code === 'no-such-file') return undefined;
    throw error;
  }
}

const isDirectory = (tree: Tree, names: readonly ByteString[]): boolean => tree.look(names)?.isDirectory() ?? false;
