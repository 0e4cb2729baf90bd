import { encodeJson } from '../../../api/go/json.ts';
import { any, type GoType, int, string, strings } from '../../../api/go/types.ts';
import {
  boolean,
  integer,
  isTrue,
  itemsOf,
  type Maybe,
  scalarOf,
  text,
  type Value,
  value,
} from '../../../api/go/values.ts';
import { format, printable, sprint } from '../go/print.ts';
import { sprintf } from '../go/printf.ts';
import { compare, equal } from './comparison.ts';
import { index, len, slice } from './elements.ts';
import { escapeHtml, escapeJs, escapeQuery } from './escape.ts';

/** A function of templates. */
export interface TemplateFunction {
  readonly parameters: readonly GoType[];
  /** The last parameter takes any number of arguments, also none. */
  readonly variadic?: boolean;
  /** The first of two arguments may decide: `and`, `or`. */
  readonly lazy?: boolean;
  /** Throws an Error whose message follows `error calling NAME:`. */
  call(...args: Maybe[]): Maybe;
}

export type Functions = Readonly<Record<string, TemplateFunction>>;

const takes = (parameters: readonly GoType[], call: TemplateFunction['call']): TemplateFunction => ({
  parameters,
  call,
});
const takesMany = (parameters: readonly GoType[], call: TemplateFunction['call']): TemplateFunction => ({
  parameters,
  call,
  variadic: true,
});
const last = (...args: Maybe[]): Maybe => args.at(-1);
const ofText = (change: (text: string) => string) => takes([string], of => text(change(textOf(of))));

/** Go's own functions and those that Docker adds. */
export const functions: Functions = {
  and: { ...takesMany([any, any], last), lazy: true },
  or: { ...takesMany([any, any], last), lazy: true },
  not: takes([any], of => boolean(!isTrue(of))),
  call: takesMany([any, any], call),
  index: takesMany([any, any], index),
  slice: takesMany([any, any], slice),
  len: takes([any], of => integer(len(of))),
  eq: takesMany([any, any], (first, ...others) => boolean(equal(first, others))),
  ne: takes([any, any], (a, b) => boolean(!equal(a, [b]))),
  lt: takes([any, any], (a, b) => boolean(compare(a, b) < 0)),
  le: takes([any, any], (a, b) => boolean(compare(a, b) <= 0)),
  gt: takes([any, any], (a, b) => boolean(compare(a, b) > 0)),
  ge: takes([any, any], (a, b) => boolean(compare(a, b) >= 0)),
  print: takesMany([any], (...args) => text(sprint(args))),
  println: takesMany([any], (...args) => text(`${args.map(arg => format(arg, 'v')).join(' ')}\n`)),
  printf: takesMany([string, any], (template, ...args) => text(sprintf(textOf(template), args))),
  html: takesMany([any], (...args) => text(escapeHtml(joined(args)))),
  js: takesMany([any], (...args) => text(escapeJs(joined(args)))),
  urlquery: takesMany([any], (...args) => text(escapeQuery(joined(args)))),

  json: takes([any], of => text(encodeJson(of))),
  join: takes([strings, string], (list, separator) => text(itemsOf(list!).map(textOf).join(textOf(separator)))),
  split: takes([string, string], (of, separator) => value(strings, splitText(textOf(of), textOf(separator)))),
  title: ofText(title),
  lower: ofText(of => of.toLowerCase()),
  upper: ofText(of => of.toUpperCase()),
  pad: takes([string, int, int], (of, before, after) => text(pad(textOf(of), numberOf(before), numberOf(after)))),
  truncate: takes([string, int], (of, length) => text(truncate(textOf(of), numberOf(length)))),
};

/**
 * What a heading stands for in `table {{upper .ID}}`: the functions that would change a value leave its heading as it is.
 */
export const headingFunctions: Functions = {
  ...functions,
  ...Object.fromEntries(
    ['json', 'split', 'join', 'title', 'lower', 'upper', 'pad', 'truncate'].map(name => [
      name,
      { ...functions[name]!, parameters: functions[name]!.parameters.map(() => any), call: (of: Maybe) => of },
    ]),
  ),
};

const textOf = (of: Maybe): string => String(scalarOf(of!));
const numberOf = (of: Maybe): number => Number(scalarOf(of!));

function call(of: Maybe): Maybe {
  if (of === undefined) throw new Error('call of nil');
  throw new Error(`non-function of type ${of.type.name}`);
}

/** What html, js and urlquery take their arguments for. */
function joined(args: readonly Maybe[]): string {
  return sprint(args.map(arg => printable(arg) ?? noValue));
}
const noValue: Value = text('<no value>');

function splitText(of: string, separator: string): string[] {
  return separator === '' ? [...of] : of.split(separator);
}

/** Words begin after what is no letter, digit or underscore. */
function title(of: string): string {
  let before = ' ';
  return [...of]
    .map(character => {
      const begins = /[^\p{L}\p{Nd}_]/u.test(before);
      before = character;
      return begins ? character.toUpperCase() : character;
    })
    .join('');
}

function pad(of: string, before: number, after: number): string {
  if (of === '') return '';
  if (before < 0 || after < 0) throw new Error('strings: negative Repeat count');
  return ' '.repeat(before) + of + ' '.repeat(after);
}

/** Bytes, as Docker counts them. */
function truncate(of: string, length: number): string {
  const bytes = Buffer.from(of);
  if (bytes.length < length) return of;
  if (length < 0) throw new Error(`runtime error: slice bounds out of range [:${length}]`);
  return bytes.subarray(0, length).toString();
}
