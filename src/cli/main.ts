import { MinidockError } from '../errors.ts';
import { explainTrouble } from '../host/trouble.ts';
import { version } from '../version.ts';
import { type Context, type ContextMaker, requireNoHost } from './context.ts';
import { CommandLineError, exitCodeOf, type FailureCodes } from './exit-codes.ts';
import { findVerb } from './grammar/find-verb.ts';
import type { FlagTable } from './grammar/flags.ts';
import { globalFlags } from './grammar/global-flags.ts';
import { type Parsed, parse } from './grammar/parse.ts';
import { UnknownFlag, usageError, wrongCount } from './grammar/usage.ts';
import type { Verb } from './grammar/verb.ts';
import { printError } from './print/diagnostics.ts';
import type { Output } from './print/output.ts';

/**
 * Runs one command line (without `node` and the script) and resolves with its exit code. Prints every error itself.
 */
export async function main(args: readonly string[], output: Output, makeContext: ContextMaker): Promise<number> {
  let debug = false;
  let failure: FailureCodes | undefined;
  try {
    if (args[0] === '__complete') {
      const { complete } = await import('./completion/complete.ts');
      await complete(args.slice(1), output, makeContext);
      return 0;
    }
    const { flags, operands, help } = await parseOrHint('minidock', globalFlags, args, { stopAtOperand: true });
    debug = flags.debug;
    if (flags.version) {
      output.out(`minidock version ${version}\n`);
      return 0;
    }
    const asksHelp = help || operands[0] === 'help';
    const words = operands[0] === 'help' ? operands.slice(1) : operands;
    if (words.length === 0) {
      const { programHelp } = await import('./grammar/help.ts');
      output.out(await programHelp(output.columns));
      return 0;
    }
    return await runWords(
      words,
      asksHelp,
      output,
      () => makeContext(flags),
      verb => {
        failure = verb.failure;
      },
    );
  } catch (error) {
    return report(error, debug, output, failure);
  }
}

async function runWords(
  words: readonly string[],
  asksHelp: boolean,
  output: Output,
  makeContext: () => Context,
  begins: (verb: Verb) => void,
) {
  const found = await findVerb(words);
  if (found.kind === 'group') {
    const { groupHelp } = await import('./grammar/help.ts');
    output.out(await groupHelp(found.path, output.columns));
    return 0;
  }
  const { path, name, verb, rest } = found;
  const parsed = await parseOrHint(`minidock ${path}`, verb.flags, rest, verb, name);
  if (asksHelp || parsed.help) {
    const { verbHelp } = await import('./grammar/help.ts');
    output.out(await verbHelp(path, await summaryOf(name), verb, output.columns));
    return 0;
  }
  const [least, most] = verb.operands;
  const operands = [verb.least?.(parsed.flags) ?? least, most] as const;
  const given = parsed.operands.length;
  if (given < operands[0] || given > most)
    throw wrongCount(path, { synopsis: verb.synopsis, operands }, await summaryOf(name));
  begins(verb);
  const context = makeContext();
  if (verb.local !== undefined) requireNoHost(context, path, verb.local);
  return verb.run(context, parsed.flags, parsed.operands, parsed.beforeDashes);
}

/** Made where it is asked for. */
const summaryOf = async (name: string) => (await import('./verbs.ts')).verbs[name]!.summary;

/** Adds to a mistake in the flags what may have been meant and where to look. */
async function parseOrHint<F extends FlagTable>(
  command: string,
  table: F,
  args: readonly string[],
  { stopAtOperand = false, failure }: Pick<Verb, 'stopAtOperand' | 'failure'>,
  verb?: string,
): Promise<Parsed<F>> {
  try {
    return parse(table, args, stopAtOperand, failure);
  } catch (error) {
    if (!(error instanceof CommandLineError) || error.code !== 'usage') throw error;
    let hint = '';
    if (error instanceof UnknownFlag) {
      const { flagHint } = await import('./grammar/flag-hints.ts');
      hint = flagHint(error, table, verb);
    }
    throw usageError(`${error.message}${hint}`, { exitCode: error.exitCode, see: `See '${command} --help'.` });
  }
}

/** Prints an error: one line, then what to do; a stack only for `--debug`. Returns the exit code. */
export function report(thrown: unknown, debug: boolean, output: Output, failure?: FailureCodes): number {
  const error = explainTrouble(thrown);
  if (error instanceof MinidockError && error.code === 'usage') {
    output.err(`${error.message}\n${error.fix === undefined ? '' : `${error.fix}\n`}`);
  } else if (error instanceof MinidockError) {
    printError(output, error);
  } else {
    const fix = debug ? undefined : `this looks like a defect: 'minidock --debug …' shows where it happened`;
    printError(output, { message: error instanceof Error ? error.message : String(error), fix });
  }
  for (let cause = error; debug && cause instanceof Error; cause = cause.cause) output.err(`${cause.stack}\n`);
  return exitCodeOf(error, failure);
}
