import type { Flag, FlagTable } from '../grammar/flags.ts';

/**
 * The words before the cursor, read by a flag table. Mistakes are ignored, because the command line is not finished.
 */
export interface Walk {
  readonly operands: readonly string[];
  /** What was typed for each flag that was given, by its long name. */
  readonly given: ReadonlyMap<string, string>;
  /** The flag whose value comes next. */
  readonly pending: Flag<unknown> | undefined;
  /** Flags may follow: there was no `--` and no operand that ends them. */
  readonly flagsMayFollow: boolean;
}

/** @param stopAtOperand the first operand ends the flags */
export function walk(table: FlagTable, words: readonly string[], stopAtOperand: boolean): Walk {
  const operands: string[] = [];
  const given = new Map<string, string>();
  let pending: [string, Flag<unknown>] | undefined;
  let flagsMayFollow = true;
  for (const word of words) {
    if (pending !== undefined) {
      given.set(pending[0], word);
      pending = undefined;
    } else if (!flagsMayFollow || word === '-' || !word.startsWith('-')) {
      operands.push(word);
      flagsMayFollow &&= !stopAtOperand;
    } else if (word === '--') flagsMayFollow = false;
    else
      for (const [name, flag, value] of flagsIn(table, word)) {
        given.set(name, value ?? flag.alone ?? '');
        pending = value === undefined && flag.alone === undefined ? [name, flag] : undefined;
      }
  }
  return { operands, given, pending: pending?.[1], flagsMayFollow };
}

/** `--name`, `--name=value`, `-it`, `-p80:80`: each flag, and its value where that stands in the same word. */
function flagsIn(table: FlagTable, word: string): [string, Flag<unknown>, string | undefined][] {
  if (word.startsWith('--')) {
    const [, name = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    const found = findFlag(table, name);
    return found === undefined ? [] : [[...found, value]];
  }
  const found: [string, Flag<unknown>, string | undefined][] = [];
  for (let at = 1; at < word.length; at++) {
    const entry = Object.entries(table).find(([, { short }]) => short === word[at]);
    if (entry === undefined) break;
    if (entry[1].alone === undefined) return [...found, [...entry, word.slice(at + 1) || undefined]];
    found.push([...entry, undefined]);
  }
  return found;
}

export function findFlag(table: FlagTable, name: string): [string, Flag<unknown>] | undefined {
  return Object.entries(table).find(([long, { aliases = [] }]) => long === name || aliases.includes(name));
}
