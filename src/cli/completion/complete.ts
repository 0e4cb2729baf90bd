import type { ContextMaker } from '../context.ts';
import { globalFlags } from '../grammar/global-flags.ts';
import { parse } from '../grammar/parse.ts';
import type { Output } from '../print/output.ts';
import { type ByShell, lookUp } from './lookup.ts';
import { readLine } from './shell-line.ts';
import { suggest, type Word } from './suggest.ts';

/**
 * Answers the shells' scripts (scripts/): `bash LINE WORDBREAKS`, where LINE ends at the cursor, or `zsh|fish -- WORD...`,
 * without the program, the last word being the one at the cursor.
 *
 * The first line of the answer says what to do: `words`, `nospace` (words after which no blank is typed), `files`,
 * `directories`. Each other line is a word, and after a tab what it is. Whatever goes wrong, nothing is offered.
 */
export async function complete(
  [shell, ...args]: readonly string[],
  output: Output,
  makeContext: ContextMaker,
): Promise<void> {
  const { words, current, kept } = shell === 'bash' ? fromBash(args) : fromWords(args);
  const { prefix, candidates = [] } = await suggest(words, current);
  const typed = current.slice(prefix.length);
  let found: readonly Word[] | ByShell = [];
  try {
    const isWords = (list: typeof candidates): list is readonly Word[] =>
      typeof list !== 'string' && typeof list[0] === 'object';
    found = isWords(candidates) ? candidates : await lookUp(makeContext(globalsIn(words)), candidates, typed);
  } catch {
    // Errors (no root, a broken store) are not shown here, in the middle of a command line; the next command reports
    // them.
  }
  if (typeof found === 'string') {
    output.data(`${found}\n`);
    return;
  }
  const fitting = found.filter(({ text }) => text.startsWith(typed));
  const kind = fitting.some(({ text }) => /[=:]$/.test(text)) ? 'nospace' : 'words';
  const lines = [...new Set(fitting.map(({ text, about }) => `${(prefix + text).slice(kept)}\t${about}`))];
  output.data([kind, ...lines, ''].join('\n'));
}

function fromBash([line = '', breaks = '']: readonly string[]) {
  const { words, current, kept } = readLine(line, breaks);
  const program = words.findIndex(word => /(^|\/)minidock$/.test(word));
  return { words: words.slice(Math.max(program, 0) + 1), current, kept };
}

function fromWords(args: readonly string[]) {
  const words = args.slice(1);
  return { words: words.slice(0, -1), current: words.at(-1) ?? '', kept: 0 };
}

/** The engine that is meant by the flags before the verb. */
function globalsIn(words: readonly string[]) {
  try {
    return parse(globalFlags, words, true).flags;
  } catch {
    return parse(globalFlags, [], true).flags;
  }
}
