import { familiar, familiarName, parseName } from './reference.ts';

/**
 * Whether a name fits a pattern as Docker's `reference` filter has it: `nginx*`, `*:alpine`, `[a-m]*`. The pattern is tried
 * on the repository and on the whole name; `*` and `?` stop at a slash (Go's path.Match).
 *
 * @param name `nginx:alpine`
 */
export function matchesReference(pattern: string, name: string): boolean {
  const reference = parseName(name);
  const expression = globExpression(pattern);
  return expression.test(familiar(reference)) || expression.test(familiarName(reference));
}

/** @throws {Error} for a pattern whose bracket is not closed */
function globExpression(pattern: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end === -1) throw new Error(`syntax error in pattern ${JSON.stringify(pattern)}`);
      const body = pattern.slice(at + 1, end).replace(/[\\[\]]/g, '\\$&');
      source += `[${body}]`;
      at = end;
    } else source += (character === '\\' ? (pattern[++at] ?? '\\') : character).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  }
  return new RegExp(`^${source}$`);
}
