import type { ContainerConfig } from '../oci/image-config.ts';
import { familiar, familiarName, parseName } from '../oci/reference.ts';

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

/** A class as Go has it: not empty, a bracket or a dash in it behind a backslash. */
const bracket = /\[(\^|(?!\^))((?:(?:\\.|[^\\\]-])(?:-(?:\\.|[^\\\]-]))?)+)\]/sy;
const range = /(\\.|[^\\])(?:-(\\.|[^\\]))?/gs;

/** @throws {Error} for a pattern whose bracket is not closed, or empty */
function globExpression(pattern: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[') {
      bracket.lastIndex = at;
      const [whole, negation, ranges] = bracket.exec(pattern) ?? [];
      if (whole === undefined) throw new Error(`syntax error in pattern ${JSON.stringify(pattern)}`);
      source += `[${negation}${classBody(ranges!)}]`;
      at += whole.length - 1;
    } else source += escaped(character === '\\' ? (pattern[++at] ?? '\\') : character);
  }
  return new RegExp(`^${source}$`);
}

/** A range that runs backwards holds nothing. */
function classBody(ranges: string): string {
  return [...ranges.matchAll(range)]
    .map(([, low, high = low]) => [low!.at(-1)!, high!.at(-1)!] as const)
    .filter(([low, high]) => low <= high)
    .map(([low, high]) => `${escaped(low)}-${escaped(high)}`)
    .join('');
}

function escaped(character: string): string {
  return character.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** Whether it has all of the labels: `key`, or `key=value`. */
export function hasLabels({ config }: { config: ContainerConfig }, labels: readonly string[]): boolean {
  return labels.every(label => {
    const equals = label.indexOf('=');
    const key = equals < 0 ? label : label.slice(0, equals);
    const value = config.Labels !== undefined && Object.hasOwn(config.Labels, key) ? config.Labels[key] : undefined;
    return value !== undefined && (equals < 0 || value === label.slice(equals + 1));
  });
}
