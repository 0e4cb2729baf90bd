import type { FlagTable, Values } from '../grammar/flags.ts';
import { parse } from '../grammar/parse.ts';
import { usageError } from '../grammar/usage.ts';

/**
 * The flags of a command line with those of `text` after them: `--network none`, quoted as a shell would take it.
 *
 * @throws {MinidockError} `usage`, exit code 125
 */
export function withFlags<F extends FlagTable>(table: F, flags: Values<F>, text: string): Values<F> {
  const name = `--versus ${JSON.stringify(text)}`;
  const words = wordsOf(text);
  if (words === undefined) throw usageError(`${name}: a quotation mark is not closed`);
  if (words.length === 0) throw usageError(`${name}: no flag; give some, as in --versus '--network none'`);
  // What was given before is where the flags begin: those that may be given often add to it.
  const begun = Object.fromEntries(Object.entries(table).map(([key, flag]) => [key, { ...flag, initial: flags[key] }]));
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(begun, words, true);
  } catch (error) {
    throw usageError(`${name}: ${(error as Error).message}`);
  }
  const [operand] = parsed.operands;
  if (operand !== undefined)
    throw usageError(`${name}: ${JSON.stringify(operand)} is no flag; the image stands outside`);
  if (parsed.help) throw usageError(`${name}: --help asks for no container`);
  for (const own of ['dry-run', 'versus'])
    if (parsed.flags[own] !== flags[own]) throw usageError(`${name}: --${own} says nothing of a container`);
  return parsed.flags as Values<F>;
}

/** The words of a line in a shell's quotation; undefined where a quotation is not closed. */
function wordsOf(line: string): string[] | undefined {
  const words: string[] = [];
  const part = /\s+|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)|./gsy;
  let word: string | undefined;
  for (const [whole, single, double, escaped, plain] of line.matchAll(part)) {
    if (/^\s/.test(whole)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const text = single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain;
    if (text === undefined) return undefined;
    word = (word ?? '') + text;
  }
  return word === undefined ? words : [...words, word];
}
