import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** Kinds of tests by what they cost and what they need, in the order in which the runner prints them. */
export const tiers = [
  'unit',
  'kernel',
  'proof',
  'build',
  'registry',
  'trouble',
  'security',
  'api',
  'project',
  'course',
  'parity',
  'vm',
  'crash',
  'browser',
] as const;
export type Tier = (typeof tiers)[number];

/** What `npm test` runs when no word asks for more: what a change of the code is most likely to break. The gate runs all. */
export const usualTiers: readonly Tier[] = ['unit', 'kernel', 'proof'];

/**
 * What a test file asks of the runner, on a line of its own with the reason: `// @exclusive it fills all memory`.
 *
 * - `own-process`: a unit test that cannot share a process with others.
 * - `exclusive`: nothing else runs meanwhile: the file changes or measures the whole machine.
 * - `own-network`: it runs in a network namespace of its own, where nobody else's links come and go.
 * - `long`: begins before the others, so that it is not left to run alone at the end.
 * - `mounts-nothing`: it requires overlayfs, and yet shows nothing more where `/` is shared.
 * - `both-mounts`: it mounts, and the gate runs it on the host as it is as well.
 * - `linux-3.10`: the gate runs it once more with no syscall that came after Linux 3.10.
 */
export const marks = [
  'own-process',
  'exclusive',
  'own-network',
  'long',
  'mounts-nothing',
  'both-mounts',
  'linux-3.10',
] as const;
export type Mark = (typeof marks)[number];

export interface TestFile {
  /** Relative to the checkout. */
  path: string;
  tier: Tier;
  marks: readonly Mark[];
  /** The gate runs it where `/` is shared. */
  mounts: boolean;
  /** Length of its source. */
  size: number;
}

/** Folders whose tests need neither root nor a feature of the kernel. */
const unitFolders = ['src', 'scripts', 'bench', 'test/runner'];
const kernelFolders = ['lessons', 'labs', 'test'];

/**
 * Every test file (`*.test.ts`) of the checkout, by path, and those that `others` names elsewhere. Throws on a mark that is
 * unknown or has no reason.
 */
export function testFiles(root: string, others: readonly string[] = []): TestFile[] {
  const paths = new Set([...unitFolders, ...kernelFolders].flatMap(folder => walk(join(root, folder))));
  const relatives = [...paths].map(path => relative(root, path)).sort();
  return [...relatives, ...others].map(path => {
    const source = readFileSync(resolve(root, path), 'utf8');
    return describe(path, source);
  });
}

export function describe(path: string, source: string): TestFile {
  const [tier, marks] = [tierOf(path), marksOf(path, source)];
  const requiresMounts = /\brequires\([^)]*'overlayfs'/.test(source);
  const mounts =
    !['unit', 'parity', 'vm', 'crash', 'browser'].includes(tier) && requiresMounts && !marks.includes('mounts-nothing');
  return { path, tier, marks, mounts, size: source.length };
}

/**
 * `test/proof-x.test.ts` and `test/proof/x.test.ts` are of the tier `proof`, and so on. Lessons, labs and `test/exercise-x.test.ts`
 * are the course; what is nothing of this needs a kernel.
 */
export function tierOf(path: string): Tier {
  if (unitFolders.some(folder => path.startsWith(`${folder}/`))) return 'unit';
  const named = /(?:^|\/)(proof|build|registry|trouble|security|api|project|parity|vm|crash|browser)[-/]/.exec(
    path,
  )?.[1];
  if (named) return named as Tier;
  return /^(lessons|labs)\/|(^|\/)exercise-/.test(path) ? 'course' : 'kernel';
}

/** The marks in a test's source. */
export function marksOf(path: string, source: string): Mark[] {
  return [...source.matchAll(/^\/\/ @(\S*)(.*)$/gm)].map(([line, name, reason]) => {
    const mark = marks.find(mark => mark === name);
    if (!mark) throw new Error(`${path}: "${line}": the marks are ${marks.map(mark => `@${mark}`).join(', ')}`);
    if (reason!.trim() === '') throw new Error(`${path}: "${line}" needs its reason on the same line`);
    return mark;
  });
}

function walk(folder: string): string[] {
  let entries: Dirent[];
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
