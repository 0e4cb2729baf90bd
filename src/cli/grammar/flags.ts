import type { ErrorCode } from '../../errors.ts';

/**
 * The words a flag table is made of. A verb's table is the only description of its flags: the parser reads it on every
 * start, yargs renders help from it (help.ts), the shells' completion reads it.
 */
export interface Flag<T> {
  /** One letter: `-d`. */
  readonly short?: string;
  /** Other long names that mean the same: `--net` for `--network`. They are not in the help. */
  readonly aliases?: readonly string[];
  /** What the value is called in the help: `string`, `bytes`, `list`. Flags without one take no value. */
  readonly value?: string;
  readonly help: string;
  /** The value where the flag is not given. */
  readonly initial: T;
  /** Candidates for its value, for the shell's completion. */
  readonly completes?: Candidates;
  /** The value of the flag given alone (`--rm`). Where absent, the next argument is the value. */
  readonly alone?: string;
  /** Throws an Error whose message is the reason, fit for `invalid argument "x" for "--flag" flag: REASON`. */
  read(text: string, before: T): T;
}

/**
 * What may stand in a place of the command line: words (after one that ends in `=` or `:` no blank is typed), or what has to
 * be looked up.
 */
export type Candidates =
  | readonly string[]
  | 'containers'
  | 'containers and images'
  | 'directories'
  | 'files'
  | 'images'
  | 'network modes'
  | 'networks'
  | 'running containers'
  | 'signals'
  | 'stopped containers'
  | 'variables'
  | 'volume names'
  | 'volumes';

// biome-ignore lint/suspicious/noExplicitAny: a table holds flags of every type; Values<> gives each back its own.
export type FlagTable = Readonly<Record<string, Flag<any>>>;

/** What parsing a table gives: one value a flag. */
export type Values<F extends FlagTable> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

interface Names {
  short?: string;
  aliases?: readonly string[];
  completes?: Candidates;
}

/** A value that Docker's client hands on and its daemon refuses: the exit code is that of the verb for this failure. */
export class RefusedValue extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** What `action` refuses is refused by the engine, as far as exit codes go. */
export function byEngine<T>(code: ErrorCode, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new RefusedValue(code, (error as Error).message);
  }
}

/** `--rm`, `--rm=false`. */
export function toggle(help: string, { short, aliases, completes }: Names = {}): Flag<boolean> {
  return { short, aliases, completes, help, initial: false, alone: 'true', read: readBoolean };
}

/** A flag with one value; given twice, the last wins. */
export function single<T>(
  value: string,
  read: (text: string) => T,
  help: string,
  { short, aliases, completes }: Names = {},
): Flag<T | undefined> {
  return { short, aliases, completes, value, help, initial: undefined, read };
}

export function text(help: string, names?: Names): Flag<string | undefined> {
  return single('string', value => value, help, names);
}

export function integer(help: string, names?: Names): Flag<number | undefined> {
  return single('int', readGoInteger, help, names);
}

/** A flag that may be given many times. */
export function many<T>(
  value: string,
  read: (text: string) => T,
  help: string,
  { short, aliases, completes }: Names = {},
): Flag<readonly T[]> {
  return { short, aliases, completes, value, help, initial: [], read: (given, before) => [...before, read(given)] };
}

const yes = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const no = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

function readBoolean(given: string): boolean {
  if (!yes.includes(given) && !no.includes(given)) throw new Error('must be true or false');
  return yes.includes(given);
}

export function readInteger(given: string): number {
  if (!/^[+-]?\d+$/.test(given) || !Number.isSafeInteger(Number(given))) throw new Error('must be a whole number');
  return Number(given);
}

/** As Go reads a number of a flag: `0x10`, `0o20`, `020` and `0b10000` are 16, and `1_000` is 1000. */
function readGoInteger(given: string): number {
  const plain = given.replace(/(?<=[\da-f])_(?=[\da-f])/gi, '');
  const [, sign, digits = ''] = /^([+-]?)(0[xob][\da-f]+|0[0-7]*|[1-9]\d*)$/i.exec(plain) ?? [];
  const value = digits === '' ? Number.NaN : Number(digits.replace(/^0(?=\d)/, '0o'));
  if (!Number.isSafeInteger(value)) throw new Error('must be a whole number');
  return sign === '-' ? 0 - value : value;
}
