import { type FailureCodes, failureCode } from '../exit-codes.ts';
import { type Flag, type FlagTable, RefusedValue, type Values } from './flags.ts';
import { UnknownFlag, usageError } from './usage.ts';

/**
 * Reads arguments by a flag table, in the grammar of Docker's client (spf13/pflag): `--name value`, `--name=value`,
 * `-it`, `-p8080:80`, `-p 8080:80`, `--rm=false`, `--` ends the flags. It is written out here because yargs-parser reads
 * `-p8080:80` as eight flags.
 */
export interface Parsed<F extends FlagTable> {
  readonly flags: Values<F>;
  readonly operands: readonly string[];
  /** How many of the operands stand before `--`; undefined without one. */
  readonly beforeDashes?: number;
  /** `--help`, or `-h` where the table has no other use for it. */
  readonly help: boolean;
}

/**
 * @param stopAtOperand the first operand ends the flags, so that `run image ls -l` hands `-l` on
 * @param failure the verb's exit codes, for values that the engine refuses
 * @throws {MinidockError} `usage`, exit code 125 otherwise, worded as Docker words it
 */
export function parse<F extends FlagTable>(
  table: F,
  args: readonly string[],
  stopAtOperand: boolean,
  failure?: FailureCodes,
): Parsed<F> {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(table)) values[name] = table[name]!.initial;
  const operands: string[] = [];
  let help = false;
  let beforeDashes: number | undefined;

  const set = (name: string, flag: Flag<unknown>, value: string): void => {
    try {
      values[name] = flag.read(value, values[name]);
    } catch (error) {
      const shown = flag.short === undefined ? `--${name}` : `-${flag.short}, --${name}`;
      const exitCode = error instanceof RefusedValue ? failureCode(error.code, failure) : undefined;
      const reason = (error as Error).message;
      throw usageError(`invalid argument ${JSON.stringify(value)} for "${shown}" flag: ${reason}`, { exitCode });
    }
  };

  let at = 0;
  /** `--name…`; moves `at` past a value that stands in the next argument. */
  const long = (arg: string): void => {
    const equals = arg.indexOf('=');
    const given = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
    if (given === 'help') {
      help = true;
      return;
    }
    const found = byName(table, given);
    if (found === undefined) throw new UnknownFlag(`unknown flag: --${given}`, arg, given);
    const [name, flag] = found;
    if (equals >= 0) set(name, flag, arg.slice(equals + 1));
    else if (flag.alone !== undefined) set(name, flag, flag.alone);
    else if (at < args.length) set(name, flag, args[at++]!);
    else throw usageError(`flag needs an argument: ${arg}`);
  };
  /** `-abc`: flags without value up to the first that takes one, which takes the rest or the next argument. */
  const short = (arg: string): void => {
    for (let rest = arg.slice(1); rest !== ''; ) {
      const letter = rest[0]!;
      const found = byLetter(table, letter);
      if (found === undefined && letter === 'h') {
        help = true;
        return;
      }
      if (found === undefined) throw new UnknownFlag(`unknown shorthand flag: '${letter}' in -${rest}`, arg, letter);
      const [name, flag] = found;
      let value: string;
      if (rest.length > 2 && rest[1] === '=') [value, rest] = [rest.slice(2), ''];
      else if (flag.alone !== undefined) [value, rest] = [flag.alone, rest.slice(1)];
      else if (rest.length > 1) [value, rest] = [rest.slice(1), ''];
      else if (at < args.length) [value, rest] = [args[at++]!, ''];
      else throw usageError(`flag needs an argument: '${letter}' in -${rest}`);
      set(name, flag, value);
    }
  };

  // One by one: a command line may have more arguments than a call of a function.
  const takeRest = () => {
    while (at < args.length) operands.push(args[at++]!);
  };

  while (at < args.length) {
    const arg = args[at++]!;
    if (arg === '--') {
      beforeDashes = operands.length;
      takeRest();
      break;
    }
    if (arg.startsWith('--')) long(arg);
    else if (arg.startsWith('-') && arg !== '-') short(arg);
    else if (stopAtOperand) {
      operands.push(arg);
      takeRest();
      break;
    } else operands.push(arg);
  }
  return { flags: values as Values<F>, operands, beforeDashes, help };
}

function byName(table: FlagTable, given: string): [string, Flag<unknown>] | undefined {
  if (Object.hasOwn(table, given)) return [given, table[given]!];
  return Object.entries(table).find(([, flag]) => flag.aliases?.includes(given));
}

function byLetter(table: FlagTable, letter: string): [string, Flag<unknown>] | undefined {
  return Object.entries(table).find(([, flag]) => flag.short === letter);
}
