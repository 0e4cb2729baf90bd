/**
 * A regular expression for a pattern of paths, as Go's filepath.Match has it: `*`, `?`, `[a-z]`, `[^a-z]`, `\` before a character that is
 * meant itself; none of them fits a slash. `**` is any number of directories. Undefined for a pattern that Go calls malformed.
 */
export function pathPattern(pattern: string): string | undefined {
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
