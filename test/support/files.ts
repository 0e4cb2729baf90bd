import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

export type Group = 'unit' | 'kernel';

const folders: Record<Group, string[]> = { unit: ['src', 'scripts'], kernel: ['lessons', 'labs', 'test'] };

/** Test files (`*.test.ts`) by group, relative to the checkout. Filters are a group's name or parts of paths; any may match. */
export function findTests(root: string, filters: string[] = []): Record<Group, string[]> {
  const find = (group: Group) =>
    folders[group]
      .flatMap(folder => walk(join(root, folder)))
      .map(path => relative(root, path))
      .filter(path => filters.length === 0 || filters.some(filter => filter === group || path.includes(filter)))
      .sort();
  return { unit: find('unit'), kernel: find('kernel') };
}

function walk(folder: string): string[] {
  let entries: import('node:fs').Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap(entry => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : walk(path);
    return entry.name.endsWith('.test.ts') ? [path] : [];
  });
}
