import { MinidockError } from '../errors.ts';
import { pathPattern } from './path-pattern.ts';

/** Says of a path of the context, without a slash at its beginning, whether .dockerignore leaves it out. */
export interface Ignore {
  leavesOut(path: string): boolean;
  /** A later pattern begins with `!`: something in a directory that is left out may be wanted. */
  readonly hasExceptions: boolean;
}

interface Pattern {
  readonly expression: RegExp;
  readonly parts: number;
  readonly isException: boolean;
}

/**
 * Reads .dockerignore (docs.docker.com, "dockerignore file"): a pattern a line, `#` at its beginning makes a comment, `**` is any number of
 * directories, `!` takes back what an earlier line said. The last pattern that fits decides.
 *
 * @throws {MinidockError} `dockerfile` for a line that is no pattern
 */
export function readIgnore(content: string): Ignore {
  const lines = content
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map(line => (line.startsWith('#') ? '' : line.trim()));
  return ignoring(lines, (index, reason, fix) => {
    const line = JSON.stringify(lines[index]);
    return new MinidockError('dockerfile', `.dockerignore:${index + 1}: ${reason}: ${line}`, { fix });
  });
}

/** By patterns, each as a line of .dockerignore has it. `refuse` makes the error for one that is none. */
export function ignoring(
  lines: readonly string[],
  refuse: (index: number, reason: string, fix: string) => Error,
): Ignore {
  const patterns = lines.flatMap((line, index) => patternOf(line, (reason, fix) => refuse(index, reason, fix)) ?? []);
  return {
    hasExceptions: patterns.some(({ isException }) => isException),
    leavesOut(path) {
      const parts = path.split('/');
      let out = false;
      for (const pattern of patterns)
        if (pattern.isException === out && fits(pattern, path, parts)) out = !pattern.isException;
      return out;
    },
  };
}

export const nothingIgnored: Ignore = { leavesOut: () => false, hasExceptions: false };

/** A pattern that fits a directory fits all that is in it. */
function fits({ expression, parts: length }: Pattern, path: string, parts: readonly string[]): boolean {
  if (expression.test(path)) return true;
  for (let end = parts.length - 1; end >= 1; end--) {
    if (length !== Number.POSITIVE_INFINITY && end !== length) continue;
    if (expression.test(parts.slice(0, end).join('/'))) return true;
  }
  return false;
}

function patternOf(line: string, refuse: (reason: string, fix: string) => Error): Pattern | undefined {
  const isException = line.startsWith('!');
  const cleaned = clean(isException ? line.slice(1).trim() : line);
  if (line === '!') throw refuse('illegal exclusion pattern', 'name a file after the "!"');
  if (cleaned === '' || cleaned === '.') return undefined;
  const expression = pathPattern(cleaned);
  if (expression === undefined)
    throw refuse('syntax error in pattern', 'write \\[ and \\\\ for the characters themselves');
  return {
    expression: new RegExp(`^${expression}$`, 's'),
    parts: cleaned.includes('**') ? Number.POSITIVE_INFINITY : cleaned.split('/').length,
    isException,
  };
}

/** As Go's filepath.Clean, without the slash at the beginning. */
function clean(pattern: string): string {
  const names: string[] = [];
  for (const name of pattern.split('/')) {
    if (name === '' || name === '.') continue;
    if (name === '..' && names.length > 0 && names.at(-1) !== '..') names.pop();
    else if (name !== '..' || !pattern.startsWith('/')) names.push(name);
  }
  return names.join('/');
}
