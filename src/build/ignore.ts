import { MinidockError } from '../errors.ts';

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
  const patterns = content
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map(line => line.replace(/\r$/, ''))
    .flatMap((line, index) => (line.startsWith('#') ? [] : (patternOf(line.trim(), index + 1) ?? [])));
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

function patternOf(line: string, number: number): Pattern | undefined {
  const refuse = (reason: string, fix: string) =>
    new MinidockError('dockerfile', `.dockerignore:${number}: ${reason}: ${JSON.stringify(line)}`, { fix });
  const isException = line.startsWith('!');
  const cleaned = clean(isException ? line.slice(1).trim() : line);
  if (line === '!') throw refuse('illegal exclusion pattern', 'name a file after the "!"');
  if (cleaned === '' || cleaned === '.') return undefined;
  const expression = expressionOf(cleaned);
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

/** Undefined for what Go's filepath.Match calls malformed. */
function expressionOf(pattern: string): string | undefined {
  let result = '';
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    if (pattern.startsWith('**', at)) {
      at++;
      if (pattern[at + 1] === '/') at++;
      // At the end it is anything, elsewhere any number of whole directories.
      result += at + 1 >= pattern.length ? '.*' : '(?:.*/)?';
    } else if (char === '*') result += '[^/]*';
    else if (char === '?') result += '[^/]';
    else if (char === '[') {
      const set = setAt(pattern, at);
      if (set === undefined) return undefined;
      result += set.expression;
      at = set.end;
    } else if (char === '\\') {
      const next = pattern[++at];
      if (next === undefined) return undefined;
      result += quote(next);
    } else result += quote(char);
  }
  return result;
}

/** `[a-z]`, `[^a-z]`, `\` before a character that is meant itself; `end` is where the `]` stands. */
function setAt(pattern: string, start: number): { expression: string; end: number } | undefined {
  const isNegated = pattern[start + 1] === '^';
  let at = start + (isNegated ? 2 : 1);
  const character = (): string | undefined => {
    if (pattern[at] === '-' || pattern[at] === ']') return undefined;
    if (pattern[at] === '\\') at++;
    return pattern[at++];
  };
  let ranges = '';
  do {
    const low = character();
    if (low === undefined) return undefined;
    const isRange = pattern[at] === '-';
    if (isRange) at++;
    const high = isRange ? character() : low;
    if (high === undefined) return undefined;
    // One that runs backwards has no characters.
    if (low <= high) ranges += `${quote(low)}-${quote(high)}`;
  } while (pattern[at] !== ']');
  return { expression: `[${isNegated ? '^' : ''}${ranges}]`, end: at };
}

const quote = (char: string): string => char.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
