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
 * directories, `!` takes back what an earlier line said. The last pattern that fits decides. Returns undefined for a line that is no
 * pattern, by its number.
 */
export function readIgnore(content: string): Ignore {
  const patterns = content
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map(line => line.replace(/\r$/, ''))
    .filter(line => !line.startsWith('#'))
    .map(line => line.trim())
    .flatMap(line => patternOf(line) ?? []);
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

function patternOf(line: string): Pattern | undefined {
  const isException = line.startsWith('!');
  const cleaned = clean(isException ? line.slice(1).trim() : line);
  if (cleaned === '' || cleaned === '.') return undefined;
  return {
    expression: new RegExp(`^${expressionOf(cleaned)}$`, 's'),
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

function expressionOf(pattern: string): string {
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
      const set = /^\[(\^?)([^\]]+)\]/.exec(pattern.slice(at));
      if (set === null) result += '\\[';
      else {
        result += `[${set[1]}${set[2]!.replaceAll('\\', '\\\\')}]`;
        at += set[0].length - 1;
      }
    } else if (char === '\\' && at + 1 < pattern.length) result += quote(pattern[++at]!);
    else result += quote(char);
  }
  return result;
}

const quote = (char: string): string => char.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
