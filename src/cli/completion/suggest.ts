import type { Candidates, Flag, FlagTable } from '../grammar/flags.ts';
import { globalFlags } from '../grammar/global-flags.ts';
import { groups } from '../groups.ts';
import { loadVerb } from '../load-verb.ts';
import { verbs } from '../verbs.ts';
import { findFlag, walk } from './walk.ts';

/** What may stand where the cursor is. */
export interface Suggestion {
  /** How much of the word that is typed stays as it is: `--pull=`. */
  readonly prefix: string;
  readonly candidates: Candidates | readonly Word[] | undefined;
}

export interface Word {
  readonly text: string;
  readonly about: string;
}

/**
 * What may follow.
 *
 * @param words those before the cursor, without the program
 * @param current the one at the cursor, as far as it is typed
 */
export async function suggest(words: readonly string[], current: string): Promise<Suggestion> {
  const before = walk(globalFlags, words, true);
  const [first, second, ...others] = before.operands;
  if (first === undefined) return inFlags(globalFlags, before, current, verbNames());
  if (first === 'help') return suggest(before.operands.slice(1), current);
  if (Object.hasOwn(verbs, first)) return inVerb(first, before.operands.slice(1), current);
  if (!Object.hasOwn(groups, first)) return nothing;
  const group = groups[first]!;
  if (second === undefined)
    return only(Object.entries(group).map(([text, [verb]]) => ({ text, about: verbs[verb]!.summary })));
  if (!Object.hasOwn(group, second)) return nothing;
  const [verb, ...implied] = group[second]!;
  return inVerb(verb, [...implied, ...others], current);
}

const nothing: Suggestion = { prefix: '', candidates: undefined };
const only = (candidates: Suggestion['candidates']): Suggestion => ({ prefix: '', candidates });

function verbNames(): Word[] {
  const single = Object.entries(verbs).filter(([name]) => !name.includes(' '));
  return [
    ...single.map(([text, { summary }]) => ({ text, about: summary })),
    ...Object.keys(groups).map(text => ({ text, about: `The commands of ${text}s` })),
    { text: 'help', about: 'Show what a command is for, and its flags' },
  ];
}

async function inVerb(name: string, words: readonly string[], current: string): Promise<Suggestion> {
  const { verb } = await loadVerb(name)!;
  const given = walk(verb.flags, words, verb.stopAtOperand ?? false);
  const { completes = [], operands } = verb;
  const at = given.operands.length;
  // Of many operands all that follow are as the last that is described.
  const isOpenEnded = operands[1] === Number.POSITIVE_INFINITY && !verb.stopAtOperand;
  const operand = at < operands[1] ? completes[isOpenEnded ? Math.min(at, completes.length - 1) : at] : undefined;
  return inFlags(verb.flags, given, current, typeof operand === 'function' ? operand(given.given) : operand);
}

/** A flag, the value of one, or what may stand beside the flags. */
function inFlags(
  table: FlagTable,
  { pending, flagsMayFollow }: ReturnType<typeof walk>,
  current: string,
  operands: Suggestion['candidates'],
): Suggestion {
  if (pending !== undefined) return only(pending.completes);
  const name = /^--([^=]+)=/.exec(current)?.[1];
  if (!flagsMayFollow || !current.startsWith('-')) return only(operands);
  if (name === undefined) return only(flagNames(table));
  const flag = findFlag(table, name)?.[1];
  return {
    prefix: `--${name}=`,
    candidates: flag?.completes ?? (flag?.alone === 'true' ? ['true', 'false'] : undefined),
  };
}

function flagNames(table: FlagTable): Word[] {
  const names = Object.entries(table).flatMap(([name, { short, help }]: [string, Flag<unknown>]) => [
    { text: `--${name}`, about: help },
    ...(short === undefined ? [] : [{ text: `-${short}`, about: help }]),
  ]);
  return [...names, { text: '--help', about: 'Show what the command is for, and its flags' }];
}
