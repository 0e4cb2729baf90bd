import { MinidockError } from '../../errors.ts';

/**
 * A solution marks what the learner is to write:
 *
 *   //> What the skeleton says in its place.
 *   …code…
 *   //<
 */
interface Region {
  readonly indent: string;
  readonly text: readonly string[];
  readonly code: readonly string[];
}

const opening = /^(\s*)\/\/>\s?(.*)$/;
const closing = /^\s*\/\/<\s*$/;
const todoImport = "import { todo } from '../../src/workshop/exercise/todo.ts';";

/** The text with each region replaced by what `render` makes of it. Throws for a region without end, or without code. */
function replaceRegions(source: string, render: (region: Region, index: number) => readonly string[]): string {
  const out: string[] = [];
  const lines = source.split('\n');
  let count = 0;
  for (let i = 0; i < lines.length; i++) {
    const first = opening.exec(lines[i]!);
    if (first === null) {
      if (closing.test(lines[i]!)) throw broken(`line ${i + 1}: //< without //>`);
      out.push(lines[i]!);
      continue;
    }
    const text: string[] = [];
    for (let found: RegExpExecArray | null = first; found !== null; found = opening.exec(lines[++i] ?? ''))
      text.push(found[2]!);
    const begin = i;
    while (i < lines.length && !closing.test(lines[i]!)) i++;
    if (i >= lines.length) throw broken(`line ${begin}: //> without //<`);
    out.push(...render({ indent: first[1]!, text, code: lines.slice(begin, i) }, count++));
  }
  if (count === 0) throw broken('nothing is marked to be written: //> … //<');
  return out.join('\n');
}

const broken = (reason: string) => new MinidockError('broken-exercise', `solution.ts: ${reason}`);

/** What the learner finds in exercise.ts: the solution with `todo` in place of what is to be written. */
export function skeletonOf(solution: string): string {
  const body = replaceRegions(solution, ({ indent, text }) => [
    ...text.map(line => `${indent}// ${line}`.trimEnd()),
    `${indent}return todo();`,
  ]);
  return withImport(body);
}

/** The solution without its marks: what a learner's file looks like who has written just that. */
export function withoutMarks(solution: string): string {
  return replaceRegions(solution, ({ code }) => code);
}

/** The solution with other code in its marked parts, in their order; undefined leaves one as it is. */
export function withCode(solution: string, code: string | readonly (string | undefined)[]): string {
  const parts = typeof code === 'string' ? [code] : code;
  return replaceRegions(solution, (region, index) => parts[index]?.split('\n') ?? region.code);
}

/** `todo` is imported after the last import, and a blank line ends the imports. */
function withImport(source: string): string {
  const lines = source.split('\n');
  const last = lines.findLastIndex(line => /^(import |\} from )/.test(line));
  const rest = lines.slice(last + 1);
  return [...lines.slice(0, last + 1), todoImport, ...(rest[0] === '' ? [] : ['']), ...rest].join('\n');
}
